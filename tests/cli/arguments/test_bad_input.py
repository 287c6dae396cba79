"""Bad input: one clear line that names the option and the value, nothing written."""

import numpy as np
import pytest

import critdamp as cd
from critdamp.data.formats.spectrum_file import save_spectrum

OK = {"--eps": "0.1,0.2", "--p": "0.5", "--k": "1"}


@pytest.fixture
def refused(critdamp, tmp_path):
    """Return what runs a sweep that has to be refused, and returns its one line."""

    def run(*extra, code=2, **changed):
        options = {**OK, **{f"--{name}": value for name, value in changed.items()}}
        given = [
            part for pair in options.items() if pair[1] is not None for part in pair
        ]
        before = sorted(tmp_path.iterdir())
        result = critdamp("sweep", *given, "-o", "run.h5", *extra)
        assert result.code == code, result.err
        assert result.out == ""
        assert sorted(tmp_path.iterdir()) == before
        line, end = result.err.split("\n", 1)
        assert (line[:7], end) == ("Error: ", ""), result.err
        return line

    return run


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("nan", "value 0 is nan"),
        ("1,inf", "value 1 is inf"),
        ("", "'' is not a number"),
        ("1,", "'' is not a number"),
        ("2,1", "1 follows 2"),
        ("1,1", "1 follows 1"),
        ("one", "'one' is not a number"),
        ("lin:0:1", "write lin:START:STOP:NUM"),
        ("lin:0:1:0", "0 values"),
        ("lin:0:1:-3", "'-3' is not a number of values"),
        ("lin:0:1:2.5", "'2.5' is not a number of values"),
        ("lin:0:1:\x1d5", r"'\x1d5' is not a number of values"),
        ("lin:0:inf:3", "the ends must be finite"),
        ("lin:1:0:3", "values must increase"),
        ("log:0:1:3", "a log axis has positive values"),
        ("log:-1:1:3", "-1.0: a log axis has positive values"),
        ("cube:1:2:3", "write lin:START:STOP:NUM"),
        ("lin:0:1:1", "1 value cannot reach from 0.0 to 1.0"),
        ("lin:0:1:99999999999", "an axis has from 1 to 10,000,000"),
        ("lin:-1.7e308:1.7e308:5", "must be finite"),
        ("@none.npy", "none.npy: no such file"),
        ("@a\nb\r\x1b[1m.npy", r"a b\r\x1b[1m.npy: no such file"),
        ("@text.npy", "text.npy: cannot be read as .npy"),
    ],
)
@pytest.mark.parametrize("name", ["eps", "k"])
def test_bad_axis(refused, tmp_path, name, value, said):
    (tmp_path / "text.npy").write_text("0.1\n0.2\n")
    line = refused(**{name: value})
    assert line.startswith(f"Error: --{name}: ")
    assert said in line


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("@none.h5", "none.h5: no such file"),
        ("@text.h5", "text.h5: not an HDF5 file"),
        ("@.", ".: a folder"),
    ],
)
def test_bad_spectrum(refused, tmp_path, value, said):
    (tmp_path / "text.h5").write_text("0.1\n0.2\n")
    code = 2 if "no such" in said else 1
    assert f"Error: --k: {said}" in refused(k=value, code=code)
    line = refused(k=None, spectrum=value[1:], code=code)
    assert f"Error: --spectrum: {said}" in line
    assert "--eps: '@none.h5': only k takes a spectrum" in refused(eps="@none.h5")


def test_spectrum_with_a_negative_mode(refused, tmp_path):
    spectrum = cd.Spectrum([-1.0, 0.0, 1.0], name="saddle")
    save_spectrum(spectrum, tmp_path / "saddle.h5", {})
    line = refused(k=None, spectrum="saddle.h5")
    assert "--spectrum: saddle: 1 negative mode, the smallest k is -1" in line


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.array([1 + 2j]), "complex128"),
        (np.array(["1"]), "<U1"),
        (np.ones((2, 2)), "shape (2, 2)"),
        (np.array([]), "at least 1 value"),
        (np.array([0.1, np.nan]), "value 1 is nan"),
    ],
)
def test_bad_array(refused, tmp_path, array, said):
    np.save(tmp_path / "a.npy", array)
    assert said in refused(eps="@a.npy")


def test_array_is_never_unpickled(refused, tmp_path):
    np.save(tmp_path / "a.npy", np.array([object()]), allow_pickle=True)
    assert "Error: --eps: a.npy: cannot be read" in refused(eps="@a.npy")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"tol": "0"}, "--tol: 0 is outside [1e-290, 1)"),
        ({"tol": "1e-291"}, "--tol: 1e-291 is outside [1e-290, 1)"),
        ({"tol": "1"}, "--tol: 1 is outside [1e-290, 1)"),
        ({"tol": "-1"}, "--tol: -1 is outside [1e-290, 1)"),
        ({"tol": "nan"}, "--tol: nan is outside [1e-290, 1)"),
        ({"tol": "tiny"}, "'--tol': 'tiny' is not a valid float"),
        ({"quantity": "speed"}, "--quantity: 'speed' is unknown; choose from"),
        ({"method": "adam"}, "'--method': 'adam' is not one of 'heavy_ball'"),
        ({"dtype": "int8"}, "'--dtype': 'int8' is not one of 'float64', 'float32'"),
        ({"nu": "0.5"}, "--nu: heavy_ball has no such axis"),
        ({"k": None}, "--k: no values were given"),
        ({"spectrum": "digits-softmax"}, "--k: heavy_ball has no such axis"),
        ({"k": None, "spectrum": "none"}, "--spectrum: none: no such file"),
        ({"backend": "gpu"}, "'--backend': 'gpu' is not one of 'auto', 'c', 'numba'"),
        ({"threads": "0"}, "'--threads': 0 is not in the range"),
        ({"threads": "9999"}, "--threads: 9999 given"),
        ({"colour": "red"}, "No such option"),
    ],
)
def test_bad_option(refused, options, said):
    assert said in refused(**options)


def test_quantity_without_a_map_for_a_spectrum(refused):
    line = refused(k=None, spectrum="digits-softmax", quantity="settling_time")
    assert "--quantity: settling_time has no map for a whole spectrum" in line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epsilon = 1", "unknown key 'epsilon'"),
        ("eps = ", "not a TOML file"),
        ("eps = " + "[" * 5000, "not a TOML file"),
        ("[eps]\nfrom = 1", "plan.toml: eps: {'from': 1} is not a number"),
        ("eps = true", "plan.toml: eps: True is not a number"),
        ('eps = ["a"]', "plan.toml: eps: ['a'] is not a number"),
        ("eps = [1, 0.5]", "plan.toml: eps: 0.5 follows 1"),
        ("quantity = 3", "plan.toml: quantity: 3 is not a name"),
        ('method = "adam"', "method: 'adam' is unknown; choose from heavy_ball"),
        ('tol = "small"', "plan.toml: tol: 'small' is not a number"),
    ],
)
def test_bad_toml(refused, tmp_path, text, said):
    (tmp_path / "plan.toml").write_text(text)
    assert said in refused("plan.toml", eps=None)


def test_output_that_exists(critdamp, refused, tmp_path):
    (tmp_path / "run.h5").write_text("precious")
    assert "run.h5: exists; --force replaces it" in refused()
    assert (tmp_path / "run.h5").read_text() == "precious"


def test_output_that_is_a_folder(refused, tmp_path):
    (tmp_path / "run.h5").mkdir()
    assert "run.h5: a folder; name a file in it" in refused()
    assert "run.h5: a folder; name a file in it" in refused("--force")


def test_output_in_a_folder_that_is_missing(critdamp, tmp_path):
    options = [part for pair in OK.items() for part in pair]
    result = critdamp("sweep", *options, "-o", "none/run.h5")
    assert result.code == 1
    assert result.err == (
        "Error: none/run.h5: cannot write it: the folder none does not "
        "exist; create it first\n"
    )


@pytest.mark.parametrize("command", ["inspect", "status"])
@pytest.mark.parametrize(
    ("content", "said"), [(b"", "not an HDF5 file"), (None, "no such file")]
)
def test_file_that_is_no_run(critdamp, tmp_path, command, content, said):
    if content is not None:
        (tmp_path / "run.h5").write_bytes(content)
    result = critdamp(command, "run.h5")
    assert (result.code, result.out) == (1, "")
    assert result.err.count("\n") == 1
    assert said in result.err


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("eps=1,k=1", "--at: p: no value"),
        ("eps=1,eps=2,k=1,p=0", "names an axis twice"),
        ("self=1", "--at: axis: 'self' is unknown"),
        ("eps", "--at: 'eps'"),
        ("eps=x", "--at: 'eps=x'"),
        ("eps=1,p=0,k=nan", "k: nan is not finite"),
        ("eps=1,p=0,mu=1", "axis: 'mu' is unknown"),
    ],
)
def test_bad_point(critdamp, at, said):
    axes = ("--eps", "1,2", "--p", "0,0.5", "--k", "1,2")
    critdamp("sweep", *axes, "-o", "run.h5")
    result = critdamp("inspect", "run.h5", "--at", at)
    assert result.code == 2
    assert said in result.err
