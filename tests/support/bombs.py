"""Small files that unpack to much, and a process that reads them and is measured."""

import gzip
import json
import re
import resource
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import seeds
from numpy.lib import format as npy

from critdamp.data.exports.export import export
from critdamp.data.formats.run_file import open_run
from critdamp.data.formats.spectrum_file import load_spectrum
from critdamp.data.inputs import matrix_files
from critdamp.data.inputs.matrix_files import read_matrix
from critdamp.data.inputs.read_spectrum import read_spectrum
from critdamp.data.storage import memory_budget
from critdamp.data.storage.memory_budget import allowing
from critdamp.data.sweeps.check import check_file
from critdamp.engine.errors import CritdampError

STEP = 2**20


def deflated(nbytes, head=b"", fill=b"\0", wbits=zlib.MAX_WBITS):
    """Return deflated bytes, all of one value after a head."""
    packing = zlib.compressobj(4, wbits=wbits)
    parts = [packing.compress(head)]
    piece = fill * (STEP // len(fill))
    parts += [packing.compress(piece) for _ in range(nbytes // STEP)]
    return b"".join([*parts, packing.flush()])


def gzipped(nbytes, head, fill):
    """Return the bytes of a .gz file."""
    return deflated(nbytes, head, fill, zlib.MAX_WBITS | 16)


def add_zeros(archive, name, nbytes):
    """Add an array of zeros to a .npz file."""
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (nbytes // 8,)}
        npy.write_array_header_1_0(file, header)
        for _ in range(nbytes // STEP):
            file.write(bytes(STEP))


def npz(path, nbytes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        add_zeros(archive, "k", nbytes)


def npz_of_several(path, nbytes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for number in range(4):
            add_zeros(archive, f"k{number}", nbytes // 4)


def npz_of_scipy(path, nbytes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        add_zeros(archive, "data", nbytes)
        for name, array in {
            "indices": np.zeros(1, np.int32),
            "indptr": np.zeros(4, np.int32),
            "format": np.array(b"csr"),
            "shape": np.array([3, 3]),
        }.items():
            with archive.open(f"{name}.npy", "w") as file:
                npy.write_array(file, array)


def npz_with_a_long_header(path, nbytes):
    """NumPy reads a header before it looks at its length."""
    length = min(nbytes, 2**32 - 1)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive,
        archive.open("k.npy", "w", force_zip64=True) as file,
    ):
        file.write(b"\x93NUMPY\2\0" + struct.pack("<I", length))
        for _ in range(length // STEP):
            file.write(b" " * STEP)


def npy_that_claims(path, nbytes):
    with path.open("wb") as file:
        header = {"descr": "<f8", "fortran_order": False, "shape": (nbytes,)}
        npy.write_array_header_1_0(file, header)


def mat(path, nbytes, kind=6):
    """Write compressed matrices of MATLAB, of doubles by default, each below 4 GB."""
    parts, each = [], min(nbytes, 2**28)
    for number in range(nbytes // each):
        name = b"k%07d" % number
        head = struct.pack("<IIII", 6, 8, kind, 0)
        head += struct.pack("<IIii", 5, 8, 1, each // 8)
        head += struct.pack("<II", 1, 8) + name + struct.pack("<II", 9, each)
        body = struct.pack("<II", 14, len(head) + each) + head
        packed = deflated(each, body)
        parts += [struct.pack("<II", 15, len(packed)), packed]
    path.write_bytes(b" " * 124 + struct.pack("<H", 0x100) + b"IM" + b"".join(parts))


def mat_of_cells(path, nbytes):
    """Cells are skipped, after they are unpacked."""
    mat(path, nbytes, kind=1)


def hdf5(path, nbytes):
    with h5py.File(path, "w") as file:
        chunk = (STEP // 8,)
        k = file.create_dataset("k", (nbytes // 8,), "f8", chunks=chunk, compression=1)
        packed = deflated(STEP)
        for start in range(0, nbytes // 8, *chunk):
            k.id.write_direct_chunk((start,), packed)


def hdf5_without_values(path, nbytes):
    with h5py.File(path, "w") as file:
        file.create_dataset("k", (nbytes // 8,), "f8", chunks=(1024,))


def hdf5_of_one_chunk(path, nbytes):
    """HDF5 reads a chunk for a value in it."""
    with h5py.File(path, "w") as file:
        n = min(nbytes, 2**32 - STEP) // 8
        file.create_dataset("k", (1,), "f8", maxshape=(n,), chunks=(n,))


def hdf5_of_large_chunks(path, nbytes, filters=1):
    """A chunk unpacks to more than its size; HDF5 does not look at that."""
    with h5py.File(path, "w") as file:
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((1000,))
        packed = deflated(nbytes)
        properties.set_deflate(1)
        if filters > 1:
            properties.set_filter(h5py.h5z.FILTER_DEFLATE, 0, (1,))
            packed = zlib.compress(packed)
        space = h5py.h5s.create_simple((1000,))
        k = h5py.h5d.create(file.id, b"k", h5py.h5t.IEEE_F64LE, space, properties)
        k.write_direct_chunk((0,), packed)


def hdf5_deflated_twice(path, nbytes):
    hdf5_of_large_chunks(path, nbytes, 2)


def hdf5_of_one_text(path, nbytes):
    """Each of many references is to the same text."""
    with h5py.File(path, "w") as file:
        kind = h5py.string_dtype()
        file.create_dataset("text", data=["x" * 2**16], dtype=kind, chunks=(1,))
        reference = file["text"].id.read_direct_chunk((0,))[1]
        n = nbytes // 2**16
        k = file.create_dataset("k", (n,), dtype=kind, chunks=(n,))
        k.id.write_direct_chunk((0,), reference * n)


def attribute_of_one_text(path, nbytes, name="notes"):
    """An attribute of a run, most of whose texts are made references to the first."""
    count = 3000
    path.write_bytes(seeds.of("run")[0])
    with h5py.File(path, "r+") as file:
        file.attrs[name] = ["x" * (nbytes // count), *["y"] * (count - 1)]
    data = path.read_bytes()
    at = data.index(
        struct.pack("<I", nbytes // count), data.index(b"%b\0" % name.encode())
    )
    first = data[at : at + 16]
    path.write_bytes(data[:at] + first * count + data[at + 16 * count :])


def attribute_that_is_read(path, nbytes):
    attribute_of_one_text(path, nbytes, "source")


def attribute_that_is_covered(path, nbytes):
    """The seal covers it, so that it is read where the seal is checked."""
    attribute_of_one_text(path, nbytes)
    with h5py.File(path, "r+") as file:
        names = json.loads(file["checksums"].attrs["described_names"])
        names["/"].append("notes")
        file["checksums"].attrs["described_names"] = json.dumps(names)


def attribute_of_a_matrix(path, nbytes):
    """It is asked for wherever there is a group."""
    attribute_of_one_text(path, nbytes, "encoding-type")


def csv_gz(path, nbytes):
    path.write_bytes(gzipped(nbytes, b"", b"0\n"))


def csv_gz_of_one_line(path, nbytes):
    path.write_bytes(gzipped(nbytes, b"", b"0,"))


def csv_gz_of_comments(path, nbytes):
    path.write_bytes(gzipped(nbytes, b"", b"#\n"))


def mtx_gz(path, nbytes):
    head = b"%%%%MatrixMarket matrix array real general\n%d 1\n" % (nbytes // 2)
    path.write_bytes(gzipped(nbytes, head, b"0\n"))


def mtx_gz_that_claims(path, _nbytes):
    head = b"%%MatrixMarket matrix coordinate real general\n9 9 1000000000000\n1 1 1\n"
    path.write_bytes(gzip.compress(head + b"1 1 1\n" * 10**5))


def sparse(path, nbytes):
    n = int((nbytes / 8) ** 0.5)
    head = "%%MatrixMarket matrix coordinate real general"
    path.write_text(f"{head}\n{n} {n} 1\n1 1 1")


def spectrum(path, nbytes):
    path.write_bytes(seeds.of("spectrum")[1])
    with h5py.File(path, "r+") as file:
        for name in ("k", "weights", "displacement"):
            del file[name]
            data = {"shape": (nbytes // 8,), "dtype": "f8", "chunks": (STEP // 8,)}
            file.create_dataset(name, **data, compression=1)


def run(path, nbytes, **how):
    path.write_bytes(seeds.of("run")[0])
    with h5py.File(path, "r+") as file:
        shape = file["rate"].shape
        attributes = dict(file["rate"].attrs)
        del file["rate"]
        n = nbytes // 8
        how = how or {"maxshape": (None,) * 3, "chunks": (1, 1, min(n, 2**29 - 1))}
        rate = file.create_dataset("rate", shape, "f8", compression=1, **how)
        rate.attrs.update({k: v for k, v in attributes.items() if "DIM" not in k})
        return rate.id


def run_of_large_chunks(path, nbytes):
    run(path, nbytes, chunks=True)
    with h5py.File(path, "r+") as file:
        file["rate"].id.write_direct_chunk((0, 0, 0), deflated(nbytes))


def at_a_point(path):
    with open_run(path) as opened:
        return opened.at(**{n: float(a.values[0]) for n, a in opened.axes.items()})


def texts(path):
    return read_matrix(f"{path}:k")


def attributes(path):
    with open_run(path) as opened:
        if "not read" in f"{opened.attributes['notes']}":
            raise CritdampError("more than fit")


def exported(path):
    return export(Path(path), Path(path).with_suffix(".csv"), "rate")


def as_design(path):
    return read_spectrum(path, "design")


# file, what writes it, what reads it
BOMBS = [
    ("a.npz", npz, read_spectrum),
    ("b.npz", npz_of_several, read_matrix),
    ("c.npz", npz_of_scipy, read_spectrum),
    ("d.npz", npz_with_a_long_header, read_spectrum),
    ("e.npy", npy_that_claims, read_spectrum),
    ("f.mat", mat, read_spectrum),
    ("g.mat", mat_of_cells, read_spectrum),
    ("h.h5", hdf5, read_spectrum),
    ("i.h5", hdf5_without_values, read_spectrum),
    ("j.h5", hdf5_of_one_chunk, read_spectrum),
    ("k.h5", hdf5_of_large_chunks, read_spectrum),
    ("l.h5", hdf5_deflated_twice, read_spectrum),
    ("m.h5", hdf5_of_one_text, texts),
    ("m_run.h5", attribute_of_one_text, attributes),
    ("m_read.h5", attribute_that_is_read, attributes),
    ("m_covered.h5", attribute_that_is_covered, check_file),
    ("m_matrix.h5", attribute_of_a_matrix, read_matrix),
    ("n.csv.gz", csv_gz, read_spectrum),
    ("o.csv.gz", csv_gz_of_one_line, read_spectrum),
    ("q.csv.gz", csv_gz_of_comments, read_spectrum),
    ("r.mtx.gz", mtx_gz, read_spectrum),
    ("s.mtx.gz", mtx_gz_that_claims, read_spectrum),
    ("t.mtx", sparse, as_design),
    ("u.h5", spectrum, load_spectrum),
    ("v.h5", run, at_a_point),
    ("w.h5", run_of_large_chunks, at_a_point),
    ("x.h5", run_of_large_chunks, exported),
]


def peak():
    """Return the largest memory that this process has had, in MB."""
    status = Path("/proc/self/status")
    if status.exists():  # a child begins with the peak of its parent elsewhere
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def main() -> None:
    """Read bombs by the names of their files; print the answers, and the memory.

    Arguments are the folder, max_memory, the floor of small tests, and the names.
    """
    read = {name: reader for name, _, reader in BOMBS}
    if floor := int(sys.argv[3]):
        memory_budget.FLOOR = matrix_files.FLOOR = floor
    read_spectrum("digits-softmax")
    answers, before = {}, peak()
    with allowing(sys.argv[2] or None):
        for name in sys.argv[4:]:
            try:
                read[name](Path(sys.argv[1]) / name)
                answers[name] = ""
            except CritdampError as error:
                answers[name] = str(error)
    print(json.dumps([answers, peak() - before]))


if __name__ == "__main__":
    main()
