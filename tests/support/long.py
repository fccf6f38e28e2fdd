# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which cases of a long proof are part of every run of the tests: C(make e2e) leaves out the others."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest

LONG = pytest.mark.long


def cases(every: Iterable[Any], *, short: Collection[Any]) -> list[Any]:
    """Return the cases of a test, all but a few marked as long.

    :param every: the cases, each a value or a tuple of values
    :param short: those that are part of every run
    :raises ValueError: if one of these is no case at all
    """
    listed = list(every)
    if missing := [case for case in short if case not in listed]:
        raise ValueError(f"no such case: {missing}")
    return [case if case in short else _long(case) for case in listed]


def _long(case: Any) -> Any:
    return pytest.param(*case, marks=LONG) if isinstance(case, tuple) else pytest.param(case, marks=LONG)
