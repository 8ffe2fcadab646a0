import pytest

from reservoirs import ESNRegressor
from reservoirs.estimators.settings import check_settings


def test_settings_are_validated_again_only_when_one_changed(monkeypatch):
    model, calls = ESNRegressor(), []
    validate = ESNRegressor._validate_params
    monkeypatch.setattr(
        ESNRegressor, "_validate_params", lambda self: (calls.append(1), validate(self))
    )

    check_settings(model)
    check_settings(model)
    check_settings(model.set_params(leak_rate=0.25))

    assert len(calls) == 2


def test_a_setting_out_of_its_range_is_refused_each_time():
    model = ESNRegressor(leak_rate=2.0)

    for _ in range(2):
        with pytest.raises(ValueError, match="'leak_rate' parameter"):
            check_settings(model)
