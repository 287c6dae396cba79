"""Type aliases."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
# product with a matrix, v → Hv
Apply = Callable[[Floats], Floats]
# called with one-line messages: expected durations, warnings
Report = Callable[[str], object]
# called with the amounts done and in total
Progress = Callable[[int, int], object]
