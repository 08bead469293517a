"""An analysis in plain words: what to do, how sure that is, and what would change it."""

from __future__ import annotations

import math

from burnish.evals.report.words import p_text
from burnish.experiments.analysis import EARLY, Analysis, Arm, Contrast
from burnish.experiments.figures import figure, interval_of, percent
from burnish.experiments.fixed import quantile

# What is worth waiting for is told up to so many units; beyond, a larger effect has to be sought.
_MOST = 10_000_000


def verdict(analysis: Analysis) -> str:
    """One paragraph."""
    if analysis.ratio is not None and analysis.ratio.broken:
        return (
            f"No verdict: units did not come in the planned shares (p {analysis.ratio.p:.1g}): "
            "something keeps some away, so no variant is called better before that is found."
        )
    winner = analysis.winner
    if not winner:
        return _open(analysis)
    if winner == analysis.control:
        worst = [f"{each.variant} {figures(each)}" for each in analysis.contrasts]
        return f"Keep {winner}: every other variant is worse ({'; '.join(worst)})."
    contrast = next(each for each in analysis.contrasts if each.variant == winner)
    bound = contrast.interval.high if analysis.design.lower_is_better else contrast.interval.low
    text = f"Take {winner}: {_values(analysis, contrast)}, {figures(contrast)}."
    return (
        f"{text} The advantage may be as small as {figure(abs(bound))}.{_rivals(analysis, winner)}"
    )


def figures(contrast: Contrast) -> str:
    """`+0.03 [0.01, 0.05], p 0.012`."""
    interval = contrast.interval
    text = f"{figure(contrast.difference, sign=True)} {interval_of(interval.low, interval.high)}"
    if contrast.p is not None:
        text += f", {p_text(contrast.p)}"
    elif contrast.above is not None:
        text += f", {percent(contrast.above)} sure that it is greater"
    return text


def _values(analysis: Analysis, contrast: Contrast) -> str:
    ours, theirs = _arm(analysis, contrast.variant), _arm(analysis, contrast.control)
    text = f"{analysis.metric} {figure(ours.value)} against {figure(theirs.value)}"
    if contrast.pairs is not None:
        return f"{text} over {contrast.pairs:,} examples"
    return f"{text} ({ours.n:,} and {theirs.n:,} units)"


def _open(analysis: Analysis) -> str:
    """Nothing is shown: how far off it is."""
    closest = max(analysis.contrasts, key=lambda each: abs(each.difference))
    text = (
        f"No difference is shown between {closest.variant} and {closest.control}: "
        f"{_values(analysis, closest)}, {figures(closest)}."
    )
    if _settled(analysis):
        matters = analysis.design.matters
        return f"{text} What difference there is, is smaller than the {matters:g} that matters."
    return f"{text} {_wanted(analysis, closest)}"


def _settled(analysis: Analysis) -> bool:
    matters = analysis.design.matters
    return matters is not None and all(
        -matters < each.interval.low and each.interval.high < matters for each in analysis.contrasts
    )


def _wanted(analysis: Analysis, contrast: Contrast) -> str:
    """By how the width of an interval falls with the number of units."""
    least = contrast.pairs or min(each.n for each in analysis.arms)
    what = "examples" if analysis.paired else "units"
    if analysis.design.method == "sequential" and least < EARLY:
        return f"It is early: the first look wants {EARLY} units of each."
    if not contrast.difference:
        return "The values are alike so far."
    half = (contrast.interval.high - contrast.interval.low) / 2
    reach = quantile(analysis.design.level)
    # Half the width, and what a power of 80 % adds to it.
    narrower = half * (1 + quantile(0.6) / reach) / abs(contrast.difference)
    if narrower > math.sqrt(_MOST / least):
        return f"Even ten million {what} would hardly tell them apart."
    needed = math.ceil(least * narrower**2)
    if needed <= least:
        return _kept_back(analysis, contrast) or f"There are too few {what} to tell."
    of_each = "" if analysis.paired else " of each"
    return f"If it is really that large, about {needed:,} {what}{of_each} would show it."


def _kept_back(analysis: Analysis, contrast: Contrast) -> str:
    """Where the figures alone would show it."""
    p, interval = contrast.p, contrast.interval
    beyond = interval.low > 0 or interval.high < 0
    if not analysis.paired or p is None or p >= 1 - analysis.design.level or not beyond:
        return ""
    return "What speaks against it is in the notes."


def _rivals(analysis: Analysis, winner: str) -> str:
    """Two that both beat the control are not thereby told apart."""
    others = [
        each.variant
        for each in analysis.contrasts
        if each.outcome == "better" and each.variant != winner
    ]
    if not others:
        return ""
    return (
        f" {', '.join(others)} beat {analysis.control} too; they were not compared with {winner}."
    )


def _arm(analysis: Analysis, name: str) -> Arm:
    return next(each for each in analysis.arms if each.name == name)
