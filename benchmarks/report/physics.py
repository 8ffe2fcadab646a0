"""Pictures that physicists ask for: resonance, limit cycles, climate, space-time, memory."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from scipy.signal import argrelmax, hilbert, welch

from benchmarks.protocols.physics import amplitude
from benchmarks.report.palette import Result, sparse
from reservoirs.display import MemoryCapacityDisplay, ReservoirSpectrumDisplay

FIELD = 8  # variables from which on they are places
FLOW = 3  # variables of a system that has a return map


def _with(results: list[Result], name: str) -> list[Result]:
    return [r for r in results if name in r.typical()]


def resonance(results: list[Result], title: str) -> Figure | None:
    """Draw gain and phase against the frequency of the force, the oscillator's own in grey.

    None where there is nothing to draw.
    """
    drawn = [r for r in _with(results, "gain") if np.isfinite(r.typical()["gain"]).all()]
    drawn = [r for r in drawn if r.typical()["gain"].min() > 1e-6]
    if not drawn:
        return None
    figure = Figure(figsize=(10, 4.1), layout="constrained")
    left, right = figure.subplots(1, 2)
    arrays = drawn[0].typical()
    # A phase jumps by 2 pi where it leaves (-pi, pi]; the curve must not.
    for axes, values in ((left, arrays["true_gain"]), (right, np.unwrap(arrays["true_phase"]))):
        axes.plot(arrays["tones"], values, color="#333333", lw=5, alpha=0.3, label="oscillator")
    for result in drawn:
        arrays, style = result.typical(), result.line
        for axes, name in ((left, "gain"), (right, "phase")):
            values = arrays[name] if name == "gain" else np.unwrap(arrays[name])
            axes.plot(
                arrays["tones"],
                values,
                color=result.colour,
                ls=style,
                marker=".",
                lw=1.2,
                label=result.label,
            )
    left.set(xscale="log", yscale="log", xlabel="angular frequency of the force", ylabel="gain")
    right.set(xscale="log", xlabel="angular frequency of the force", ylabel="phase (rad)")
    figure.legend(
        *left.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=7
    )
    sparse(left.xaxis, left.yaxis, right.xaxis)
    figure.suptitle(f"{title}: resonance, learned from a random force", fontsize=10)
    return figure


def limit_cycle(results: list[Result], title: str) -> Figure | None:
    """Draw the phase drift of free runs, and the amplitude after a kick of 20 %.

    None where there is nothing to draw.
    """
    drawn = [r for r in _with(results, "kicked") if np.isfinite(r.typical()["prediction"]).all()]
    drawn = [r for r in drawn if r.typical()["prediction"].std() > 0]  # something must move
    if not drawn:
        return None
    figure = Figure(figsize=(10, 4.1), layout="constrained")
    left, right = figure.subplots(1, 2)
    for result in drawn:
        arrays, style = result.typical(), result.line
        truth, guess = arrays["truth"][:, 0], arrays["prediction"][:, 0]
        left.plot(
            _phase(guess) - _phase(truth), color=result.colour, ls=style, lw=1.1, label=result.label
        )
        # A run that leaves the cycle would set the scale for all others, hence the clip.
        ratio = amplitude(arrays["kicked"]) / np.maximum(amplitude(arrays["unkicked"]), 1e-9)
        right.plot(np.clip(ratio, 0.5, 2.0), color=result.colour, ls=style, lw=1.1)
    left.set(xlabel="steps after the last known value", ylabel="phase drift (rad)")
    right.set(xlabel="steps after the kick", ylabel="amplitude / amplitude without kick")
    for axes in (left, right):
        axes.grid(alpha=0.25)
    figure.legend(
        *left.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=7
    )
    figure.suptitle(f"{title}: phase drift, and recovery from a kick", fontsize=10)
    return figure


def _phase(x: np.ndarray) -> np.ndarray:
    # The angle of the analytic signal; an offset would move the orbit off its centre.
    return np.asarray(np.unwrap(np.angle(hilbert(x - x.mean()))))


def valid_times(results: list[Result], title: str) -> Figure | None:
    """Draw the distribution of valid times over starts and seeds.

    None where there is nothing to draw.
    """
    drawn = _with(results, "samples")
    if not drawn:
        return None
    figure = Figure(figsize=(8.5, 0.42 * len(drawn) + 1.3), layout="constrained")
    axes = figure.subplots()
    samples = [np.concatenate([a["samples"] for a in r.arrays if "samples" in a]) for r in drawn]
    boxes = axes.boxplot(
        samples,
        orientation="horizontal",
        patch_artist=True,
        showfliers=False,
        widths=0.6,
        medianprops={"color": "#000000"},
    )
    for box, result in zip(boxes["boxes"], drawn, strict=True):
        box.set(facecolor=result.colour, alpha=0.6)
    # Heights at random, so that equal times do not hide each other.
    rng = np.random.default_rng(0)
    for i, sample in enumerate(samples):
        height = i + 1 + rng.uniform(-0.2, 0.2, len(sample))
        axes.plot(sample, height, ".", ms=2, alpha=0.4, color="#000000")
    labels = [f"{r.label}, {len(s)} starts" for r, s in zip(drawn, samples, strict=True)]
    axes.set_yticks(1 + np.arange(len(drawn)), labels, fontsize=8)
    axes.invert_yaxis()
    axes.set(xlabel="valid time (Lyapunov times, error 0.3)", title=title)
    axes.grid(alpha=0.25, axis="x")
    return figure


def climate(results: list[Result], title: str) -> Figure | None:
    """Draw spectrum and density of the first variable, truth and free runs, and maxima of the last.

    Only runs that stayed finite are drawn: what is asked is whether the attractor is kept long
    after the forecast has lost its way. They are the long runs where records hold them.

    None where there is nothing to draw.
    """
    drawn = [r for r in results if r.learner and (r.typical().keys() & {"samples", "long_run"})]
    runs = [(r.label, r.colour, *_long_run(r), 1.2) for r in drawn]
    runs = [run for run in runs if np.isfinite(run[3]).all()]
    if not runs:
        return None
    flow = runs[0][2].shape[1] == FLOW  # else no single variable has a map
    figure = Figure(figsize=(11.5 if flow else 8.0, 3.9), layout="constrained")
    spectrum, density, *maxima = figure.subplots(1, 3 if flow else 2)
    lines = [("truth", "#333333", runs[0][2], 3.5)]
    lines += [(label, shade, run, width) for label, shade, _, run, width in runs]
    for label, colour, rows, width in lines:
        style = {"color": colour, "lw": width, "alpha": 0.4 if label == "truth" else 0.9}
        frequency, power = welch(rows[:, 0], nperseg=min(1024, len(rows)))
        # Frequency 0 has no place on a logarithmic axis.
        spectrum.plot(frequency[1:], power[1:], label=label, **style)
        density.hist(rows[:, 0], bins=60, density=True, histtype="step", **style)
        for axes in maxima:
            # Lorenz's map of successive maxima, almost a curve for some flows: a sharp test.
            peaks = rows[argrelmax(rows[:, -1])[0], -1]
            axes.plot(
                peaks[:-1],
                peaks[1:],
                ".",
                ms=5 if label == "truth" else 2,
                color=colour,
                alpha=style["alpha"],
            )
            axes.set(xlabel="maximum of the last variable", ylabel="next maximum")
    spectrum.set(yscale="log", xscale="log", xlabel="frequency (1 / step)", ylabel="power")
    density.set(xlabel="first variable, as methods see it", ylabel="density")
    figure.legend(
        *spectrum.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=7
    )
    figure.suptitle(f"{title}: climate of one long free run", fontsize=10)
    return figure


def _long_run(result: Result) -> tuple[np.ndarray, np.ndarray]:
    """Return truth and free run, of earlier records those of the forecast."""
    arrays = result.typical()
    if "long_run" in arrays:
        return arrays["long_truth"], arrays["long_run"]
    return arrays["truth"], arrays["prediction"]


def space_time(results: list[Result], title: str) -> Figure | None:
    """Draw truth, forecast and difference of a field over space and time.

    None where there is nothing to draw.
    """
    drawn = [r for r in _with(results, "time") if r.learner]
    drawn = [r for r in drawn if r.typical()["truth"].shape[1] >= FIELD]
    if not drawn:
        return None
    result = drawn[0]
    arrays, unit = result.typical(), result.typical()["time"][0]
    truth, guess = arrays["truth"].T, np.nan_to_num(arrays["prediction"].T)
    # All three share the truth's scale, whatever the forecast does.
    reach, extent = np.abs(truth).max(), (0, unit * truth.shape[1], 0, len(truth))
    figure = Figure(figsize=(9.5, 5.4), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True)
    for axes, field, name in zip(
        panels, (truth, guess, guess - truth), ("truth", "forecast", "difference"), strict=True
    ):
        image = axes.imshow(
            field,
            aspect="auto",
            cmap="RdBu_r",
            vmin=-reach,
            vmax=reach,
            origin="lower",
            extent=extent,
        )
        axes.set_ylabel(f"{name}\nplace")
    panels[-1].set_xlabel("Lyapunov times")
    figure.colorbar(image, ax=list(panels), label="std", shrink=0.8, pad=0.01)
    figure.suptitle(f"{title}: {result.label}", fontsize=10)
    return figure


def memory(results: list[Result], title: str) -> Figure | None:
    """Draw what is remembered of every delay, and the eigenvalues of the recurrent weights.

    None where there is nothing to draw.
    """
    drawn = _with(results, "memory")
    if not drawn:
        return None
    figure = Figure(figsize=(10, 4.1), layout="constrained")
    left, right = figure.subplots(1, 2)
    for result in drawn:
        arrays = result.typical()
        style = result.line
        MemoryCapacityDisplay(arrays["memory"]).plot(
            left, color=result.colour, label=result.label, ls=style
        )
        if "eigenvalues" in arrays:
            values = arrays["eigenvalues"] @ [1, 1j]
            ReservoirSpectrumDisplay(values).plot(right, color=result.colour)
    figure.legend(
        *left.get_legend_handles_labels(), loc="outside lower center", ncols=3, fontsize=7
    )
    figure.suptitle(title, fontsize=10)
    return figure
