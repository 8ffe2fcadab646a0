"""The compiled loops: `run_states` (driven) and `run_closed_loop` (free). Arrays in, arrays out.

The only file that imports numba; import it inside functions, so that `import reservoirs` stays
light. All kernels live here because numba's disk cache watches only the file of the function it
cached.

Recurrent weights are stored for eight rows at a time ("SELL-8"): a block of eight rows is padded
to its longest row, and its nonzeros lie one column of eight after the other, so that eight units
are summed side by side. tanh is our own, because numba's calls the scalar C library, 15 times
slower than code the compiler can vectorise.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from reservoirs.sequences import Array

LANES = 8
# Reassociation would break the rounding trick in tanh: contraction to fused multiply-add only.
_OPTIONS: Any = {"nogil": True, "fastmath": {"contract", "nsz"}, "error_model": "numpy"}


def _compile(function: Any) -> Any:
    """Compile on first use, cached on disk where some cache folder is writable."""
    try:
        return njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # a read-only installation without NUMBA_CACHE_DIR
        return njit(**_OPTIONS)(function)


class Recurrent(NamedTuple):
    """Recurrent weights in blocks of eight rows.

    Attributes
    ----------
    values : (n_stored, 8), a nonzero of each of the eight rows of a block, padded with zeros
    columns : (n_stored, 8) uint32, where they stand (signed indices cost a fifth more)
    pointers : (n_blocks + 1,), block b owns the stored rows pointers[b] to pointers[b + 1]
    """

    values: Array
    columns: Array
    pointers: Array


class Reservoir(NamedTuple):
    """All weights of a reservoir, padded to a multiple of eight units with units that stay 0.

    Attributes
    ----------
    recurrent : W
    input_weights : (n_features, n_padded), W_in transposed
    bias : (n_padded,)
    leak_rate : a in (0, 1]
    n_units : units without padding
    """

    recurrent: Recurrent
    input_weights: Array
    bias: Array
    leak_rate: float
    n_units: int


def pack(weights: Any, dtype: Any) -> Recurrent:
    """Store a sparse or dense (n_units, n_units) W in blocks of eight rows."""
    csr = scipy.sparse.csr_array(weights)
    n_units = csr.shape[0]
    counts = np.diff(csr.indptr)
    n_blocks = -(-n_units // LANES)
    padded = np.zeros(n_blocks * LANES, dtype=np.intp)
    padded[:n_units] = counts
    widths = padded.reshape(n_blocks, LANES).max(axis=1)
    pointers = np.concatenate([[0], np.cumsum(widths)]).astype(np.intp)
    values = np.zeros((pointers[-1], LANES), dtype=dtype)
    columns = np.zeros((pointers[-1], LANES), dtype=np.uint32)
    row = np.repeat(np.arange(n_units), counts)
    within = np.arange(csr.nnz) - np.repeat(csr.indptr[:-1], counts)
    where = pointers[row // LANES] + within
    values[where, row % LANES] = csr.data
    columns[where, row % LANES] = csr.indices
    return Recurrent(values, columns, pointers)


def pad(array: Array, dtype: Any) -> Array:
    """Return a contiguous copy whose last axis is filled with zeros to a multiple of eight."""
    missing = -array.shape[-1] % LANES
    widths = [(0, 0)] * (array.ndim - 1) + [(0, missing)]
    return np.ascontiguousarray(np.pad(array, widths), dtype=dtype)


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


@_compile
def _step(values, columns, pointers, drive, leak_rate, state, new_state):
    """X' = (1 - a) x + a tanh(W x + drive), with `drive` overwritten."""
    for block in range(len(pointers) - 1):
        row = block * 8
        s0, s1, s2, s3 = drive[row], drive[row + 1], drive[row + 2], drive[row + 3]
        s4, s5, s6, s7 = drive[row + 4], drive[row + 5], drive[row + 6], drive[row + 7]
        for k in range(pointers[block], pointers[block + 1]):
            s0 += values[k, 0] * state[columns[k, 0]]
            s1 += values[k, 1] * state[columns[k, 1]]
            s2 += values[k, 2] * state[columns[k, 2]]
            s3 += values[k, 3] * state[columns[k, 3]]
            s4 += values[k, 4] * state[columns[k, 4]]
            s5 += values[k, 5] * state[columns[k, 5]]
            s6 += values[k, 6] * state[columns[k, 6]]
            s7 += values[k, 7] * state[columns[k, 7]]
        drive[row], drive[row + 1], drive[row + 2], drive[row + 3] = s0, s1, s2, s3
        drive[row + 4], drive[row + 5], drive[row + 6], drive[row + 7] = s4, s5, s6, s7
    keep = drive.dtype.type(1.0) - leak_rate
    for i in range(len(drive)):
        new_state[i] = keep * state[i] + leak_rate * tanh(drive[i])


@_compile
def _drive(inputs, input_weights, bias, drive):
    """Drive = W_in u + b, feature by feature, so that no BLAS kernel's blocking shows in it."""
    for i in range(len(drive)):
        drive[i] = bias[i]
    for k in range(len(inputs)):
        u = inputs[k]
        for i in range(len(drive)):
            drive[i] += input_weights[k, i] * u


@_compile
def _states(values, columns, pointers, input_weights, bias, leak_rate, inputs, noise, state, out):
    n_units = out.shape[1]
    old, new = state.copy(), state.copy()
    drive = np.empty_like(bias)
    for t in range(len(inputs)):
        _drive(inputs[t], input_weights, bias, drive)
        if len(noise):
            for i in range(n_units):
                drive[i] += noise[t, i]
        _step(values, columns, pointers, drive, leak_rate, old, new)
        out[t] = new[:n_units]
        old, new = new, old
    return old


@_compile
def _free(
    values, columns, pointers, input_weights, bias, leak_rate,
    state, first, exog, scale, shift, coefficients, intercept, out
):  # fmt: skip
    n_outputs = len(first)
    n_exog = exog.shape[1]
    n_states = coefficients.shape[1] - n_outputs - n_exog
    old, new = state.copy(), state.copy()
    drive = np.empty_like(bias)
    inputs = np.empty(n_outputs + n_exog, dtype=bias.dtype)
    observation = first.copy()
    for t in range(len(out)):
        for k in range(n_outputs):
            inputs[k] = observation[k] * scale[k] + shift[k]
        for k in range(n_exog):
            inputs[n_outputs + k] = exog[t, k]
        _drive(inputs, input_weights, bias, drive)
        _step(values, columns, pointers, drive, leak_rate, old, new)
        for j in range(n_outputs):
            total = intercept[j]
            for i in range(n_states):
                total += coefficients[j, i] * new[i]
            for k in range(n_outputs + n_exog):
                total += coefficients[j, n_states + k] * inputs[k]
            observation[j] = total
            out[t, j] = total
        old, new = new, old
    return old


def run_states(
    inputs: Array, state: Array, reservoir: Reservoir, noise: Array | None = None
) -> tuple[Array, Array]:
    """Drive the reservoir with a known input and return every state.

    x[t] = (1 - a) x[t-1] + a tanh(W x[t-1] + W_in u[t] + b)

    Parameters
    ----------
    inputs : (n_steps, n_features), u
    state : (n_units,), x before the first step; left unchanged
    reservoir : the weights
    noise : (n_steps, n_units), added inside tanh; None for none

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
    out = np.empty((len(rows), reservoir.n_units), dtype=dtype)
    last = _states(
        *reservoir.recurrent, reservoir.input_weights, reservoir.bias,
        dtype.type(reservoir.leak_rate), rows, added, pad(state, dtype), out,
    )  # fmt: skip
    return out, last[: reservoir.n_units]


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
    _free(
        *reservoir.recurrent, reservoir.input_weights, reservoir.bias,
        dtype.type(reservoir.leak_rate), pad(state, dtype),
        np.array(first, dtype=np.float64), np.ascontiguousarray(exog, dtype=np.float64),
        *(np.ascontiguousarray(a, dtype=np.float64) for a in (*loop, *readout)), out,
    )  # fmt: skip
    return out
