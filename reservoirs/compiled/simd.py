"""SIMD vectors of sixteen floats for numba, and a vectorised tanh.

An instruction works on two to eight numbers at once and takes several cycles to its result; sixteen
keep the processor busy meanwhile. LLVM splits a vector into the registers that the machine has.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from reservoirs.compiled.storage import LANES


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pause the garbage collector while many objects are made that stay, and count them as old.

    It would look through them again and again, a third of numba's start.
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
    from numba import config, extending, njit, types
    from numba.core.compiler_lock import global_compiler_lock

    from reservoirs.compiled.disk_cache import SourceCache

if TYPE_CHECKING:
    from numba.core.base import BaseContext
    from numba.core.typing.templates import Signature

    Values = tuple[ir.Value, ...]
    Typed = tuple[Signature, Callable[..., ir.Value]]

if getattr(config, "DISABLE_JIT", False):
    raise RuntimeError(
        "reservoirs needs numba's compiler, which NUMBA_DISABLE_JIT turns off; unset the "
        "environment variable NUMBA_DISABLE_JIT"
    )
if hasattr(os, "register_at_fork"):
    # A fork waits until no thread compiles: the child would wait for such a thread for good.
    os.register_at_fork(
        before=global_compiler_lock.acquire,
        after_in_parent=global_compiler_lock.release,
        after_in_child=global_compiler_lock.release,
    )

kinds_of_types: Any = types
NumbaType = Any  # numba's hints for its types lack what is read of them, as `bitwidth`
_intrinsic: Any = extending.intrinsic  # its stubs do not know that callers leave the context out
models: Any = extending.models
overload: Any = extending.overload


def compiled(function: Callable[..., Any], *, reordered: bool = False) -> Any:
    """Compile on first use, cached on disk where some cache folder is writable.

    With `reordered` sums may be taken in any order, for vector instructions.
    """
    fastmath = {"contract", "nsz"} | ({"reassoc"} if reordered else set())
    dispatcher: Any = njit(nogil=True, fastmath=fastmath, error_model="numpy")(function)
    # Without a writable folder numba raises RuntimeError: then each process compiles for itself.
    with suppress(RuntimeError, OSError):
        dispatcher._cache = SourceCache(dispatcher.py_func)
    return dispatcher


class FloatVector(types.Type):
    """Sixteen floats, as a type of numba.

    `real`, float64 or float32, is the type of one element.
    """

    def __init__(self, real: NumbaType) -> None:
        self.real = real
        super().__init__(name=f"FloatVector({real} x {LANES})")


@extending.register_model(FloatVector)
class _FloatVectorModel(models.PrimitiveModel):
    def __init__(self, dmm: object, fe_type: FloatVector) -> None:
        real = ir.DoubleType() if fe_type.real == types.float64 else ir.FloatType()
        super().__init__(dmm, fe_type, ir.VectorType(real, LANES))


def _element(
    context: BaseContext,
    builder: ir.IRBuilder,
    kind: types.Array,
    array: ir.Value,
    index: ir.Value,
) -> ir.Value:
    """Return a pointer to an element of a contiguous array, counted from its first."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [index])


@_intrinsic
def load(typingctx: object, array: NumbaType, first: types.Integer) -> Typed:
    """Return the sixteen elements from `first` on."""

    def codegen(
        context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Values
    ) -> ir.Value:
        kind = context.get_value_type(signature.return_type)
        pointer = _element(context, builder, signature.args[0], *args)
        pointer = builder.bitcast(pointer, kind.as_pointer())
        return builder.load(pointer, align=array.dtype.bitwidth // 8)

    return FloatVector(array.dtype)(array, first), codegen


@_intrinsic
def store(typingctx: object, vector: FloatVector, array: NumbaType, first: types.Integer) -> Typed:
    """Write sixteen elements from `first` on."""

    def codegen(
        context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Values
    ) -> ir.Value:
        pointer = _element(context, builder, signature.args[1], *args[1:])
        pointer = builder.bitcast(pointer, args[0].type.as_pointer())
        builder.store(args[0], pointer, align=array.dtype.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(vector, array, first), codegen


@_intrinsic
def gather(typingctx: object, array: NumbaType, columns: NumbaType, row: types.Integer) -> Typed:
    """Return the sixteen elements whose places are a row of `columns`.

    One by one, since a gather instruction is slower on some machines; the places come several to a
    word, with fewer loads.
    """
    packed, size = columns.dtype.bitwidth, ir.IntType(64)

    def codegen(
        context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Values
    ) -> ir.Value:
        gathered = ir.Constant(context.get_value_type(signature.return_type), ir.Undefined)
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
            gathered = builder.insert_element(gathered, element, ir.IntType(32)(lane))
        return gathered

    return FloatVector(array.dtype)(array, columns, row), codegen


def _call(builder: ir.IRBuilder, name: str, *args: ir.Value) -> ir.Value:
    """Call a function of LLVM on floats, or on vectors of them lane by lane."""
    kind = args[0].type
    vector = isinstance(kind, ir.VectorType)
    suffix = f"v{kind.count}{kind.element.intrinsic_name}" if vector else kind.intrinsic_name
    function = ir.FunctionType(kind, [kind] * len(args))
    callee = builder.module.declare_intrinsic(f"llvm.{name}.{suffix}", fnty=function)
    return builder.call(callee, args)


@_intrinsic
def multiply_add(typingctx: object, a: types.Type, x: FloatVector, y: FloatVector) -> Typed:
    """Return a x + y, rounded once; a is a number, or sixteen."""

    def codegen(
        context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Values
    ) -> ir.Value:
        a, x, y = args
        if not isinstance(signature.args[0], FloatVector):
            index = ir.IntType(32)
            one = builder.insert_element(ir.Constant(x.type, ir.Undefined), a, index(0))
            a = builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(index, LANES), None))
        return _call(builder, "fma", a, x, y)

    return y(a if isinstance(a, FloatVector) else y.real, x, y), codegen


@_intrinsic
def relu(typingctx: object, x: FloatVector) -> Typed:
    """Return max(0, x) of sixteen numbers; NaN passes."""

    def codegen(
        context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Values
    ) -> ir.Value:
        zero = ir.Constant(args[0].type, [0.0] * LANES)
        return builder.select(builder.fcmp_unordered("<", args[0], zero), zero, args[0])

    return x(x), codegen


# tanh(x) = e / (1 - e) with e = (1 - exp(-2 |x|)) / 2. Let |x| = q - n log(2) / 2, n an integer and
# |q| <= log(2) / 4; then e = 2^n p + (1 - 2^n) / 2 with p = (1 - exp(-2 q)) / 2 = q + q^2 P(q), and
# P interpolates at the zeros of a Chebyshev polynomial. Adding `rounding` rounds to n and leaves n
# plus the bias of the exponent in the low bits; a shift by the mantissa makes 2^n of them.
_LOG2 = 0.6931471805599453


class _Tanh(NamedTuple):
    """Constants of tanh for one float type.

    `rounding` is added to round to an integer; the mantissa is in bits; from `largest` on tanh is
    1; the coefficients are of P, the constant first.
    """

    rounding: float
    mantissa: int
    largest: float
    coefficients: tuple[float, ...]


_TANH = {
    64: _Tanh(
        rounding=1.5 * 2.0**52 + 1023,
        mantissa=52,
        largest=30.0,
        coefficients=(
            -1.0000000000000002,
            0.6666666666666667,
            -0.3333333333329933,
            0.13333333333328104,
            -0.0444444445350295,
            0.012698412712345949,
            -0.0031745947292631926,
            0.0007054660730959366,
            -0.00014141478850551484,
            2.5702784852542704e-05,
        ),
    ),
    32: _Tanh(
        rounding=1.5 * 2.0**23 + 127,
        mantissa=23,
        largest=15.0,
        coefficients=(
            -1.0,
            0.6666630810239196,
            -0.33333243729640427,
            0.13381076919221938,
            -0.04456376358379385,
        ),
    ),
}


@_intrinsic
def tanh(typingctx: object, x: NumbaType) -> Typed:
    """Return tanh(x) of a number or of sixteen, without a branch.

    Largest error 2.6 units in the last place, in float64 and in float32. The C library that numba
    calls instead takes ten times as long, for no loop around it can use vectors.
    """
    bits = (x.real if isinstance(x, FloatVector) else x).bitwidth
    rounding, mantissa, largest, coefficients = _TANH[bits]

    def codegen(
        context: BaseContext, builder: ir.IRBuilder, signature: Signature, args: Values
    ) -> ir.Value:
        x = args[0]
        count = x.type.count if isinstance(x.type, ir.VectorType) else 0
        integer = ir.VectorType(ir.IntType(bits), count) if count else ir.IntType(bits)

        def number(value: float, kind: ir.Type = x.type) -> ir.Constant:
            return ir.Constant(kind, [value] * count if count else value)

        def fma(a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
            return _call(builder, "fma", a, b, c)

        def polynomial(coefficients: tuple[float, ...], x: ir.Value) -> ir.Value:
            total = number(coefficients[-1])
            for c in coefficients[-2::-1]:
                total = fma(total, x, number(c))
            return total

        # |x|, cut where tanh is 1; NaN compares false and passes.
        size = _call(builder, "fabs", x)
        beyond = builder.fcmp_ordered(">", size, number(largest))
        size = builder.select(beyond, number(largest), size)
        # n in the low bits of `shifted`, and q = |x| + n log(2) / 2.
        shifted = fma(size, number(-2.0 / _LOG2), number(rounding))
        q = fma(builder.fsub(shifted, number(rounding)), number(_LOG2 / 2.0), size)
        # p = q + q^2 P(q), the even and odd terms of P side by side.
        square = builder.fmul(q, q)
        even, odd = polynomial(coefficients[::2], square), polynomial(coefficients[1::2], square)
        p = fma(fma(odd, q, even), square, q)
        # e = 2^n p + (1 - 2^n) / 2, and the sign of x.
        power = builder.shl(builder.bitcast(shifted, integer), number(mantissa, integer))
        power = builder.bitcast(power, x.type)
        e = fma(power, p, fma(power, number(-0.5), number(0.5)))
        return builder.fdiv(_call(builder, "copysign", e, x), builder.fsub(number(1.0), e))

    return x(x), codegen


@compiled
def _nothing():
    pass


with collector_paused():  # the first call of a process starts numba's machinery
    _nothing()
