"""The compiled loops: `run_states` (driven) and `run_closed_loop` (free). Arrays in, arrays out.

The only file here that imports numba; import it inside functions, so that `import reservoirs` stays
light. All kernels live here because numba's disk cache watches only the file of the function it
cached.

`packing` says how weights lie in memory. tanh is our own, because numba's calls the scalar C
library, 15 times slower than code the compiler can vectorise.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from reservoirs.packing import LANES, Blocks, Dense, Reservoir, Shifts, aligned, pad
from reservoirs.sequences import Array

# Reassociation would break the rounding trick in tanh: contraction to fused multiply-add only.
_OPTIONS: Any = {"nogil": True, "fastmath": {"contract", "nsz"}, "error_model": "numpy"}


def compiled(function: Any) -> Any:
    """Compile on first use, cached on disk where some cache folder is writable."""
    try:
        return njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # a read-only installation without NUMBA_CACHE_DIR
        return njit(**_OPTIONS)(function)


_intrinsic: Any = intrinsic  # its stubs do not know that the caller leaves the context out


@_intrinsic
def _bits(typingctx: Any, value: Any) -> Any:
    """Reinterpret a float as the integer of the same width."""
    integer = types.int64 if value == types.float64 else types.int32

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(integer))

    return integer(value), codegen


@_intrinsic
def _float(typingctx: Any, value: Any) -> Any:
    """Reinterpret an integer as the float of the same width."""
    real = types.float64 if value == types.int64 else types.float32

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(real))

    return real(value), codegen


@_intrinsic
def _copysign(typingctx: Any, magnitude: Any, sign: Any) -> Any:
    """Return |magnitude| with the sign of `sign`, as one vectorisable instruction."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = args[0].type
        name = "llvm.copysign.f64" if magnitude == types.float64 else "llvm.copysign.f32"
        callee = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(kind, [kind, kind]), name
        )
        return builder.call(callee, args)

    return magnitude(magnitude, sign), codegen


def tanh(x: Any) -> Any:
    """Return tanh(x) = -e / (2 + e) with e = expm1(-2|x|), without a branch.

    expm1(y) = 2^n expm1(r) + (2^n - 1), y = n log 2 + r, |r| <= log(2) / 2. Adding 1.5 * 2^52
    rounds y / log 2 to the integer n and leaves n in the low bits, from which a shift makes 2^n.
    Largest error 2.5 units in the last place in both precisions.

    Raises
    ------
    TypeError
        If called from Python: this is the name that compiled code uses.
    """
    raise TypeError("kernel.tanh is for compiled code; use numpy.tanh outside")


@overload(tanh, jit_options=_OPTIONS)
def _tanh(x: Any) -> Any:
    if x == types.float64:
        return _tanh64
    return _tanh32


_LOG2E = 1.4426950408889634
_ROUND64 = 6755399441055744.0  # 1.5 * 2^52
_LOG2_HIGH64 = 0.6931471803691238  # the first 33 bits of log 2, exact times any n
_LOG2_LOW64 = 1.9082149292705877e-10
_C = tuple(1.0 / float(np.prod(np.arange(1.0, k + 1))) for k in range(14))
(_2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13) = _C[2:]


def _tanh64(x: Any) -> Any:
    y = -2.0 * abs(x)
    y = -60.0 if y < -60.0 else y  # written so that NaN passes
    shifted = y * _LOG2E + _ROUND64
    n = shifted - _ROUND64
    r = (y - n * _LOG2_HIGH64) - n * _LOG2_LOW64
    p = ((((((_13 * r + _12) * r + _11) * r + _10) * r + _9) * r + _8) * r + _7) * r + _6
    p = (((p * r + _5) * r + _4) * r + _3) * r + _2
    p = p * r * r + r
    power = _float((_bits(shifted) + 1023) << 52)
    e = power * p + (power - 1.0)
    return _copysign(-e / (2.0 + e), x)


_F2, _F3, _F4, _F5, _F6, _F7 = (np.float32(c) for c in _C[2:8])
_ROUND32 = np.float32(12582912.0)  # 1.5 * 2^23
_LOG2E32 = np.float32(_LOG2E)
_LOG2_HIGH32 = np.float32(0.693359375)
_LOG2_LOW32 = np.float32(-2.1219444e-4)


def _tanh32(x: Any) -> Any:
    y = np.float32(-2.0) * abs(x)
    y = np.float32(-30.0) if y < np.float32(-30.0) else y
    shifted = y * _LOG2E32 + _ROUND32
    n = shifted - _ROUND32
    r = (y - n * _LOG2_HIGH32) - n * _LOG2_LOW32
    p = ((((_F7 * r + _F6) * r + _F5) * r + _F4) * r + _F3) * r + _F2
    p = p * r * r + r
    power = _float(np.int32((_bits(shifted) + 127) << 23))
    e = power * p + (power - np.float32(1.0))
    return _copysign(-e / (np.float32(2.0) + e), x)


@_intrinsic
def _add_rows(typingctx, values, columns, x, out, row, first, last):
    """Add the sum over k in [first, last) of values[k] * u[k] to out[row : row + 8].

    With a column per weight u[k] is x[columns[k]], loaded one by one (a gather instruction is
    slower on some machines); with one offset per k the neighbours from x[columns[k - first] + row].
    Eight sums stay in one register; LLVM cuts the eight lanes to what the machine has.
    """
    bits, packed = values.dtype.bitwidth, columns.dtype.bitwidth
    real, size = ir.DoubleType() if bits == 64 else ir.FloatType(), ir.IntType(64)
    lanes = ir.VectorType(real, LANES)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def data(i: int) -> Any:
            return context.make_array(signature.args[i])(context, builder, args[i]).data

        def vector(pointer: Any, index: Any) -> Any:
            return builder.bitcast(builder.gep(pointer, [index]), lanes.as_pointer())

        stored, where, state, target = data(0), data(1), data(2), vector(data(3), args[4])
        kind = ir.FunctionType(lanes, [lanes] * 3)
        fma = builder.module.declare_intrinsic(f"llvm.fma.v8f{bits}", fnty=kind)

        def together(k: Any) -> Any:
            """Load eight neighbours, from one offset."""
            offset = builder.load(builder.gep(where, [builder.sub(k, args[5])]))
            return builder.load(vector(state, builder.add(offset, args[4])), align=bits // 8)

        def one_by_one(k: Any) -> Any:
            """Load eight elements; their columns come several to a word, with fewer loads."""
            in_word, inputs = 64 // packed, ir.Constant(lanes, ir.Undefined)
            words = builder.bitcast(
                builder.gep(where, [builder.mul(k, ir.Constant(size, LANES))]), size.as_pointer()
            )
            for lane in range(LANES):
                word, place = divmod(lane, in_word)
                place = place if sys.byteorder == "little" else in_word - 1 - place
                column = builder.load(builder.gep(words, [ir.Constant(size, word)]), align=2)
                column = builder.lshr(column, ir.Constant(size, place * packed))
                column = builder.and_(column, ir.Constant(size, 2**packed - 1))
                element = builder.load(builder.gep(state, [column]))
                inputs = builder.insert_element(inputs, element, ir.Constant(ir.IntType(32), lane))
            return inputs

        load = together if columns.ndim == 1 else one_by_one
        total = cgutils.alloca_once(builder, lanes)
        builder.store(builder.load(target, align=bits // 8), total)
        with cgutils.for_range_slice(builder, args[5], args[6], ir.Constant(size, 1)) as (k, _):
            base = builder.mul(k, ir.Constant(size, LANES))
            weights = builder.load(vector(stored, base), align=bits // 8)
            builder.store(builder.call(fma, [weights, load(k), builder.load(total)]), total)
        builder.store(builder.load(total), target, align=bits // 8)
        return context.get_dummy_value()

    return types.void(values, columns, x, out, row, first, last), codegen


def add_recurrent(recurrent: Any, x: Any, twice: Any, out: Any) -> Any:
    """Add W x to out, for every layout of W; `twice` is room for two copies of x.

    Raises
    ------
    TypeError
        If called from Python: this is the name that compiled code uses.
    """
    raise TypeError("kernel.add_recurrent is for compiled code; use W @ x outside")


@overload(add_recurrent, jit_options=_OPTIONS)
def _add_recurrent(recurrent: Any, x: Any, twice: Any, out: Any) -> Any:
    return {Blocks: _add_blocks, Shifts: _add_shifts, Dense: _add_dense}[recurrent.instance_class]


def _add_blocks(recurrent: Any, x: Any, twice: Any, out: Any) -> Any:
    pointers = recurrent.pointers
    for block in range(len(pointers) - 1):
        first, last = pointers[block], pointers[block + 1]
        _add_rows(recurrent.values, recurrent.columns, x, out, block * 8, first, last)


def _add_shifts(recurrent: Any, x: Any, twice: Any, out: Any) -> Any:
    n_units, n_shifts = recurrent.n_units, len(recurrent.offsets)
    for i in range(n_units):  # written twice, so that no column index wraps around
        twice[i] = x[i]
    for i in range(n_units):
        twice[n_units + i] = x[i]
    for block in range(len(out) // 8):
        first = block * n_shifts
        _add_rows(
            recurrent.values, recurrent.offsets, twice, out, block * 8, first, first + n_shifts
        )


def _add_dense(recurrent: Any, x: Any, twice: Any, out: Any) -> Any:
    np.dot(recurrent.values, x, twice[: len(x)])
    for i in range(len(x)):
        out[i] += twice[i]


@compiled
def _step(recurrent, drive, leak_rate, linear, state, twice, new_state):
    """Step: x' = (1 - a) x + a f(W x + drive), f tanh or identity, with `drive` overwritten."""
    add_recurrent(recurrent, state, twice, drive)
    keep = drive.dtype.type(1.0) - leak_rate
    if linear:
        for i in range(len(drive)):
            new_state[i] = keep * state[i] + leak_rate * drive[i]
    else:
        for i in range(len(drive)):
            new_state[i] = keep * state[i] + leak_rate * tanh(drive[i])


@compiled
def _drive(inputs, input_weights, bias, drive):
    """Drive = W_in u + b, feature by feature, so that no BLAS kernel's blocking shows in it."""
    u = inputs[0]
    for i in range(len(drive)):
        drive[i] = bias[i] + input_weights[0, i] * u
    for k in range(1, len(inputs)):
        u = inputs[k]
        for i in range(len(drive)):
            drive[i] += input_weights[k, i] * u


@compiled
def _states(recurrent, input_weights, bias, leak_rate, linear, inputs, noise, work, n_units, out):
    old, new, drive, twice = work[0], work[1], work[2], work[3:].reshape(-1)
    for t in range(len(inputs)):
        _drive(inputs[t], input_weights, bias, drive)
        if len(noise):
            for i in range(n_units):
                drive[i] += noise[t, i]
        _step(recurrent, drive, leak_rate, linear, old, twice, new)
        out[t, :n_units] = new[:n_units]
        old, new = new, old
    return old


@njit(nogil=True, fastmath={"contract", "nsz", "reassoc"})
def _dot(a, b):
    """Return a'b, summed in vector instructions."""
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@compiled
def _free(
    recurrent, input_weights, bias, leak_rate, linear,
    work, first, exog, scale, shift, by_state, by_input, intercept, out
):  # fmt: skip
    n_outputs = len(first)
    n_exog = exog.shape[1]
    old, new, drive, twice = work[0], work[1], work[2], work[3:].reshape(-1)
    inputs = np.empty(n_outputs + n_exog, dtype=bias.dtype)
    observation = first.copy()
    for t in range(len(out)):
        for k in range(n_outputs):
            inputs[k] = observation[k] * scale[k] + shift[k]
        for k in range(n_exog):
            inputs[n_outputs + k] = exog[t, k]
        _drive(inputs, input_weights, bias, drive)
        _step(recurrent, drive, leak_rate, linear, old, twice, new)
        for j in range(n_outputs):
            total = intercept[j] + _dot(by_state[j], new)
            for k in range(n_outputs + n_exog):
                total += by_input[j, k] * inputs[k]
            observation[j] = total
            out[t, j] = total
        old, new = new, old
    return old


def _room(state: Array, dtype: Any) -> Array:
    """Return what a loop works in: the state, the next one, the drive, two copies of the state."""
    padded = pad(state, dtype)
    work = aligned((5, len(padded)), dtype)
    work[0] = padded
    return work


def run_states(
    inputs: Array,
    state: Array,
    reservoir: Reservoir,
    noise: Array | None = None,
    out: Array | None = None,
) -> tuple[Array, Array]:
    """Drive the reservoir with a known input and return every state.

    x[t] = (1 - a) x[t-1] + a f(W x[t-1] + W_in u[t] + b), f tanh or identity

    Parameters
    ----------
    inputs : (n_steps, n_features), u
    state : (n_units,), x before the first step; left unchanged
    reservoir : the weights
    noise : (n_steps, n_units), added inside f; None for none
    out : (n_steps, n_units or more) whose first columns take the states; None is a new array

    Returns
    -------
    states : (n_steps, n_units), row t is the state after u[t]
    last : (n_units,), the state to go on from

    References
    ----------
    Lukosevicius (2012), A practical guide to applying ESNs, eqs. 2-3.
    """
    dtype = reservoir.bias.dtype
    rows = np.ascontiguousarray(inputs, dtype=dtype)
    added = np.empty((0, 0), dtype=dtype) if noise is None else noise.astype(dtype)
    if out is None:
        out = np.empty((len(rows), reservoir.n_units), dtype=dtype)
    last = _states(
        reservoir.recurrent, reservoir.input_weights, reservoir.bias,
        dtype.type(reservoir.leak_rate), reservoir.linear, rows, added, _room(state, dtype),
        reservoir.n_units, out,
    )  # fmt: skip
    return out[:, : reservoir.n_units], last[: reservoir.n_units]


def run_closed_loop(
    first: Array,
    exog: Array,
    state: Array,
    reservoir: Reservoir,
    loop: tuple[Array, Array],
    readout: tuple[Array, Array],
) -> Array:
    """Run the reservoir on its own output: the prediction becomes the next observation.

    u[t] = [scale y[t-1] + shift, exog[t]],  y[t] = C [x[t]; u[t]] + c

    Parameters
    ----------
    first : (n_outputs,), the observation entered first, y[-1]
    exog : (n_steps, n_exog), known inputs, row t enters with y[t-1]
    state : (n_units,), x before the first step; left unchanged
    reservoir : the weights
    loop : scale and shift, (n_outputs,) each, from an output to the input it becomes
    readout : C (n_outputs, n_units + n_features) and c (n_outputs,)

    Returns
    -------
    (n_steps, n_outputs), y
    """
    dtype = reservoir.bias.dtype
    out = np.empty((len(exog), len(first)), dtype=np.float64)
    n_units, (C, c) = reservoir.n_units, readout
    _free(
        reservoir.recurrent, reservoir.input_weights, reservoir.bias,
        dtype.type(reservoir.leak_rate), reservoir.linear, _room(state, dtype),
        np.array(first, dtype=np.float64), np.ascontiguousarray(exog, dtype=np.float64),
        *(np.ascontiguousarray(a, dtype=np.float64) for a in loop),
        pad(C[:, :n_units], np.float64),
        *(np.ascontiguousarray(a, dtype=np.float64) for a in (C[:, n_units:], c)), out,
    )  # fmt: skip
    return out
