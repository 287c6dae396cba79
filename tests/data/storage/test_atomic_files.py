"""Files that are taken away, unless another process may have made them by now."""

import errno

import pytest

from critdamp.data.storage import atomic_files
from critdamp.data.storage.atomic_files import take_away
from critdamp.engine.errors import FileError


@pytest.mark.parametrize("left", ["", "of the next holder"])
def test_what_a_new_holder_removed_does_not_hide_why(tmp_path, left):
    """A file under its temporary name is out of reach of who lost the lock."""
    path = tmp_path / "shard-0000.h5"
    path.write_text("old")

    def check():
        for renamed in tmp_path.glob("*.tmp"):
            renamed.unlink()
        if left:
            path.write_text(left)
        raise FileError("another process took over")

    with pytest.raises(FileError, match="took over"):
        take_away(path, None, check)
    assert [found.read_text() for found in tmp_path.iterdir()] == [left] * bool(left)


def test_what_cannot_be_put_back_is_not_lost(tmp_path, monkeypatch):
    (tmp_path / "shard-0000.h5").write_text("old")

    def check():
        raise FileError("another process took over")

    def refuse(*_given):
        raise OSError(errno.EIO, "refused")

    monkeypatch.setattr(atomic_files, "put", refuse)
    with pytest.raises(FileError, match="took over"):
        take_away(tmp_path / "shard-0000.h5", None, check)
    assert [found.read_text() for found in tmp_path.iterdir()] == ["old"]
