# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws what was measured, for the README."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.report import Results

LINES = {
    "n": ("do it yourself, with a test send", "#c0392b", "o-"),
    "i": ("the role of version 0.2.0", "#8e44ad", "^-"),
    "h": ("the role: wait and test included", "#1f77b4", "s-"),
    "b": ("the module alone, neither wait nor test", "#2ca02c", "v-"),
}


@dataclass(frozen=True)
class Line:
    """What is drawn of one case."""

    label: str
    colour: str
    style: str
    sizes: Sequence[int]
    seconds: Sequence[float]


def lines(results: Results) -> list[Line]:
    """Return a line for each case of the plot that was run, and the floor.

    :param results: what was measured
    """
    measured = [
        Line(*LINES[key], sizes := sorted(results.medians[key]), [results.medians[key][n].wall for n in sizes])
        for key in LINES
        if results.medians.get(key)
    ]
    sizes = sorted(results.floors)
    floor = Line("floor: API, derivations, start of Ansible", "k", "--", sizes, [results.floors[n] for n in sizes])
    return [*measured, *([floor] if sizes else [])]


def draw(results: Results, path: Path) -> None:
    """Write a plot of seconds against accounts, both in powers of ten.

    :param results: what was measured
    :param path: the PNG file
    """
    import matplotlib  # type: ignore[import-not-found,unused-ignore]

    matplotlib.use("Agg")
    from matplotlib import pyplot  # type: ignore[import-not-found,unused-ignore]

    figure, axes = pyplot.subplots(figsize=(8, 4.8), dpi=120)
    for line in lines(results):
        axes.plot(line.sizes, line.seconds, line.style, color=line.colour, label=line.label)
    axes.set(xscale="log", yscale="log", xlabel="accounts", ylabel="seconds, without the window")
    axes.set_title(f"API that answers in 50 ms, {results.concurrency} calls at a time\n{results.machine}", fontsize=9)
    axes.grid(visible=True, which="major", alpha=0.4)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(path)
    _shrink(path)


def _shrink(path: Path) -> None:
    """Keep 64 colours of a picture that has fewer than ten: it is a quarter of what users download otherwise."""
    from PIL import Image  # type: ignore[import-not-found,unused-ignore]

    with Image.open(path) as picture:
        smaller = picture.convert("RGB").quantize(64)
    smaller.save(path, optimize=True)
