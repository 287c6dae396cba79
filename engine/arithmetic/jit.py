"""The options with which kernels are compiled, and the reasons for them."""

import numba

# error_model="numpy": a division by zero is inf or nan, as IEEE says, not an exception.
# No fastmath: it would cancel the very terms that carry the low halves.
jit = numba.njit(error_model="numpy", nogil=True)
# For sums alone: their terms may be added in lanes, in an order that the compiler
# chooses once; NaN and inf keep their meaning.
summing = numba.njit(error_model="numpy", nogil=True, fastmath={"reassoc"})
# for what is long and stands in a loop that is to become vector code
inlined = numba.njit(error_model="numpy", nogil=True, forceinline=True)
