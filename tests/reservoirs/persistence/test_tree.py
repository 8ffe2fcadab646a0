import json
import math

import numpy as np
import pytest
import scipy.sparse
from numpy.testing import assert_array_equal

from reservoirs.persistence.tree import Reader, Writer


def there_and_back(value):
    """Write a value, send the tree through JSON, and read it."""
    writer = Writer()
    tree = json.loads(json.dumps(writer.write(value), allow_nan=False))
    return Reader(writer.arrays).read(tree)


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        "text",
        0.1,
        math.inf,
        [1, "a", None],
        (1, (2, 3)),
        {"a": 1, 2: [3]},
        np.float32(0.1),
        np.int64(7),
        np.bool_(True),
    ],
    ids=repr,
)
def test_a_value_comes_back_as_it_was(value):
    again = there_and_back(value)

    assert type(again) is type(value)
    assert again == value


def test_a_number_that_is_not_one_comes_back_too():
    assert math.isnan(there_and_back(math.nan))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.float32([1, 2]),
        np.array(["a", "bc"]),
        np.array(["a", "bc"], dtype=object),
        np.empty((0, 3)),
        np.array(1.5),
    ],
    ids=["C order", "Fortran order", "float32", "text", "objects", "empty", "no axis"],
)
def test_an_array_comes_back_with_its_type_and_order(array):
    again = there_and_back(array)

    assert again.dtype == array.dtype
    assert again.flags.f_contiguous == array.flags.f_contiguous
    assert_array_equal(again, array)


def test_an_array_that_was_read_only_is_so_again():
    array = np.ones(3)
    array.flags.writeable = False

    assert not there_and_back(array).flags.writeable


@pytest.mark.parametrize("kind", [scipy.sparse.csr_array, scipy.sparse.csc_matrix])
def test_a_sparse_array_comes_back_in_its_format(kind):
    again = there_and_back(kind(np.eye(3)))

    assert type(again) is kind
    assert_array_equal(again.toarray(), np.eye(3))


def test_an_object_that_occurs_twice_is_written_once():
    array = np.ones(3)

    first, second = there_and_back([array, array])

    assert first is second


def test_a_random_state_goes_on_where_it_was():
    generator = np.random.RandomState(0)
    generator.standard_normal(3)

    again = there_and_back(generator)

    assert again.standard_normal() == generator.standard_normal()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([1, {2, 3}], r"model\[1\] is a builtins.set, which no file can hold"),
        ({"a": np.array([1, 2j])}, r"model\['a'\] is an array of complex128"),
        (np.array([1, "a"], dtype=object), "an object array that holds more than text"),
    ],
)
def test_what_no_file_can_hold_is_named(value, message):
    with pytest.raises(TypeError, match=message):
        Writer().write(value)


def test_a_node_of_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match=r"unknown kind, \['number', 'song'\]"):
        Reader({}).read({"number": 0, "song": "la"})
