# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads calls."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any

from . import Call


def content_type(call: Call) -> str:
    """Return the body's media type in lower case, without parameters."""
    return call.headers.get("content-type", "").split(";")[0].strip().lower()


def decoded(call: Call) -> Any:
    """Return the value of the body's JSON, None for what is none or does not say so."""
    if content_type(call) != "application/json":
        return None
    try:
        return json.loads(call.body)
    except (ValueError, RecursionError):
        return None


def parsed(call: Call) -> dict[str, Any]:
    """Return the body's JSON object, empty for anything else."""
    body = decoded(call)
    return body if isinstance(body, dict) else {}


def text_or_none(value: object) -> str | None:
    """Return the value if it is a text."""
    return value if isinstance(value, str) else None


def first(query: Mapping[str, list[str]], name: str) -> str | None:
    """Return the first value of that name."""
    values = query.get(name)
    return values[0] if values else None


def number(query: Mapping[str, list[str]], name: str, default: int) -> int | None:
    """Return the first value of that name as a number that is not negative, None if it is none."""
    text = first(query, name)
    if text is None:
        return default
    return int(text) if re.fullmatch(r"[0-9]{1,9}", text) else None


def same_key(sent: str | None, wanted: str) -> bool:
    """Return whether a header is the key; one that is empty opens nothing."""
    return bool(wanted) and compare_digest((sent or "").encode("latin-1", "replace"), wanted.encode())
