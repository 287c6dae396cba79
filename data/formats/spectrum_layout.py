"""Layout of the arrays of a spectrum, in a spectrum file or another file."""

import h5py
import numpy as np

from critdamp.engine.spectra.spectrum import Spectrum

LONG_NAMES = {
    "k": "curvatures, eigenvalues of the Hessian",
    "weights": "multiplicities or quadrature weights",
    "displacement": "squared initial displacements",
    "residuals": "an eigenvalue lies within so much of k",
}


def add_spectrum(file: h5py.File, spectrum: Spectrum, prefix: str = "") -> None:
    """Write the arrays of a spectrum along a dimension `mode`.

    Parameters
    ----------
    file : file that is written
    spectrum : spectrum to write
    prefix : of the dataset names; residuals are written only without a prefix
    """
    mode = file.create_dataset("mode", data=np.arange(len(spectrum)), dtype=np.int64)
    mode.make_scale("mode")
    mode.attrs["long_name"] = "place in the spectrum"
    arrays = spectrum.arrays if prefix else spectrum.known
    for name, values in arrays.items():
        dataset = file.create_dataset(prefix + name, data=values, dtype=np.float64)
        dataset.dims[0].attach_scale(mode)
        dataset.attrs["units"] = "1"
        dataset.attrs["long_name"] = LONG_NAMES[name]
