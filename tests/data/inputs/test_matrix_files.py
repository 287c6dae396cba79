"""Matrices as other programs write them: every format, and what is none."""

import gzip

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp
from safetensors.numpy import save_file

import critdamp as cd
from critdamp.data.formats.spectrum_file import save_spectrum
from critdamp.data.inputs.matrix_files import read_matrix
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
        "words.csv": "line 2: '3,four' holds text that is not a number",
        "typo.csv": "line 1: '1.0,2.O' holds text that is not a number",
        "ragged.csv": "line 2 has 1 number, the first one 2",
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
