"""Small valid files of all kinds that critdamp reads."""

import functools
import gzip
import tempfile
from pathlib import Path

import h5py
import numpy as np
import scipy.io
import scipy.sparse as sp
from safetensors.numpy import save_file

from critdamp.data.formats.spectrum_file import save_spectrum
from critdamp.data.formats.trajectory_file import save_trajectory
from critdamp.data.shards.folder import RunFolder
from critdamp.data.sweeps.sweep import sweep
from critdamp.engine.maps.axis import Axis
from critdamp.engine.maps.plan import Plan
from critdamp.engine.simulation.simulate import simulate
from critdamp.engine.spectra.spectrum import Spectrum

DENSE = np.array([[2.0, -1, 0], [-1, 2, -1], [0, -1, 2]])
SPARSE = sp.csr_array(DENSE)
TEXTS = {
    "axis": [b"lin:0:0.999:40", b"log:1e-4:4:40", b"0.1,0.2,0.5", b"@a.npy", b"@s.h5"],
    "schedule": [b"0.1", b"0.1,0.2,0.3", b"cyclic:0.1,0.2", b"@a.npy", b"@a.csv:x"],
    "plan": [
        b'eps = "lin:0:1:5"\np = [0, 0.5]\nk = 1\nmethod = "heavy_ball"\n'
        b'quantity = ["spectral_radius", "regime"]\ntol = 1e-6\ndtype = "float32"\n',
        b'eps = 0.1\np = "0.1,0.2"\nspectrum = "digits-softmax"\nquantity = "rate"\n',
    ],
    ".mtx": [
        b"%%MatrixMarket matrix coordinate pattern symmetric\n3 3 2\n1 1\n3 2\n",
        b"%%MatrixMarket matrix array real skew-symmetric\n2 2\n1\n",
        b"%MatrixMarket matrix coordinate complex hermitian\n2 2 2\n1 1 2.0D0 0\n"
        b"2 1 1 0\n",
    ],
    ".tsv": [b"\ta\tb\n0\t1.5\t2\n1\t3\t4D0\n", b'"a b"\t"c"\n1\t(2+0j)\n'],
    ".csv": [
        b"a,b\n1,2\n3,4\n",
        b"\xef\xbb\xbf1 2\n2 1 # x\n",
        b"1;2;3\n",
        b",0,1\n0,.5,2\n1,3,.4\n",
        b"0,1\n.5,.2\n",
    ],
    ".csv.gz": [gzip.compress(b"1,2\n3,4\n", mtime=0)],
}
TEXT_KINDS = (*TEXTS, ".npy", ".npz", ".mat", ".safetensors")
HDF5_KINDS = (".h5", "run", "spectrum", "record", "shard")


def writers(kind):
    """Return what writes small valid files of a kind."""
    if kind == ".mtx":
        for matrix in (DENSE, SPARSE):
            yield lambda path, m=matrix: scipy.io.mmwrite(path, m)
            yield lambda path, m=matrix: scipy.io.mmwrite(path, m, symmetry="general")
    if kind == ".npy":
        for array in (DENSE, DENSE.T, np.arange(3), DENSE.astype(">f4"), np.float64(3)):
            yield lambda path, a=array: np.save(path, a)
    if kind == ".npz":
        yield lambda path: np.savez(path, h=DENSE)
        yield lambda path: np.savez_compressed(path, k=[1.0, 2], weights=[1, 1.0])
        yield lambda path: np.savez(path, **parts_of(SPARSE), shape=SPARSE.shape)
        for form in ("csr", "csc", "coo", "dia", "bsr"):
            packed = form != "csc"
            yield lambda path, f=form, c=packed: sp.save_npz(
                path, SPARSE.asformat(f), compressed=c
            )
    if kind == ".mat":
        other = {"h": {"a": 1, "b": "text"}, "c": np.array([{}, 1], object)}
        for arrays in ({"h": DENSE}, {"h": SPARSE}, {"h": DENSE + 1j}, other):
            yield lambda path, a=arrays: scipy.io.savemat(path, a)
        yield lambda path: scipy.io.savemat(path, {"h": DENSE}, do_compression=True)
        yield lambda path: scipy.io.savemat(path, {"h": DENSE}, format="4")
    if kind in (".mat", ".h5"):
        yield matlab
    if kind == ".h5":
        yield plain
        yield sparse_groups
    if kind == ".safetensors":
        yield lambda path: save_file({"h": DENSE, "k": DENSE[0]}, path)
        yield brain_floats
    if kind in (".h5", "spectrum"):
        yield trajectory
    if kind == "spectrum":
        rest = {"residuals": [0, 1], "tolerance": 0.1}
        for spectrum in (
            Spectrum([0.0, 1, 2], name="three"),
            Spectrum([1.0, 2], **rest),
        ):
            yield lambda path, s=spectrum: save_spectrum(s, path, {})
    if kind == "run":
        axes = {"eps": Axis.lin(0.1, 1, 5), "p": [0, 0.5]}
        for plan in (
            Plan(**axes, k=Axis.log(0.1, 1, 3), quantities=("rate", "regime")),
            Plan(**axes, spectrum=Spectrum([0.0, 1, 2]), quantities=["rate"]),
        ):
            yield lambda path, p=plan: sweep(p, path, threads=1).close()
    if kind in ("record", "shard"):
        yield begun


@functools.cache
def of(kind):
    """Return small valid files of a kind."""
    made = list(TEXTS.get(kind, []))
    with tempfile.TemporaryDirectory() as folder:
        for number, write in enumerate(writers(kind)):
            path = Path(folder) / f"{number}{kind if kind[0] == '.' else '.h5'}"
            write(path)
            made.append(_written(kind, path).read_bytes())
    return made


def _written(kind, path):
    parts = RunFolder(path)
    inside = {"record": parts.folder / "plan.json", "shard": parts.shard(0)}
    return inside.get(kind, path)


def matlab(path):
    with h5py.File(path, "w", userblock_size=512) as file:
        file["h"] = np.eye(3)
        group = file.create_group("s")
        group.attrs["MATLAB_sparse"] = np.uint64(3)
        for name, values in {
            "data": [1.0, 2, 3],
            "ir": [0, 1, 2],
            "jc": [0, 1, 2, 3],
        }.items():
            group[name] = values


def parts_of(matrix):
    return {name: getattr(matrix, name) for name in ("data", "indices", "indptr")}


def sparse_groups(path):
    with h5py.File(path, "w") as file:
        for name, shape in (("attrs", "shape"), ("old", "h5sparse_shape")):
            group = file.create_group(name)
            for part, values in parts_of(SPARSE).items():
                group[part] = values
            group.attrs[shape] = SPARSE.shape
        file["attrs"].attrs["encoding-type"] = "csr_matrix"
        file["old"].attrs["h5sparse_format"] = "csc"
        file["zeros/jc"] = [0, 0, 0]
        file["zeros"].attrs["MATLAB_sparse"] = np.uint64(2)
        file["e"] = np.uint64([0, 2])
        file["e"].attrs["MATLAB_empty"] = np.uint8(1)


def brain_floats(path):
    header = b'{"k":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}'
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"\x80?I@")


def plain(path):
    with h5py.File(path, "w") as file:
        file.create_dataset("a/h", data=np.eye(3), compression="gzip", shuffle=True)
        file["a/note"] = "text"


def trajectory(path):
    spectrum = Spectrum([1.0, 2.0])
    save_trajectory(
        lambda keep: simulate(spectrum, 0.1, 0.5, steps=4), spectrum, path, {}
    )


@functools.cache
def _begun():
    """Return the files of a sweep that needs no more than to be merged, by name."""
    plan = Plan(eps=Axis.lin(0.1, 1, 5), p=[0, 0.5], k=[1, 2])
    with tempfile.TemporaryDirectory() as folder:
        parts = RunFolder(Path(folder) / "run.h5")
        sweep(plan, parts.path, threads=1, keep_shards=True).close()
        return {path.name: path.read_bytes() for path in parts.folder.iterdir()}


def begun(path):
    """Make the folder of a sweep, always the same one."""
    RunFolder(path).folder.mkdir()
    for name, data in _begun().items():
        (RunFolder(path).folder / name).write_bytes(data)
