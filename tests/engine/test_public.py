"""Results show themselves in a line, and as a small table."""

import numpy as np
import pytest

import critdamp as cd
from critdamp.engine.errors import InputError

SPECTRUM = cd.Spectrum(np.array([-1.0, 0.0, 1.0, 100.0]), name="<mine>")
POINT = {"eps": 1.0, "p": 0.0, "k": 1.0}


def test_a_line_and_a_table(tmp_path):
    positive = SPECTRUM.filtered(negative="drop")
    plan = cd.Plan(quantities="rate", eps=cd.Axis.lin(0, 1, 3), p=0.5, k=[1, 2, 3, 4])
    seen = cd.simulate(positive, 0.01, 0.5, 10)
    run = cd.sweep(plan, tmp_path / "run.h5")
    for shown, said in (
        (cd.polyak(1, 100), "Tuning(eps=0.0330579, p=0.669421, spectral_radius=0.8181"),
        (SPECTRUM, "Spectrum(name=<mine>, modes=4, zero=1, negative=1, kmin=1, kmax="),
        (cd.Axis.log(0.01, 20, 120), "Axis(scale=log, values=120 from 0.01 to 20)"),
        (cd.Axis.of(0.5), "Axis(scale=list, values=0.5)"),
        (plan, "Plan(method=heavy_ball, quantities=rate, k=list: 4 from 1 to 4, eps="),
        (run, f"Run(path={tmp_path / 'run.h5'}, method=heavy_ball, quantities=rate, "),
        (seen, "Trajectory(times=11 from 0 to 10, loss=11 from 50.5 to "),
        (cd.verify(np.diag([1.0, 2.0]), 0.5, 0.5), "Verification(steps="),
    ):
        line, table = repr(shown), shown._repr_html_()
        assert line.startswith(said)
        assert "\n" not in line
        assert len(line) < 300
        assert table.count("<tr>") >= 2
        assert "<mine>" not in table
    run.close()
    assert repr(run) == f"Run(path={tmp_path / 'run.h5'}, closed=yes)"


def test_one_name_is_a_sequence_of_names():
    assert [one.name for one in cd.Plan(quantities="rate", **POINT).quantities] == [
        "rate"
    ]
    with pytest.raises(InputError, match="'rte' is unknown"):
        cd.Plan(quantities="rte", **POINT)
    with pytest.raises(InputError, match="eps: 'lin:0:1:3' is text; give numbers, Axi"):
        cd.Plan(**{**POINT, "eps": "lin:0:1:3"})


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (
            lambda: cd.Plan(quantity="rate", **POINT),
            "its axes are k, eps, p; quantities",
        ),
        (
            lambda: cd.Plan(spectrum="mine", **POINT),
            "spectrum: 'mine' given; a Spectrum",
        ),
        (lambda: cd.simulate("mine", 1.0), "spectrum: 'mine' given; a Spectrum is"),
        (lambda: cd.simulate_continuous("mine", 1, 1, [1]), "spectrum: 'mine' given"),
        (
            lambda: cd.save_spectrum("mine", "s.h5"),
            "spectrum: 'mine' given; a Spectrum",
        ),
        (
            lambda: cd.simulate(SPECTRUM, 1.0, method="qhm"),
            "method: 'qhm' given; a Bou",
        ),
        (
            lambda: cd.verify(np.eye(2), 1.0, method="qhm"),
            "method: 'qhm' given; a Bound",
        ),
        (lambda: cd.Axis.lin(0, 1, 10.0), "num: 10.0 values; a whole number is needed"),
    ],
)
def test_other_types_are_refused_in_words(use, said):
    with pytest.raises(InputError, match=said):
        use()


def test_a_run_that_lacks_a_quantity_is_not_damaged(tmp_path):
    with (
        cd.sweep(cd.Plan(**POINT), tmp_path / "run.h5") as run,
        pytest.raises(InputError, match="'rat' is unknown"),
    ):
        run.summary("rat")


def test_other_names_of_learning_rate_and_momentum(critdamp, tmp_path):
    grid = ("--k", "1", "-o", "run.h5", "--force")
    for eps, p in (
        ("--eps", "--p"),
        ("--lr", "--momentum"),
        ("--learning-rate", "--p"),
    ):
        result = critdamp("sweep", eps, "0.1,0.2", p, "0.9", *grid)
        assert result.code == 0, result.err
        shown = critdamp("inspect", "run.h5", "--at", "lr=0.2,momentum=0.9", "--json")
        assert '"eps": 0.2' in shown.out
    (tmp_path / "plan.toml").write_text("lr = 0.1\nmomentum = 0.9\nk = 1\n")
    assert critdamp("sweep", "plan.toml", "--lr", "0.3", *grid[2:]).code == 0
    with cd.open_run("run.h5") as run:
        assert (run.axes["eps"].values, run.axes["p"].values) == (0.3, 0.9)
    assert (
        critdamp("integrate", "digits-softmax", "--lr", "1", "--momentum", "0").code
        == 0
    )
    twice = critdamp("sweep", "--eps", "0.1", "--lr", "0.2", "--p", "0.9", *grid)
    assert (twice.code, "--eps: given 2 times; give one" in twice.err) == (2, True)
    (tmp_path / "plan.toml").write_text("lr = 0.1\neps = 0.9\n")
    twice = critdamp("sweep", "plan.toml", *grid)
    assert "plan.toml: eps is given twice, under two names" in twice.err


def test_errors_advise_in_the_words_of_the_caller(critdamp, tmp_path):
    """A function names an argument, a command its option."""
    with pytest.raises(
        InputError, match=r"; Spectrum.filtered\(negative='drop'\) leav"
    ):
        SPECTRUM.filtered()
    with pytest.raises(InputError, match=r"square; Spectrum.from_design, or read_sp"):
        cd.Spectrum.from_hessian(np.ones((2, 3)))
    np.save("saddle.npy", np.diag(SPECTRUM.k))
    cd.save_spectrum(SPECTRUM, "saddle.h5")
    assert "; --negative drop leaves" in critdamp("spectrum", "saddle.npy").err
    grid = ("--eps", "1", "--p", "0", "-o", "run.h5")
    swept = critdamp("sweep", "--spectrum", "saddle.h5", *grid)
    assert "; `critdamp spectrum --negative drop` leaves" in swept.err


def test_a_folder_that_is_missing_is_named_before_anything_is_computed(
    critdamp, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    named = "none/x.csv: cannot write it: the folder none does not exist"
    cd.save_spectrum(SPECTRUM.filtered(negative="drop"), "s.h5")
    point = ("--eps", "1", "--p", "0")
    for arguments in (
        ("sweep", "--spectrum", "s.h5", *point, "-o"),
        ("integrate", "s.h5", *point, "-o"),
        ("spectrum", "s.h5", "-o"),
        ("export", "s.h5", "-o"),
        ("bench", "--save"),
    ):
        result = critdamp(*arguments, "none/x.csv")
        assert (result.code, named in result.err) == (1, True), result.err
    plan = cd.Plan(**POINT)
    for write in (cd.sweep, lambda _, path: cd.save_spectrum(SPECTRUM, path)):
        with pytest.raises(cd.FileError, match=named):
            write(plan, "none/x.csv")
    with pytest.raises(cd.FileError, match="its parent is not a folder"):
        cd.sweep(plan, "s.h5/x.h5")
