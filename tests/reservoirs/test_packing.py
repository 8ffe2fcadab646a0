import gc

import numpy as np
import pytest

from reservoirs.packing import PackedCache


class Owner:
    pass


@pytest.fixture
def frozen():
    array = np.ones(3)
    array.setflags(write=False)
    return (array,)


def test_weights_are_packed_once_while_arrays_and_settings_stay(frozen):
    cache, owner = PackedCache(), Owner()
    first = cache.get(owner, frozen, ("a",), object)

    assert cache.get(owner, frozen, ("a",), object) is first
    assert cache.get(owner, frozen, ("b",), object) is not first


def test_equal_arrays_that_are_others_are_packed_anew(frozen):
    cache, owner = PackedCache(), Owner()
    other = frozen[0].copy()
    other.setflags(write=False)
    first = cache.get(owner, frozen, (), object)

    assert cache.get(owner, (other,), (), object) is not first


def test_arrays_that_can_be_written_to_are_packed_each_time():
    cache, owner, arrays = PackedCache(), Owner(), (np.ones(3),)

    assert cache.get(owner, arrays, (), object) is not cache.get(owner, arrays, (), object)


def test_packed_weights_go_with_their_owner(frozen):
    cache, owner = PackedCache(), Owner()
    cache.get(owner, frozen, (), object)

    del owner
    gc.collect()

    assert len(cache._entries) == 0
