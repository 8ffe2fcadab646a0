import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal

from reservoirs import ESNRegressor, next_step
from reservoirs.joining import join_series

T = np.arange(60.0)
FRAME = pd.DataFrame({"y": np.sin(0.3 * T), "z": np.cos(0.2 * T)})
EXOG = pd.DataFrame({"f": np.sin(0.1 * T), "g": np.cos(0.17 * T)})
KINDS = [lambda frame: frame, pl.DataFrame]


@pytest.mark.parametrize("kind", KINDS, ids=["pandas", "polars"])
def test_columns_of_a_list_are_found_by_name_in_every_verb(kind):
    frames, forces = [FRAME[:40], FRAME[:50]], [EXOG[:40], EXOG[:50]]
    ahead = [EXOG[39:42], EXOG[49:52]]

    def turned(tables, names):  # the second has its columns in another order
        return [kind(tables[0]), kind(tables[1][names].reset_index(drop=True))]

    def fit(series, exog):
        return ESNRegressor(n_units=20, random_state=0).fit(*next_step(series, exog))

    plain = fit([f.to_numpy() for f in frames], [f.to_numpy() for f in forces])
    model = fit(turned(frames, ["z", "y"]), turned(forces, ["g", "f"]))

    assert_array_equal(model.coef_, plain.coef_)
    along = [EXOG[:42].to_numpy(), EXOG[:52].to_numpy()]
    wanted = plain.forecast(3, context=[f.to_numpy() for f in frames], exog=along)
    exog = [kind(EXOG[:42]), kind(EXOG[:52][["g", "f"]])]
    found = model.forecast(3, context=turned(frames, ["z", "y"]), exog=exog)
    assert_array_equal(np.stack(found), np.stack(wanted))
    if kind is pl.DataFrame:  # the rows of a pandas exog go by their labels
        wanted = plain.forecast(3, exog=[f.to_numpy() for f in ahead])
        assert_array_equal(model.forecast(3, exog=turned(ahead, ["g", "f"])), wanted)


def test_a_list_of_other_columns_is_refused_with_both():
    with pytest.raises(ValueError, match=r"\['y', 'z'\] in series 0 and \['z', 'x'\] in series 1"):
        join_series([FRAME, FRAME.set_axis(["z", "x"], axis=1)])


def test_arrays_among_frames_go_by_position():
    joined = join_series([FRAME, FRAME.to_numpy()])

    assert_array_equal(joined, np.concatenate([FRAME, FRAME]))
