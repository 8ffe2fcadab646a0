import io

import numpy as np
import pytest
from safetensors.numpy import save as pack

from reservoirs.persistence.arrays import read_arrays


def entry(dtype="F64", shape=(2,), offsets=(0, 16)):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}


@pytest.mark.parametrize(
    "dtype", ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]
)
def test_every_type_that_save_writes_is_read(dtype):
    written = {"a": np.arange(6).reshape(2, 3).astype(dtype), "b": np.ones((), dtype)}
    data = pack(written)
    length = int.from_bytes(data[:8], "little")
    header = eval(data[8 : 8 + length])

    read = read_arrays(io.BytesIO(data[8 + length :]), header, len(data) - 8 - length)

    for name, array in written.items():
        assert read[name].dtype == array.dtype
        assert read[name].flags.writeable
        np.testing.assert_array_equal(read[name], array)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ({"a": entry(shape=(3,))}, "does not lie where"),
        ({"a": entry(), "b": entry()}, "does not fit|does not lie where"),
        ({"a": entry(offsets=(8, 24))}, "does not lie where"),
        ({"a": entry(shape=(1,), offsets=(0, 8))}, "have 8 bytes, the file 16"),
        ({"a": entry(shape=(0, 2**40), offsets=(0, 0))}, "does not fit"),
        ({"a": entry(shape=(2**70,))}, "does not fit"),
        ({"a": entry(shape=(-1,))}, "does not fit"),
        ({"a": entry(shape=(True, 2))}, "does not fit"),
        ({"a": entry(shape=(1,) * 9)}, "does not fit"),
    ],
)
def test_arrays_that_do_not_fill_the_file_are_refused(entries, message):
    with pytest.raises(ValueError, match=message):
        read_arrays(io.BytesIO(bytes(16)), entries, 16)
