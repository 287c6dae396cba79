"""Several processes at once on one run, where locks do not work: nothing gets lost.

`refuser.c` has locks fail, or succeed without locking; some processes take themselves
for those of other hosts. They wait, stop and die at random calls.
"""

import errno
import json
import os
import random
import shutil
import signal
from pathlib import Path

import effort
import pytest
import race_child
import small

from critdamp.data.formats.run_file import open_run
from critdamp.data.shards.folder import RunFolder
from critdamp.data.storage import lock_file
from critdamp.data.sweeps.check import check_file
from critdamp.data.sweeps.status import status
from critdamp.data.sweeps.sweep import resume, sweep

pytestmark = pytest.mark.crash

RACES = effort.number("RACES", 6, 30)
PAUSES_EVERY = effort.number("PAUSES_EVERY", 60, 20)
CROWD = effort.number("CROWD", 3.0, 20.0)
BEGUN = 4
LOCKS = [
    {},
    {"pretend": "1"},
    *({"flock": str(getattr(errno, f"E{code}"))} for code in
      ("BADF", "NOLCK", "NOSYS", "NOTSUP")),
]  # fmt: skip


@pytest.fixture
def whole(plan, tmp_path):
    """Return hash of the plan → path of its run, which nobody disturbed."""
    paths = {}
    for name, changed in race_child.PLANS.items():
        with sweep(small.few_tiles(**changed), tmp_path / f"{name}.h5") as run:
            paths[run.plan.sha256] = str(run.path)
    return paths


@pytest.fixture
def states(plan, tmp_path, stop_after):
    """Return folders that races begin with: empty, some tiles, all but the merging."""
    folders = {name: tmp_path / name for name in ("nothing", "begun", "merging")}
    for folder in folders.values():
        folder.mkdir()
    plan = small.few_tiles()
    assert sweep(plan, folders["begun"] / "run.h5", stop=stop_after(BEGUN)) is None
    sweep(plan, folders["merging"] / "run.h5", keep_shards=True).close()
    (folders["merging"] / "run.h5").unlink()
    return folders


def orders_of(number, rng, folder, whole, state):
    """Return the orders of a race: calm, or with pauses and kills at random calls."""
    rough, hosts, links = number % 2, rng.random() < 0.5, rng.random() < 0.8
    ways = ["begin"] if state == "nothing" else ["go_on"]
    ways = ways if not rough else ["go_on", *ways, *rng.choice([[], ["force"]])]
    return [
        {
            **race_child.DEFAULTS,
            "how": rng.choice(ways),
            "path": str(folder / "run.h5"),
            "said": str(folder.with_name(f"said-{number}-{one}")),
            "whole": whole,
            "seed": rng.randrange(2**32),
            "refuse": LOCKS[number // 2 % len(LOCKS)],
            "kernel": f"{one}" if hosts else "",
            "links": links,
            "lost": 0.3 if rough else 0,
            "shard_seconds": rng.choice([0.0, 60.0]),
            "late": rng.choice([0.0, 0.3]),
            "kill": 0.012 * rough,
            "stop": 0.012 * rough,
            "wait": rng.choice([0.0, 0.02]),
        }
        for one in range(rng.choice([2, 2, 3]))
    ]


def maps(path):
    """Return the plan and the maps of a run, as bytes."""
    with open_run(path) as run:
        return run.plan.sha256, [run[name][()].tobytes() for name in run.quantities]


def test_races(ask, whole, states, tmp_path, monkeypatch, counts):
    # locks of processes that took themselves for others
    monkeypatch.setattr(lock_file, "_BEAT", 0.03)
    monkeypatch.setattr(lock_file, "_LOST", 0.3)
    rng = random.Random(int(os.environ.get("CRITDAMP_TEST_SEED", "1")))
    right = maps(tmp_path / "one.h5")
    ended = {"complete": 0, "refused": 0, "killed": 0}
    for number in range(RACES):
        state = rng.choice(list(states))
        folder = tmp_path / f"race-{number}"
        shutil.copytree(states[state], folder)
        orders = orders_of(number, rng, folder, whole, state)
        answers = ask(orders)
        codes, told = [code for code, _ in answers], (number, orders, answers)
        assert set(codes) <= {0, race_child.REFUSED, -signal.SIGKILL}, told
        assert 0 in codes or number % 2, told
        for file in folder.rglob("writer*"):
            os.utime(file, (1e9, 1e9))
        path = folder / "run.h5"
        # where there are no links, an empty file holds the name, and a kill leaves it
        there = path.exists() and (orders[0]["links"] or path.stat().st_size > 0)
        if there:
            assert maps(path) == right, told
        assert there or 0 not in codes, told
        if there or RunFolder(path).begun or RunFolder(path).strays():
            begun = BEGUN if state != "nothing" and "force" not in f"{orders}" else 0
            if there or RunFolder(path).begun:
                assert not check_file(path), told
                assert status(path).done >= begun, told
            resume(path).close()
        else:
            assert state == "nothing" or "force" in f"{orders}", told
            sweep(small.few_tiles(), path).close()
        assert maps(path) == right, told
        left = [file for file in folder.rglob("*") if file != path]
        kept = RunFolder(path).folder
        assert left in ([], [kept]) or recovered(kept, left), (left, told)
        for code in codes:
            name = {0: "complete", race_child.REFUSED: "refused"}.get(code, "killed")
            ended[name] += 1
        shutil.rmtree(folder)
    counts("races without a lock that works", RACES)
    for name, value in ended.items():
        counts(f"processes of races that were {name}", value)


@pytest.mark.parametrize("then", ["take_over", "begin_other"])
@pytest.mark.parametrize("how", ["begin", "go_on", "force"])
def test_stopped_before_any_change_while_another_takes_over(
    ask, whole, states, tmp_path, monkeypatch, counts, how, then
):
    """The lock is taken from who gives no sign, and who wakes up does no harm."""
    monkeypatch.setattr(lock_file, "_BEAT", 0.02)
    monkeypatch.setattr(lock_file, "_LOST", 0.2)
    right = [maps(path) for path in whole.values()]
    expected = right[then == "begin_other"]
    point = random.randint(1, PAUSES_EVERY)
    stopped = True
    while stopped:
        folder = tmp_path / f"{point}"
        shutil.copytree(states["nothing" if how == "begin" else "begun"], folder)
        path, said = folder / "run.h5", str(tmp_path / f"said-{point}")
        given = {"path": str(path), "whole": whole, "lost": 0.2}
        given |= (
            race_child.DEFAULTS | {"refuse": LOCKS[3], "shard_seconds": 0.0} | given
        )
        first = given | {"how": how, "said": said, "stop_at": point}
        second = given | {"how": then, "said": f"{said}-then"}
        answers = ask([first, second | {"after": f"{said}.halted"}])
        stopped = Path(f"{said}.stopped").exists()
        told = (point, answers)
        (code, _), (then_code, then_said) = answers
        assert code in (0, race_child.REFUSED), told
        assert then_code == 0, told
        now = status(path)
        # without a refusal it was stopped before it began, or after its end
        begun_after = code == 0 and now.complete
        if then == "begin_other" and not begun_after:
            assert (now.sha256, now.complete) == (expected[0], False), told
            assert now.done >= int(then_said), told
        assert not path.exists() or maps(path) in right, told
        assert not check_file(path), told
        if RunFolder(path).begun:
            resume(path).close()
        assert maps(path) in (right if begun_after else [expected]), told
        assert list(folder.rglob("*")) == [path], told
        shutil.rmtree(folder)
        counts("calls at which a process was stopped, and another took over", 1)
        point += PAUSES_EVERY


def recovered(folder, left):
    """Return whether the record was taken from shards, which are kept then."""
    names = {file.name for file in left} - {folder.name}
    return (
        "plan.json" in names and RunFolder(folder.with_suffix("")).record().keep_shards
    )


@pytest.mark.parametrize("refuse", [{}, LOCKS[3]], ids=["locks", "no locks"])
def test_a_crowd_at_one_run(ask, whole, tmp_path, counts, refuse):
    folder = tmp_path / "crowd"
    folder.mkdir()
    orders = [
        {
            **race_child.DEFAULTS,
            "how": "crowd",
            "seconds": CROWD,
            "path": str(folder / "run.h5"),
            "said": str(tmp_path / f"said-{one}"),
            "whole": whole,
            "seed": one,
            "refuse": refuse,
            "shard_seconds": 0.0 if one % 2 else 60.0,
            "wait": 0.003,
        }
        for one in range(4)
    ]
    done = refused = 0
    for code, said in ask(orders):
        assert code == 0, said
        for what, count in json.loads(said).items():
            done += count if what.endswith("done") else 0
            refused += 0 if what.endswith("done") else count
        print(said)
    counts("commands of a crowd that were done", done)
    counts("commands of a crowd that were refused", refused)
    if RunFolder(folder / "run.h5").begun:
        resume(folder / "run.h5").close()
    assert not check_file(folder / "run.h5")
    assert maps(folder / "run.h5") in [maps(path) for path in whole.values()]
    assert not list(folder.rglob("*.tmp"))
