"""What the compiled loops are written in: sixteen numbers side by side, and tanh.

An instruction works on two to eight numbers at once and takes several cycles to its result; sixteen
keep the processor busy meanwhile. LLVM cuts them to the registers that the machine has.

numba's disk cache watches only the file of the function that it cached: after an edit here a test
asks for another number in both files named kernel.py.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from reservoirs.compiled.storage import LANES


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let many objects be made that stay, and count them as old.

    The garbage collector would look through them again and again, a third of numba's start.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        if enabled:
            gc.enable()


with collector_paused():
    from llvmlite import ir
    from numba import extending, njit, types

_intrinsic: Any = extending.intrinsic  # its stubs do not know that callers leave the context out
models: Any = extending.models
overload: Any = extending.overload


def compiled(function: Any, *, reordered: bool = False) -> Any:
    """Compile on first use, cached on disk where some cache folder is writable.

    Parameters
    ----------
    function : of numbers and arrays
    reordered : whether sums may be taken in any order, for vector instructions
    """
    fastmath = {"contract", "nsz"} | ({"reassoc"} if reordered else set())
    options: Any = {"nogil": True, "fastmath": fastmath, "error_model": "numpy"}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # a read-only installation without NUMBA_CACHE_DIR
        return njit(**options)(function)


class Lanes(types.Type):
    """Sixteen floats, as a type of numba.

    Parameters
    ----------
    real : the type of one
    """

    def __init__(self, real: Any) -> None:
        self.real = real
        super().__init__(name=f"Lanes({real} x {LANES})")


@extending.register_model(Lanes)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        real = ir.DoubleType() if fe_type.real == types.float64 else ir.FloatType()
        super().__init__(dmm, fe_type, ir.VectorType(real, LANES))


def _element(context: Any, builder: Any, kind: Any, array: Any, index: Any) -> Any:
    """Return a pointer to an element of a contiguous array, counted from its first."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


@_intrinsic
def load(typingctx: Any, array: Any, first: Any) -> Any:
    """Return the sixteen elements from `first` on."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = context.get_value_type(signature.return_type)
        pointer = _element(context, builder, signature.args[0], *args)
        pointer = builder.bitcast(pointer, kind.as_pointer())
        return builder.load(pointer, align=array.dtype.bitwidth // 8)

    return Lanes(array.dtype)(array, first), codegen


@_intrinsic
def store(typingctx: Any, lanes: Any, array: Any, first: Any) -> Any:
    """Write sixteen elements from `first` on."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _element(context, builder, signature.args[1], *args[1:])
        pointer = builder.bitcast(pointer, args[0].type.as_pointer())
        builder.store(args[0], pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(lanes, array, first), codegen


@_intrinsic
def gather(typingctx: Any, array: Any, columns: Any, row: Any) -> Any:
    """Return the sixteen elements whose places are a row of `columns`.

    One by one, for a gather instruction is slower on some machines; the places come several to a
    word, with fewer loads.
    """
    packed, size = columns.dtype.bitwidth, ir.IntType(64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        found = ir.Constant(context.get_value_type(signature.return_type), ir.Undefined)
        first, in_word = builder.mul(args[2], size(LANES)), 64 // packed
        words = _element(context, builder, signature.args[1], args[1], first)
        words = builder.bitcast(words, size.as_pointer())
        for lane in range(LANES):
            word, place = divmod(lane, in_word)
            place = place if sys.byteorder == "little" else in_word - 1 - place
            column = builder.load(builder.gep(words, [size(word)]), align=2)
            column = builder.lshr(column, size(place * packed))
            column = builder.and_(column, size(2**packed - 1))
            element = builder.load(_element(context, builder, signature.args[0], args[0], column))
            found = builder.insert_element(found, element, ir.IntType(32)(lane))
        return found

    return Lanes(array.dtype)(array, columns, row), codegen


def _call(builder: Any, name: str, *args: Any) -> Any:
    """Call a function of LLVM on floats, or on vectors of them lane by lane."""
    kind = args[0].type
    vector = isinstance(kind, ir.VectorType)
    suffix = f"v{kind.count}{kind.element.intrinsic_name}" if vector else kind.intrinsic_name
    function = ir.FunctionType(kind, [kind] * len(args))
    callee = builder.module.declare_intrinsic(f"llvm.{name}.{suffix}", fnty=function)
    return builder.call(callee, args)


@_intrinsic
def multiply_add(typingctx: Any, a: Any, x: Any, y: Any) -> Any:
    """Return a x + y, rounded once; a is a number, or sixteen."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        a, x, y = args
        if not isinstance(signature.args[0], Lanes):
            index = ir.IntType(32)
            one = builder.insert_element(ir.Constant(x.type, ir.Undefined), a, index(0))
            a = builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(index, LANES), None))
        return _call(builder, "fma", a, x, y)

    return y(a if isinstance(a, Lanes) else y.real, x, y), codegen


# tanh(x) = e / (1 - e) with e = (1 - exp(-2 |x|)) / 2. Let |x| = q - n log(2) / 2, n an integer and
# |q| <= log(2) / 4; then e = 2^n p + (1 - 2^n) / 2 with p = (1 - exp(-2 q)) / 2 = q + q^2 P(q), and
# P interpolates at the zeros of a Chebyshev polynomial. Adding the first constant rounds to n and
# leaves n plus the bias of the exponent in the low bits; a shift makes 2^n of them.
_LOG2 = 0.6931471805599453
_TANH: dict[int, tuple[float, int, float, tuple[float, ...]]] = {
    # bits of the float: that constant, bits of the mantissa, where tanh is 1, coefficients of P
    64: (1.5 * 2.0**52 + 1023, 52, 30.0, (
        -1.0000000000000002, 0.6666666666666667, -0.3333333333329933, 0.13333333333328104,
        -0.0444444445350295, 0.012698412712345949, -0.0031745947292631926, 0.0007054660730959366,
        -0.00014141478850551484, 2.5702784852542704e-05,
    )),
    32: (1.5 * 2.0**23 + 127, 23, 15.0, (
        -1.0, 0.6666630810239196, -0.33333243729640427, 0.13381076919221938, -0.04456376358379385,
    )),
}  # fmt: skip


@_intrinsic
def tanh(typingctx: Any, x: Any) -> Any:
    """Return tanh(x) of a number or of sixteen, without a branch.

    Largest error 2.6 units in the last place, in float64 and in float32. The C library that numba
    calls instead takes ten times as long, for no loop around it can use vectors.
    """
    bits = getattr(x, "real", x).bitwidth
    rounding, mantissa, largest, coefficients = _TANH[bits]

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        x = args[0]
        count = x.type.count if isinstance(x.type, ir.VectorType) else 0
        integer = ir.VectorType(ir.IntType(bits), count) if count else ir.IntType(bits)

        def number(value: Any, kind: Any = x.type) -> Any:
            return ir.Constant(kind, [value] * count if count else value)

        def fma(a: Any, b: Any, c: Any) -> Any:
            return _call(builder, "fma", a, b, c)

        def polynomial(coefficients: Any, x: Any) -> Any:
            total = number(coefficients[-1])
            for c in coefficients[-2::-1]:
                total = fma(total, x, number(c))
            return total

        size = _call(builder, "fabs", x)
        beyond = builder.fcmp_ordered(">", size, number(largest))  # not for NaN, which passes
        size = builder.select(beyond, number(largest), size)
        shifted = fma(size, number(-2.0 / _LOG2), number(rounding))
        q = fma(builder.fsub(shifted, number(rounding)), number(_LOG2 / 2.0), size)
        square = builder.fmul(q, q)
        even, odd = polynomial(coefficients[::2], square), polynomial(coefficients[1::2], square)
        p = fma(fma(odd, q, even), square, q)
        power = builder.shl(builder.bitcast(shifted, integer), number(mantissa, integer))
        power = builder.bitcast(power, x.type)
        e = fma(power, p, fma(power, number(-0.5), number(0.5)))
        return builder.fdiv(_call(builder, "copysign", e, x), builder.fsub(number(1.0), e))

    return x(x), codegen
