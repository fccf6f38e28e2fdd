# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passwords as values in configuration files, by the file's format. Pure: no I/O."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from ansible_collections.mailops.smtp.plugins.module_utils._text import is_control
from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting import formats
from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.characters import QuotingError


def names() -> list[str]:
    """Return the formats: each is a file in the folder C(formats)."""
    return sorted(module.name for module in pkgutil.iter_modules(formats.__path__))


def quoted(value: str, name: str) -> str:
    """Return a password as the value that stands in a file of a format, with its quotes.

    :param value: the password
    :param name: of the format
    :raises QuotingError: if no file of this format can hold it; the message names a character, never the password
    """
    if not value:
        raise QuotingError("the password is empty")
    for character in value:
        if is_control(character):
            raise QuotingError(f"{name} cannot hold the control character U+{ord(character):04X}")
    quote: Callable[[str], str] = importlib.import_module(f"{formats.__name__}.{name}").quoted
    return quote(value)
