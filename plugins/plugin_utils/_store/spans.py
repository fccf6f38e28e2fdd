# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of a store's text: their lines and their content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """A range of lines, end excluded."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a section: its lines, its fields' lines, and its record."""

    span: Span
    fields: Mapping[str, Span]
    column: int
    indent: int
    block: bool
    record: Any


@dataclass(frozen=True)
class Part:
    """One section; without C(top) the text does not have it."""

    entries: dict[str, Entry] = field(default_factory=dict)
    top: Span | None = None
    block: bool = True
