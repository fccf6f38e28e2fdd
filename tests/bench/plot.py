# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws what was measured, for the README."""

from __future__ import annotations

from pathlib import Path

from bench.report import Results

LINES = {
    "a": ("do it yourself", "#c0392b", "o-"),
    "c": ("mailops.smtp, one account a host", "#8e44ad", "^-"),
    "b": ("mailops.smtp, one task", "#1f77b4", "s-"),
    "d": ("mailops.smtp, nothing is due", "#2ca02c", "v-"),
}


def draw(results: Results, path: Path) -> None:
    """Write a plot of seconds against accounts, both in powers of ten.

    :param results: what was measured
    :param path: the PNG file
    """
    import matplotlib  # type: ignore[import-not-found,unused-ignore]

    matplotlib.use("Agg")
    from matplotlib import pyplot  # type: ignore[import-not-found,unused-ignore]

    figure, axes = pyplot.subplots(figsize=(8, 4.8), dpi=120)
    for key, (label, colour, style) in LINES.items():
        if sizes := sorted(results.medians.get(key, {})):
            axes.plot(sizes, [results.medians[key][n].wall for n in sizes], style, color=colour, label=label)
    sizes = sorted(results.floors)
    axes.plot(sizes, [results.floors[n] for n in sizes], "k--", label="floor: API, derivations, start of Ansible")
    axes.set(xscale="log", yscale="log", xlabel="accounts", ylabel="seconds")
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
