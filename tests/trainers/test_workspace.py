import torch

from trainers.network.workspace import Workspace


def test_a_name_and_a_shape_give_the_same_memory_again():
    workspace = Workspace(torch.zeros(1))
    workspace("h", 2, 3)[:] = 5.0

    assert (workspace("h", 2, 3) == 5.0).all()


def test_a_smaller_shape_is_a_view_of_the_same_memory():
    workspace = Workspace(torch.zeros(1))

    large, small = workspace("h", 4, 3), workspace("h", 2, 3)

    assert small.data_ptr() == large.data_ptr()
    assert workspace("h", 4, 3).data_ptr() == large.data_ptr()


def test_memory_that_is_too_small_is_replaced_and_all_its_views_with_it():
    workspace = Workspace(torch.zeros(1))
    workspace("h", 2, 3)

    large = workspace("h", 4, 3)

    assert workspace("h", 2, 3).data_ptr() == large.data_ptr()


def test_names_and_layers_have_memory_of_their_own():
    workspace = Workspace(torch.zeros(1))
    asked = [workspace, workspace.layer(0), workspace.layer(1)]

    places = {memory(name, 2).data_ptr() for memory in asked for name in ("h", "c")}

    assert len(places) == 6
    assert workspace.layer(1) is asked[2]


def test_tensors_have_the_dtype_of_the_one_given():
    assert Workspace(torch.zeros(1, dtype=torch.float64))("h", 2).dtype == torch.float64
