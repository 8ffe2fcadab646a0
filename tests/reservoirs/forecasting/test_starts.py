import numpy as np
import pytest
from forecasters import ESN, F, S, T, fitted

from reservoirs import next_step


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_steps": 0}, "n_steps must be an integer >= 1"),
        ({"n_steps": 5}, r"pass exog with shape \(5, 1\)"),
        ({"n_steps": 5, "exog": F[:4]}, r"exog must have shape \(5, 1\).*got \(4, 1\)"),
        ({"n_steps": 5, "exog": F[:6]}, r"exog must have shape \(5, 1\)"),
        ({"n_steps": 5, "exog": np.full((5, 1), np.nan)}, "exog contains NaN"),
        ({"n_steps": 5, "context": S[:9], "exog": F[:12]}, r"exog must have shape \(13, 1\)"),
        ({"n_steps": 5, "context": np.hstack([S, F])[:9]}, "observations only"),
        ({"n_steps": 5, "context": S[:0], "exog": F[:5]}, "context must hold at least one row"),
        ({"n_steps": 5, "context": S[:9] * np.nan, "exog": F[:13]}, "context contains NaN"),
    ],
)
def test_a_bad_call_says_what_is_wrong(arguments, message):
    model = fitted(ESN)

    with pytest.raises(ValueError, match=message):
        model.forecast(**arguments)


def test_superfluous_exog_is_refused():
    model = fitted(ESN).fit(*next_step(S[:T]))

    with pytest.raises(ValueError, match=r"exog must have shape \(5, 0\).*leave exog out"):
        model.forecast(5, exog=F[:5])
