"""Types that many signatures share."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Apply = Callable[[Floats], Floats]
# is told, in a line, of what takes long or was found
Report = Callable[[str], object]
Numbers = npt.NDArray[Any]
