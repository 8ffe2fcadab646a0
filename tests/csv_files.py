"""CSV files as people have them, each with what comes after its end."""

import numpy as np
import pandas as pd


def wave(n, season, trend=0.0, noise=1.0, seed=0):
    t = np.arange(n)
    rng = np.random.default_rng(seed)
    return 100 + trend * t + 20 * np.sin(2 * np.pi * t / season) + noise * rng.normal(size=n)


def series(n, freq, season, start="2023-01-02", **settings):
    index = pd.date_range(start, periods=n, freq=freq, name="time")
    return pd.DataFrame({"load": wave(n, season, **settings)}, index)


def weather(n, n_ahead):
    """Hourly load of a town that follows temperature and a kind of day, known beyond its end."""
    frame = series(n + n_ahead, "h", 24, noise=0.5)
    rng = np.random.default_rng(1)
    temperature = np.convolve(rng.normal(size=len(frame)), np.ones(24) / 5, "same")
    frame["temperature"] = temperature
    frame["day"] = np.where(frame.index.dayofweek < 5, "work", "free")
    frame["load"] += 5 * temperature + 10 * (frame["day"] == "work")
    truth = frame["load"].to_numpy()[n:].copy()
    frame.loc[frame.index[n:], "load"] = np.nan
    return frame, truth
