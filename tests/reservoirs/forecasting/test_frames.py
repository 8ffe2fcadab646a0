import numpy as np
import pandas as pd
from forecasters import ESN, F, S, fitted
from numpy.testing import assert_allclose

from reservoirs import ESNRegressor, load, next_step, save


def test_many_series_give_one_forecast_each_in_the_container_of_X():
    X, y = next_step([S[:200], S[200:330]], [F[:200], F[200:330]])
    model = fitted(ESN).fit(X, y)

    found = model.forecast(7, exog=[F[199:206], F[329:336]])
    contexts = model.forecast(7, context=[S[:200], S[200:330]], exog=[F[:206], F[200:336]])

    assert [f.shape for f in found] == [(7, 1), (7, 1)]
    assert_allclose(found[1], contexts[1], rtol=1e-9)


def test_a_3d_array_gives_a_3d_forecast():
    stack = np.stack([np.sin(0.2 * np.arange(150) + p) for p in (0, 1, 2)])[..., None]
    model = fitted(ESN).fit(*next_step(stack))

    assert model.forecast(5).shape == (3, 5, 1)


def test_1d_targets_give_a_1d_forecast():
    model = fitted(ESN).fit(*next_step(np.sin(0.2 * np.arange(300))))

    result = model.forecast(20)

    assert result.shape == (20,)
    assert_allclose(result, np.sin(0.2 * np.arange(300, 320)), atol=1e-3)


def test_a_data_frame_gives_a_data_frame_with_its_index_continued():
    index = pd.date_range("2020-01-01", periods=300, freq="h")
    frame = pd.DataFrame({"x": np.sin(0.2 * np.arange(300))}, index=index)
    model = fitted(ESN).fit(*next_step(frame))

    result = model.forecast(3)

    assert list(result.columns) == ["x"]
    assert result.index[0] == index[-1] + pd.Timedelta(hours=1)


def test_a_multi_index_frame_continues_every_series():
    ids = pd.MultiIndex.from_product([["a", "b"], range(150)], names=["series", "t"])
    frame = pd.DataFrame({"x": np.sin(0.2 * np.arange(300))}, index=ids)
    X = frame.groupby(level=0).head(149)
    y = frame.groupby(level=0).tail(149).to_numpy()
    model = fitted(ESN).fit(X, y)

    result = model.forecast(4)

    assert result.loc["a"].shape == (4, 1)
    assert result.loc["b"].index[0] == 150


def test_columns_of_two_levels_come_back_as_such():
    names = pd.MultiIndex.from_tuples([("close", "a"), ("close", "b")])
    T = np.arange(100.0)[:, None]
    frame = pd.DataFrame(np.sin(0.2 * T + [0, 1]), columns=names)
    model = ESNRegressor(n_units=20, random_state=0).fit(*next_step(frame))

    assert model.forecast(2).columns.equals(names)
    assert model.backtest(frame, horizon=2, step=40)[1].columns.equals(names)


def test_columns_keep_the_names_of_their_levels(tmp_path):
    two = np.c_[np.sin(0.3 * np.arange(60)), np.cos(0.3 * np.arange(60))]
    levels = pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["var", "unit"])
    pairs = pd.Index([("a", 1), ("b", 2)], name="var", tupleize_cols=False)
    for columns in (levels, pairs, pd.Index(["a", "b"], name="var"), pd.Index(["a", "b"])):
        frame = pd.DataFrame(two, columns=columns, index=pd.date_range("2024", periods=60))
        panel = pd.concat({"A": frame, "B": frame}, names=["site", "day"])
        model = ESNRegressor(n_units=10, random_state=0)
        for rows in (frame, panel, [frame, frame]):
            save(model.fit(*next_step(rows)), tmp_path / "model")
            again = load(tmp_path / "model")
            for found in (
                model.forecast(2), again.forecast(2), again.forecast(2, context=rows),
                *model.backtest(rows, horizon=2, step=20),
            ):  # fmt: skip
                found = found[0] if isinstance(found, list) else found
                pd.testing.assert_index_equal(found.columns, columns)
