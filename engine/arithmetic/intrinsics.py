"""What LLVM can do and Numba has no word for."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic
def fma(context: Any, a: Any, b: Any, c: Any) -> Any:
    """Return a·b + c, rounded once."""
    signature = types.float64(types.float64, types.float64, types.float64)

    def codegen(_context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.fma(*args)

    return signature, codegen


@intrinsic
def bits(context: Any, x: Any) -> Any:
    """Return the bits of a double as a whole number."""

    def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(types.int64))

    return types.int64(types.float64), codegen


@intrinsic
def double(context: Any, x: Any) -> Any:
    """Return the double of these bits."""

    def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(types.float64))

    return types.float64(types.int64), codegen


@intrinsic
def stream_line(context: Any, to: Any, source: Any) -> Any:
    """Copy 64 bytes to an address that is a multiple of 64, past the caches.

    A line that is stored in the usual way is read from memory first.
    """

    def codegen(context: Any, builder: Any, _signature: Any, args: Any) -> Any:
        line = ir.VectorType(ir.IntType(64), 8)
        target, start = (builder.inttoptr(a, line.as_pointer()) for a in args)
        store = builder.store(builder.load(start, align=8), target, align=64)
        yes = builder.module.add_metadata([ir.IntType(32)(1)])
        store.set_metadata("nontemporal", yes)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), codegen


@intrinsic
def wide_vectors(context: Any) -> Any:
    """Let the function that calls this use vectors as wide as the processor has.

    LLVM takes half of AVX-512 on many processors, for the sake of their clock in code
    that is mostly scalar; where arithmetic is all that there is, that costs half of the
    speed. The attribute holds for one function, which is therefore not inlined.
    """

    def codegen(context: Any, builder: Any, _signature: Any, _args: Any) -> Any:
        attributes = builder.function.attributes
        attributes.add("noinline")
        # llvmlite checks names against a list without this one; a set has no such list
        set.add(attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), codegen


@intrinsic
def assume_noalias(context: Any) -> Any:
    """Promise that no two arrays of doubles given to the caller of this share memory.

    LLVM would check that for each pair, and leaves loops over many arrays scalar. The
    function that calls this is not inlined.
    """

    def codegen(context: Any, builder: Any, _signature: Any, _args: Any) -> Any:
        builder.function.attributes.add("noinline")
        doubles = ir.DoubleType().as_pointer()
        for argument in builder.function.args:
            if argument.type == doubles:
                argument.add_attribute("noalias")
        return context.get_dummy_value()

    return types.void(), codegen
