"""Tables in text files: names of columns, an index, blanks, and what is no number.

A table that leaves open what it holds is a question to the user, never a guess: taken
as data, the index of 40 rows alone made kmax 513.7 where it is 1.347.
"""

import io

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

import critdamp as cd
from critdamp.data.inputs.axis_syntax import read_axis
from critdamp.data.inputs.matrix_files import read_contents, read_matrix, read_vector
from critdamp.data.inputs.schedule_syntax import read_schedule
from critdamp.data.inputs.text_table import Layout, read_table
from critdamp.engine.errors import InputError

DESIGN = np.random.default_rng(1).standard_normal((40, 5))
ROWS = [",".join(map(repr, row)) for row in DESIGN.tolist()]
NAMES, COUNTED = "a,b,c,d,e", "0,1,2,3,4"
BOTH = "header names left out, index column left out"


def with_index(names):
    """Return the text that `DataFrame.to_csv` of pandas writes by default."""
    rows = (f"{number},{row}" for number, row in enumerate(ROWS))
    return "\n".join([f",{names}", *rows, ""])


def without_index(names):
    return "\n".join([names, *ROWS, ""])


@pytest.mark.parametrize(
    ("text", "asked", "said", "answer", "left_out"),
    [
        (with_index(NAMES), "index", "column 1 has no name", {"index": True},
         "header names left out, index column left out"),
        (with_index(NAMES).replace(",", "Unnamed: 0,", 1), "index", "no name",
         {"index": True}, BOTH),
        (with_index(NAMES).replace(",", "id,", 1), "index", "counts the rows from 0 to",
         {"index": True}, BOTH),
        (with_index(NAMES).replace(",", "\t"), "index", "column 1 has no name",
         {"index": True}, BOTH),
        (with_index(NAMES).partition("\n")[2], "index", "counts the rows from 0 to 39",
         {"index": True}, "index column left out"),
        (with_index(COUNTED), "header", "',0,1,2,3,4', may be names",
         {"header": True, "index": True}, BOTH),
        (without_index(COUNTED), "header", "'0,1,2,3,4', may be names",
         {"header": True}, "header names left out"),
        (without_index("2001,1990,1991,7,5"), "header", "may be names",
         {"header": True}, "header names left out"),
    ],
)  # fmt: skip
def test_what_may_be_names_or_data_is_asked(
    tmp_path, text, asked, said, answer, left_out
):
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=said) as error:
        read_matrix(path)
    assert error.value.parameter == asked
    assert "--" not in str(error.value)
    found = read_contents(path, Layout(**answer))
    np.testing.assert_array_equal(found.matrix, DESIGN)
    assert found.description == f"40 × 5, {left_out}"
    spectrum = cd.read_spectrum(path, "design", **answer)
    np.testing.assert_array_equal(spectrum.k, cd.Spectrum.from_design(DESIGN).k)
    kept = read_matrix(path, Layout(header=answer.get("header"), index=False))
    if "index" in answer:
        np.testing.assert_array_equal(kept[:, 0], np.arange(40))


def test_numbers_above_numbers_are_data_on_demand(tmp_path):
    (tmp_path / "x.csv").write_text(without_index(COUNTED))
    found = read_matrix(tmp_path / "x.csv", Layout(header=False))
    np.testing.assert_array_equal(found, np.vstack([np.arange(5.0), DESIGN]))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1.0D-3\n2d0\n", [[0.001], [2]]),
        ("1\n2\n3\n", [[1], [2], [3]]),
        ("0,1\n1,0\n", [[0, 1], [1, 0]]),  # symmetric: names would not be
        ("\n# x y\n 1.5 2 \n3\t4 # end\n".replace("\t", "  "), [[1.5, 2], [3, 4]]),
        ("1.5; 2\n3; 4\n", [[1.5, 2], [3, 4]]),
        ('"a b"\t"c,d"\n1\t2\n', [[1, 2]]),
        ("(1+0j),2-0j\n", [[1, 2]]),
    ],
)
def test_what_is_read(tmp_path, text, values):
    (tmp_path / "x.txt").write_text(text)
    assert read_table(tmp_path / "x.txt").values.tolist() == values


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,\n2,3\n", "line 2, column 2 is blank"),
        ("a\tb\n\t1\n", "line 2, column 1 is blank"),
        (",5\n", "line 1, ',5'"),
        ("5,\n", "line 1, column 2 is blank"),
        ("0,5;1,5;2,5\n", "line 1, column 1 is '0,5'; write 1.5 or 1000"),
        ('a,b\n"1,000",2\n', "line 2, column 1 is '1,000'"),
        ("0x10\n2\n", "line 1, column 1 is '0x10', which is not a number"),
        ("NA\n2\n", "line 1, column 1 is 'NA'; fill it in"),
        ("a\n2\nNA\n", "line 3, column 1 is 'NA'; fill it in"),
        ("1_000\n2\n", "line 1, column 1 is '1_000', which is not a number"),
        ("2\n1_000\n", "line 2, column 1 is '1_000', which is not a number"),
        ("a,b,c\n1,2\n", "line 1 has 3 names for 2 columns"),
        ("1,2\n3,4,5\n", "line 2 has 3 fields, the lines above 2"),
        ("x y\nr1 1 2\nr2 3 4\n", "line 2, column 1 is 'r1'.*is column 1 an index"),
        ("1+1e-9j,2\n3,4-1e-3j\n", "line 2 has the imaginary part -0.001, the largest"),
        ("a,b\n", "holds no numbers"),
        ("", "holds no numbers"),
        ("0\n0.5\n1.5\n", "'0', may be names"),
    ],
)
def test_what_is_refused_with_its_place(tmp_path, text, said):
    for suffix in ("csv", "tsv", "txt"):
        (tmp_path / f"x.{suffix}").write_text(text)
        with pytest.raises(InputError, match=said):
            read_matrix(tmp_path / f"x.{suffix}")


@given(
    st.integers(1, 5).flatmap(
        lambda width: st.lists(
            st.lists(st.floats(-1e9, 1e9), min_size=width, max_size=width), min_size=1
        )
    ),
    st.sampled_from([",", ";", "\t", " ", ", "]),
    st.sampled_from(["%.17g", "%.20e"]),
)
def test_tables_of_numpy_come_back(tmp_path_factory, rows, separator, form):
    """Round trip: np.savetxt writes what is read, bit by bit."""
    path = tmp_path_factory.mktemp("t") / "x.txt"
    np.savetxt(path, rows, form, separator, header="a b")
    found = read_table(path, Layout(header=False, index=False)).values
    np.testing.assert_array_equal(found, np.array(rows))


def test_pandas_comes_back(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(DESIGN)
    for index, header in ((True, True), (True, False), (False, True), (False, False)):
        text = io.StringIO()
        frame.to_csv(text, index=index, header=header)
        (tmp_path / "x.csv").write_text(text.getvalue())
        found = read_matrix(tmp_path / "x.csv", Layout(header, index))
        np.testing.assert_array_equal(found, DESIGN)
        if index or header:
            with pytest.raises(InputError, match="say which"):
                read_matrix(tmp_path / "x.csv")


def test_all_texts_are_read_alike(tmp_path):
    """Axes, schedules, vectors: by the same reader."""
    for name, text in (("k.csv", "k\n0.5\n1D0\n2\n"), ("bad.tsv", "0.5\n1_0\n2\n")):
        (tmp_path / name).write_text(text)
    assert read_vector(tmp_path / "k.csv").tolist() == [0.5, 1, 2]
    assert read_axis("@k.csv", folder=tmp_path).values.tolist() == [0.5, 1, 2]
    assert read_schedule("@k.csv", 3, tmp_path).tolist() == [0.5, 1, 2]
    assert read_schedule("0.1,1D0", 2).tolist() == [0.1, 1]
    for read in (read_axis, lambda text, folder: read_schedule(text, 3, folder)):
        with pytest.raises(InputError, match="line 2, column 1 is '1_0'"):
            read("@bad.tsv", folder=tmp_path)
        for text in ("1_0,20", "0.1,,0.2", "0x1"):
            with pytest.raises(InputError):
                read(text, folder=tmp_path)


def test_a_design_of_one_row_stays_a_row(tmp_path):
    """One sample of three features: |x|² and two zeros, not three samples of one."""
    (tmp_path / "x.csv").write_text("1.5,2,3\n")
    found = cd.read_spectrum(tmp_path / "x.csv", "design")
    assert found.k == pytest.approx([0, 0, 15.25])
    assert cd.read_spectrum(tmp_path / "x.csv").k.tolist() == [1.5, 2, 3]


def test_a_largest_eigenvalue_of_1_is_no_name(tmp_path):
    (tmp_path / "k.csv").write_text("1\n0.5\n0.25\n")
    assert read_matrix(tmp_path / "k.csv").ravel().tolist() == [1.0, 0.5, 0.25]
