"""Matrices as other programs write them: every format, and what is none."""

import gzip
import json
import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp
from safetensors.numpy import save_file

import critdamp as cd
from critdamp.data.formats.spectrum_file import save_spectrum
from critdamp.data.inputs.matrix_files import read_matrix, read_vector
from critdamp.data.inputs.read_spectrum import read_spectrum
from critdamp.engine.errors import InputError

rng = np.random.default_rng(8)
DESIGN = rng.standard_normal((9, 6))
DENSE = DESIGN.T @ DESIGN
DENSE = (DENSE + DENSE.T) / 2
SPARSE = sp.csr_array(DENSE * (abs(DENSE) > 1))


def write(path, matrix):
    """Write a matrix in the format of a path, as its own programs do."""
    dense = matrix.toarray() if sp.issparse(matrix) else matrix
    kind = path.name.partition(".")[2]
    if kind == "npz" and sp.issparse(matrix):
        sp.save_npz(path, matrix)
    elif kind == "npz":
        np.savez_compressed(path, h=dense)
    elif kind == "npy":
        np.save(path, dense)
    elif kind == "mtx":
        scipy.io.mmwrite(path, matrix, precision=17)
    elif kind == "mat":
        scipy.io.savemat(path, {"h": matrix})
    elif kind == "v73.mat":
        with h5py.File(path, "w", userblock_size=512) as file:
            file["h"] = dense.T
    elif kind == "h5":
        with h5py.File(path, "w") as file:
            file["a/h"] = dense
            file["a/note"] = "not a matrix"
    elif kind == "safetensors":
        save_file({"h": dense}, path)
    elif kind == "csv.gz":
        with gzip.open(path, "wt") as file:
            np.savetxt(file, dense, fmt="%.17g", delimiter=",")
    else:
        np.savetxt(path, dense, fmt="%.17g", header="a b c")


KINDS = ["npy", "npz", "mtx", "mat", "v73.mat", "h5", "safetensors", "csv.gz", "txt"]


@pytest.mark.parametrize("matrix", [DENSE, SPARSE], ids=["dense", "sparse"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_format(tmp_path, kind, matrix):
    path = tmp_path / f"h.{kind}"
    write(path, matrix)
    found = read_matrix(path)
    expected = matrix.toarray() if sp.issparse(matrix) else matrix
    dense = found.toarray() if sp.issparse(found) else found
    np.testing.assert_array_equal(dense, expected)
    spectrum = read_spectrum(path)
    np.testing.assert_array_equal(spectrum.k, cd.Spectrum.from_hessian(expected).k)


@pytest.mark.parametrize("kind", KINDS)
def test_designs_keep_their_rows(tmp_path, kind):
    path = tmp_path / f"x.{kind}"
    write(path, DESIGN)
    found = read_spectrum(path, "design")
    np.testing.assert_allclose(found.k, np.linalg.eigvalsh(DENSE) / 9, rtol=1e-12)
    with pytest.raises(InputError, match=r"shape \(9, 6\).*meaning='design'"):
        read_spectrum(path)


def test_sparse_matrices_of_matlab_7_3(tmp_path):
    matrix = sp.csc_array(DESIGN * (DESIGN > 0))
    with h5py.File(tmp_path / "s.mat", "w", userblock_size=512) as file:
        group = file.create_group("h")
        group.attrs["MATLAB_sparse"] = np.uint64(9)
        parts = {"data": matrix.data, "ir": matrix.indices, "jc": matrix.indptr}
        for name, values in parts.items():
            group[name] = values
    found = read_matrix(tmp_path / "s.mat")
    np.testing.assert_array_equal(found.toarray(), matrix.toarray())


def test_eigenvalues_with_and_without_weights(tmp_path):
    k, weights = np.array([3.0, 1.0, 2.0]), np.array([0.5, 2.0, 4.0])
    np.save(tmp_path / "k.npy", k)
    assert read_spectrum(tmp_path / "k.npy").k.tolist() == [1, 2, 3]
    np.savez(tmp_path / "r.npz", ritz_values=k, weights=weights, note=np.arange(2))
    np.savetxt(tmp_path / "r.csv", np.c_[k, weights], delimiter=",", header="k,w")
    for found in (
        read_spectrum(tmp_path / "r.npz"),
        read_spectrum(tmp_path / "r.csv", "eigenvalues"),
    ):
        assert found.k.tolist() == [1, 2, 3]
        assert found.weights.tolist() == [2, 4, 0.5]
    (tmp_path / "one.txt").write_text("0.5\n\n2 # the other\n")
    assert read_spectrum(tmp_path / "one.txt").k.tolist() == [0.5, 2]
    runs = {"raw_eigenvalues": [[1, 2], [1, 3]], "raw_weights": [[0.5, 0.5], [1, 0]]}
    np.savez(tmp_path / "runs.npz", **runs)
    found = read_spectrum(tmp_path / "runs.npz")
    assert (found.k.tolist(), found.weights.tolist()) == ([1, 1, 2], [0.25, 0.5, 0.25])


def test_spectrum_files_keep_what_is_known(tmp_path):
    found = cd.Spectrum([0.0, 1.0, 2.0], residuals=[0, 0.5, 0], tolerance=1e-3)
    save_spectrum(found, tmp_path / "s.h5", {})
    again = read_spectrum(tmp_path / "s.h5")
    assert again.residuals.tolist() == [0, 0.5, 0]
    assert again.tolerance == 1e-3
    assert not again.kmin_converged
    assert read_spectrum("digits-softmax").zeros == 1


def test_bad_files(tmp_path):
    np.savez(tmp_path / "two.npz", a=DENSE, b=DENSE)
    np.save(tmp_path / "pickle.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.save(tmp_path / "words.npy", np.array(["a", "b"]))
    np.save(tmp_path / "cube.npy", np.zeros((2, 2, 2)))
    np.save(tmp_path / "empty.npy", np.zeros(0))
    write(tmp_path / "h.h5", DENSE)
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["a"], file["b/c"] = DENSE, DENSE
    for name, text in {
        "cut.npy": b"\x93NUMPY",
        "cut.npz": b"PK\x03\x04",
        "no.mtx": b"hello",
        "no.mat": b"MATLAB 5.0 MAT-file" + bytes(60),
        "no.h5": b"hello",
        "no.safetensors": b"\xff" * 20,
        "bytes.csv": b"\xff\xfe\x00",
        "words.csv": b"1,2\n3,four\n",
        "ragged.csv": b"1,2\n3\n",
        "typo.csv": b"1.0,2.O\n2,3\n",
        "none.csv": b"",
        "what.xyz": b"1",
    }.items():
        (tmp_path / name).write_bytes(text)
    for name, said in {
        "none.npy": "no such file",
        "two.npz": "holds 2 arrays, a, b; say which one, as FILE:NAME",
        "two.npz:c": "no array 'c'; it holds a, b",
        "m.h5": "holds 2 arrays, a, b/c",
        "m.h5:/b/d": "no array '/b/d'; it holds a, b/c",
        "h.h5:a/note": "no array 'a/note'; it holds a/h",
        "pickle.npy": "cannot be read: Object arrays cannot be loaded",
        "words.npy": "holds <U1, real numbers are needed",
        "cube.npy": r"shape \(2, 2, 2\): a Hessian is square",
        "empty.npy": "at least 1 value",
        "words.csv": "line 2, column 2 is 'four', which is not a number",
        "typo.csv": "line 1, column 2 is '2.O', which is not a number",
        "ragged.csv": "line 2 has 1 field, the lines above 2",
        "what.xyz": "unknown kind; .npy, .npz, .mtx",
        **{f"cut.{kind}": "cannot be read" for kind in ("npy", "npz")},
        **{f"no.{kind}": "cannot be read" for kind in ("mtx", "mat", "h5")},
        "no.safetensors": "cannot be read",
        "bytes.csv": "cannot be read",
        "none.csv": "at least 1 value",
    }.items():
        with pytest.raises(InputError, match=said):
            read_spectrum(tmp_path / name)
    assert read_spectrum(f"{tmp_path}/two.npz:b").modes == 6
    np.savez(tmp_path / "o.npz", h=DENSE, words=np.array([{}], dtype=object))
    assert read_spectrum(f"{tmp_path}/o.npz:h").modes == 6
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["a:b"], file["other"] = DENSE, DENSE
        file.attrs["format"] = ["a", "b"]
    assert read_spectrum(f"{tmp_path}/c.h5:a:b").modes == 6
    (tmp_path / "column.csv").write_text("\nx\n1\n2\n")
    assert read_spectrum(tmp_path / "column.csv", "design").k == pytest.approx(2.5)
    np.savez(tmp_path / "w.npz", k=[1.0], weights=[1j])
    with pytest.raises(InputError, match="holds complex128, real numbers are needed"):
        read_spectrum(tmp_path / "w.npz")
    assert read_spectrum(f"{tmp_path}/m.h5:/b/c").modes == 6


def write_complex(path, matrix):
    """Write a complex matrix; the text and Matrix Market know it as well."""
    if path.suffix == ".txt":
        np.savetxt(path, matrix)
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            file["h"] = matrix
    else:
        write(path, matrix)


@pytest.mark.parametrize(
    "kind", ["npy", "npz", "mtx", "mat", "h5", "txt", "sparse.npz"]
)
def test_complex_numbers_without_an_imaginary_part(tmp_path, kind):
    """NumPy's eig and PyHessian make them."""
    matrix, path = DENSE.astype(complex), tmp_path / f"h.{kind}"
    if kind == "sparse.npz":
        sp.save_npz(path, sp.csr_array(matrix))
    else:
        write_complex(path, matrix)
    np.testing.assert_allclose(read_spectrum(path).k, np.linalg.eigvalsh(DENSE))
    matrix[2, 1] -= 0.25j
    matrix[1, 2] += 1e-17j
    if kind == "sparse.npz":
        sp.save_npz(path, sp.csr_array(matrix))
    else:
        write_complex(path, matrix)
    with pytest.raises(InputError, match=r"imaginary part.* -0\.25"):
        read_spectrum(path)


def test_complex_eigenvalues_and_weights(tmp_path):
    k, weights = np.array([1, 2]) + 0j, np.array([0.5, 1.5]) + 0j
    np.savez(tmp_path / "r.npz", eigenvalues=k, weights=weights)
    found = read_spectrum(tmp_path / "r.npz")
    assert (found.k.tolist(), found.weights.tolist()) == ([1, 2], [0.5, 1.5])
    assert cd.Spectrum(k, weights).weights.tolist() == [0.5, 1.5]
    np.save(tmp_path / "w.npy", weights)
    assert read_vector(tmp_path / "w.npy").tolist() == [0.5, 1.5]
    for bad in (1e-300j, complex(0, np.nan)):
        with pytest.raises(InputError, match=r"weights: .*the largest imaginary part"):
            cd.Spectrum(k, weights + bad)
        np.savez(tmp_path / "r.npz", eigenvalues=k, weights=weights + bad)
        with pytest.raises(InputError, match="the largest imaginary part is"):
            read_spectrum(tmp_path / "r.npz")


def test_masked_values_are_refused():
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    with pytest.raises(InputError, match="values are masked; fill them in"):
        cd.Spectrum(masked)
    assert len(cd.Spectrum(np.ma.array([1.0, 2.0]))) == 2


@pytest.mark.parametrize("kind", ["torch.float16", "torch.bfloat16", "torch.float64"])
def test_safetensors_of_torch(tmp_path, kind):
    """A bfloat16 is the upper half of a float32: torch's own conversion says so."""
    torch = pytest.importorskip("torch")
    save = pytest.importorskip("safetensors.torch").save_file
    tensor = torch.tensor(DENSE).to(getattr(torch, kind.removeprefix("torch.")))
    save({"h": tensor}, tmp_path / "h.safetensors")
    found = read_matrix(tmp_path / "h.safetensors")
    np.testing.assert_array_equal(found, tensor.double().numpy())


def test_bits_of_bfloat16_and_types_that_are_too_short(tmp_path):
    """By the definition of the format: 0x3f80 is 1, 0xc049 −3.140625."""
    for kind, data in (("BF16", b"\x80\x3f\x49\xc0"), ("F8_E4M3", b"\0\1")):
        header = json.dumps(
            {"k": {"dtype": kind, "shape": [2], "data_offsets": [0, len(data)]}}
        ).encode()
        (tmp_path / f"{kind}.safetensors").write_bytes(
            len(header).to_bytes(8, "little") + header + data
        )
    assert read_matrix(tmp_path / "BF16.safetensors").tolist() == [1, -3.140625]
    with pytest.raises(InputError, match=r"k holds F8_E4M3.*store it as float32"):
        read_matrix(tmp_path / "F8_E4M3.safetensors")


COORDINATES = "%%MatrixMarket matrix coordinate real "


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "general\n% c\n3 3 2\n0 1 1\n2 2 5\n",
            "line 4 has the index 0; indices begin",
        ),
        ("general\n3 3 2\n1 1 1\n4 2 5\n", "line 4 has the index 4; .* up to 3"),
        ("general\n3 3 1\n1.5 1 1\n", "line 3 has the index 1.5; it must be a whole"),
        (
            "general\n3 3 2\n1 1 1\n2 2",
            "line 4 has 2 numbers instead of 3.* ends early",
        ),
        ("general\n3 3 2\n1 1\n2 2 5\n", "line 3 has 2 numbers instead of 3$"),
        ("general\n3 3 2\n1 1 1\n", "ends early: 1 of 2 lines of entries"),
        (
            "general\n3 3 1\n1 1 1\n2 2 5\n",
            "line 4 is one too many: line 2 announces 1",
        ),
        ("general\n3 3 1\n1 1 x\n", "line 3 holds 'x', which is not a number"),
        ("symmetric\n2 2 2\n1 2 3\n2 1 3\n", r"lists both \(2, 1\) and \(1, 2\)"),
        ("symmetric\n2 3 1\n1 2 3\n", r"shape \(2, 3\) is not square"),
    ],
)
def test_what_is_wrong_in_matrix_market(tmp_path, text, said):
    (tmp_path / "h.mtx").write_text(COORDINATES + text)
    with pytest.raises(InputError, match=said):
        read_matrix(tmp_path / "h.mtx")


def test_what_others_write_as_matrix_market(tmp_path):
    """One % in the banner, exponents of Fortran, the upper triangle."""
    path = tmp_path / "h.mtx"
    path.write_text(COORDINATES[1:] + "symmetric\n2 2 2\n1 1 2.0D0\n1 2 -1.0d+0\n")
    assert read_matrix(path).toarray().tolist() == [[2, -1], [-1, 0]]
    matrix = sp.random_array((6, 6), density=0.4, rng=3, dtype=complex)
    scipy.io.mmwrite(path, matrix)
    np.testing.assert_array_equal(read_matrix(path).toarray(), matrix.toarray())
    hermitian = (matrix + matrix.conj().T).toarray()
    scipy.io.mmwrite(path, hermitian, symmetry="hermitian")
    np.testing.assert_array_equal(read_matrix(path), hermitian)


@pytest.mark.parametrize("kind", [".pt", ".pth", ".pkl", ".pickle", ".joblib"])
def test_pickles_are_refused_with_what_converts_them(tmp_path, kind, monkeypatch):
    """The line of Python that is shown runs, and its result is read."""
    monkeypatch.chdir(tmp_path)
    if kind in (".pt", ".pth"):
        torch = pytest.importorskip("torch")
        torch.save(torch.tensor(DENSE), f"h{kind}")
    elif kind == ".joblib":
        pytest.importorskip("joblib").dump(DENSE, "h.joblib")
    else:
        Path(f"h{kind}").write_bytes(pickle.dumps(DENSE))
    with pytest.raises(InputError, match="not opened, since such a file") as error:
        read_spectrum(f"h{kind}")
    exec(str(error.value).partition("in Python: ")[2])
    np.testing.assert_array_equal(read_matrix("h.npy"), DENSE)


def test_what_was_read_is_said(tmp_path):
    """In Python as on the command line, before other messages."""
    np.save(tmp_path / "h.npy", DENSE.astype(np.float32))
    np.savez(tmp_path / "r.npz", ritz_values=[1.0, 2], weights=[1.0, 1])
    save_spectrum(cd.Spectrum([1.0, 2]), tmp_path / "s.h5", {})
    np.savetxt(tmp_path / "k.csv", [1.5, 2.5], header="k", comments="")
    write(tmp_path / "x.mtx", SPARSE)
    for name, said in {
        "h.npy": "6 × 6, float32, taken as a Hessian",
        "r.npz": "arrays ritz_values, weights, taken as eigenvalues",
        "s.h5": "a spectrum, 2 entries",
        "k.csv": "2 × 1, header names left out, taken as eigenvalues",
        "x.mtx": f"6 × 6, sparse, {SPARSE.nnz} entries, taken as a Hessian",
    }.items():
        lines = []
        read_spectrum(tmp_path / name, report=lines.append)
        assert lines[0] == f"{tmp_path / name}: {said}"
    lines = []
    np.save(tmp_path / "x.npy", DESIGN)
    with pytest.raises(InputError):
        read_spectrum(tmp_path / "x.npy", report=lines.append)
    assert not lines


def test_a_matrix_is_no_spectrum_file(tmp_path):
    for name in ("h.mtx", "h.npy", "h.h5"):
        write(tmp_path / name, DENSE)
        with pytest.raises(cd.FileError, match="`critdamp spectrum` makes a spectrum"):
            cd.load_spectrum(tmp_path / name)


def test_columns_and_rows_are_vectors(tmp_path):
    """MATLAB knows no other vectors."""
    for k in ([[1.0], [2.0], [3.0]], [[1.0, 2.0, 3.0]]):
        scipy.io.savemat(tmp_path / "k.mat", {"k": k})
        assert read_spectrum(tmp_path / "k.mat").k.tolist() == [1, 2, 3]
