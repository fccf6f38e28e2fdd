# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds the name that somebody meant who wrote another one. Pure."""

from __future__ import annotations

from collections.abc import Iterable

# How much of two names must agree: "passwort" and "password" do, "smtp_server" and "smtp_port" do not.
ALIKE = 0.8


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that a misspelt one most likely stands for, None if none is near.

    Underscores, hyphens and case do not count.

    :param name: the name as it was written
    :param known: the names that exist
    """
    from difflib import get_close_matches

    plain = {_plain(one): one for one in known}
    found = get_close_matches(_plain(name), list(plain), n=1, cutoff=ALIKE)
    return plain[found[0]] if found else None


def _plain(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()
