"""Sparse matrices as groups of arrays, in HDF5 and .npz files of other programs."""

import h5py
import numpy as np
import pytest
import scipy.sparse as sp

import critdamp as cd
from critdamp.data.inputs.matrix_files import read_contents, read_matrix
from critdamp.data.inputs.read_spectrum import read_spectrum
from critdamp.data.storage.memory_budget import allowing
from critdamp.engine.errors import CritdampError, InputError

rng = np.random.default_rng(5)
TALL = sp.csr_array(rng.standard_normal((9, 6)) * (rng.random((9, 6)) > 0.6))
ATTRIBUTES = ("attribute", "dataset")


def parts(matrix):
    return {name: getattr(matrix, name) for name in ("data", "indices", "indptr")}


def write(path, arrays, place="g", **attributes):
    with h5py.File(path, "w") as file:
        group = file.require_group(place)
        for name, values in arrays.items():
            group[name] = values
        group.attrs.update(attributes)
    return path


def matlab(path, matrix, present=("data", "ir", "jc")):
    matrix = sp.csc_array(matrix)
    arrays = {"data": matrix.data, "ir": matrix.indices, "jc": matrix.indptr}
    arrays = {name: arrays[name].astype("u8") if name != "data" else arrays[name]
              for name in present}  # fmt: skip
    return write(path, arrays, "h", MATLAB_sparse=np.uint64(matrix.shape[0]))


def test_a_matrix_of_zeros_of_matlab(tmp_path):
    """MATLAB stores jc alone; it was read as 4 eigenvalues. It has 3 zero modes."""
    found = read_matrix(matlab(tmp_path / "z.mat", np.zeros((3, 3)), ["jc"]))
    assert (found.shape, found.nnz) == ((3, 3), 0)
    spectrum = read_spectrum(tmp_path / "z.mat")
    assert (spectrum.modes, spectrum.k.tolist()) == (3, [0, 0, 0])
    found = read_matrix(matlab(tmp_path / "z.mat", np.zeros((9, 6)), ["jc"]))
    assert found.shape == (9, 6)


@pytest.mark.parametrize("suffix", [".mat", ".h5"])
def test_a_sparse_matrix_of_matlab_stands_upright(tmp_path, suffix):
    found = read_matrix(matlab(tmp_path / f"h{suffix}", TALL))
    np.testing.assert_array_equal(found.toarray(), TALL.toarray())


@pytest.mark.parametrize("place", ["/", "X", "layers/counts"])
@pytest.mark.parametrize("kind", ["csr", "csc"])
@pytest.mark.parametrize("shape", ["attribute", "dataset", "h5sparse", "anndata"])
def test_groups_of_scipy_and_anndata(tmp_path, kind, shape, place):
    """In each way to say shape and format; without one, the lengths decide."""
    matrix = TALL.asformat(kind)
    arrays, attributes = parts(matrix), {"shape": matrix.shape}
    if shape == "dataset":
        arrays, attributes = {**arrays, "shape": matrix.shape}, {}
    if shape == "h5sparse":
        attributes = {"h5sparse_shape": matrix.shape, "h5sparse_format": kind}
    if shape == "anndata":
        attributes["encoding-type"] = f"{kind}_matrix"
    path = write(tmp_path / "x.h5ad", arrays, place, **attributes)
    for source in (path, f"{path}:{place}"):
        found, description = read_contents(source)
        np.testing.assert_array_equal(found.toarray(), TALL.toarray())
        assert description == f"9 × 6, sparse, {TALL.nnz} entries"
    expected = cd.Spectrum.from_design(TALL.toarray()).k
    np.testing.assert_array_equal(read_spectrum(path, "design").k, expected)


def test_coordinates_and_archives(tmp_path):
    coo = TALL.tocoo()
    arrays = {"data": coo.data, "row": coo.row, "col": coo.col, "shape": coo.shape}
    np.savez(tmp_path / "x.npz", **parts(TALL), shape=TALL.shape)
    for path in (write(tmp_path / "c.h5", arrays), tmp_path / "x.npz"):
        np.testing.assert_array_equal(read_matrix(path).toarray(), TALL.toarray())


def without(*names, **others):
    arrays = {**parts(TALL), **others}
    return {name: values for name, values in arrays.items() if name not in names}


DAMAGED = {
    "no data": (without("data"), "a sparse matrix without data"),
    "no indices": (without("indices"), "a sparse matrix without indices"),
    "index too large": (
        without(indices=TALL.indices + 4),
        "damaged: .*indices must be",
    ),
    "index too small": (
        without(indices=TALL.indices - 4),
        "damaged: .*indices must be",
    ),
    "short data": (without(data=TALL.data[:-2]), "damaged: indices and data"),
    "short indptr": (without(indptr=TALL.indptr[:-1]), "damaged: index pointer size"),
    "falling indptr": (without(indptr=TALL.indptr[::-1]), "damaged"),
    "fractions": (without(indices=TALL.indices + 0.5), "indices are float64"),
    "huge": (without(indptr=np.uint64([2**63] * 10)), "damaged"),
    "square data": (without(data=np.eye(3)), r"data has shape \(3, 3\)"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_does_not_fit_is_refused(tmp_path, name):
    arrays, said = DAMAGED[name]
    path = write(tmp_path / "x.h5", arrays, shape=TALL.shape)
    with pytest.raises(InputError, match=rf"/g is a sparse matrix.*{said}|{said}"):
        read_matrix(path)


def test_what_is_not_said_is_asked(tmp_path):
    for attributes, said in (
        ({}, "without a shape; store rows and columns"),
        ({"shape": [9]}, "without a shape"),
        ({"shape": [9.5, 6]}, "without a shape"),
        ({"shape": [9, 6], "format": "bsr"}, "format 'bsr'; csr and csc can be read"),
    ):
        path = write(tmp_path / "x.h5", parts(TALL), **attributes)
        with pytest.raises(InputError, match=said):
            read_matrix(path)
    path = write(tmp_path / "x.h5", {}, **{"encoding-type": "csr_matrix"}, shape=[2, 2])
    with pytest.raises(InputError, match="a sparse matrix without data"):
        read_matrix(path)
    path = write(tmp_path / "x.h5", {"ir": [0], "jc": [0, 1]}, MATLAB_sparse=1)
    with pytest.raises(InputError, match="a sparse matrix without data"):
        read_matrix(path)


def test_what_matlab_writes_beside_numbers(tmp_path):
    """An empty array is stored as its shape, text as uint16, complex as two parts."""
    with h5py.File(tmp_path / "m.mat", "w", userblock_size=512) as file:
        file["e"] = np.uint64([3, 0])
        file["e"].attrs.update(MATLAB_empty=np.uint8(1), MATLAB_class=b"double")
        file["note"] = np.uint16([[104], [105]])
        file["note"].attrs["MATLAB_class"] = np.bytes_(b"char")
        file["#refs#/a"] = np.eye(2)
        pairs = np.zeros((1, 3), [("real", "f8"), ("imag", "f8")])
        pairs["real"] = [[1, 2, 3]]
        file["k"] = pairs
    assert read_matrix(f"{tmp_path}/m.mat:e").shape == (3, 0)
    assert set(read_matrix(tmp_path / "m.mat")) == {"e", "k"}
    assert read_spectrum(f"{tmp_path}/m.mat:k").k.tolist() == [1, 2, 3]
    with pytest.raises(InputError, match=r"shape \(3, 0\)"):
        read_spectrum(f"{tmp_path}/m.mat:e")


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"_FillValue": -999.0}, "holds missing values, -999"),
        ({"missing_value": [-1.0, -999.0]}, "holds missing values, -999"),
        ({"scale_factor": 0.01}, "is packed, with scale_factor; unpack it first"),
        ({"add_offset": 5.0}, "is packed, with add_offset; unpack it first"),
    ],
)
def test_conventions_of_netcdf(tmp_path, attributes, said):
    """Where these say it, the values are others than those that are stored."""
    path = write(tmp_path / "x.h5", {"h": [[1.0, -999], [-999, 1.0]]})
    assert read_matrix(path).shape == (2, 2)
    with h5py.File(path, "r+") as file:
        file["g/h"].attrs.update(attributes)
    with pytest.raises(InputError, match=f"/g/h {said}"):
        read_matrix(path)


@pytest.mark.parametrize("name", ["zero_tolerance", "negative_modes_dropped"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -1.0])
def test_attributes_of_spectra_that_are_no_numbers(tmp_path, name, value):
    cd.save_spectrum(cd.Spectrum([0.0, 1.0]), tmp_path / "s.h5")
    with h5py.File(tmp_path / "s.h5", "r+") as file:
        file.attrs[name] = value
    with pytest.raises(cd.CritdampError, match=r"tolerance|negative modes dropped"):
        cd.load_spectrum(tmp_path / "s.h5")


def test_of_several_large_arrays_one_is_asked_for(tmp_path):
    """Each fits; arrays of known names are wanted together."""
    for names, said in {"ABC": "3 arrays, A, B, C; say which", "Ak": "reading"}.items():
        path = tmp_path / f"{names}.h5"
        with h5py.File(path, "w") as file:
            for name in names:
                file[name] = np.eye(1500)
        with allowing("25MB"), pytest.raises(CritdampError, match=said):
            read_spectrum(path)
        with allowing("25MB"):
            assert read_matrix(f"{path}:A").shape == (1500, 1500)
