# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of a store's text: which lines they are, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Span:
    """Lines of the text, the last one not included."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a section in the text: its lines, its fields' lines, and the record that they say."""

    span: Span
    fields: Mapping[str, Span]
    column: int
    indent: int
    block: bool
    record: Any


@dataclass(frozen=True)
class Part:
    """One section in the text; without C(top) it is not there."""

    entries: dict[str, Entry] = field(default_factory=dict)
    top: Span | None = None
    block: bool = True
