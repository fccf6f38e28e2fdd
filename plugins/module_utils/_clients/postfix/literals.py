# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables whose content stands in main.cf or in a file of patterns. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.mailops.smtp.plugins.module_utils._postfix.config_text import (
    BLANKS,
    logical_lines,
    physical_lines,
    words_of,
)

LITERAL = ("static", "inline")
PATTERNS = ("regexp", "pcre", "cidr")
# The key of a table that answers every question alike.
ANY = "*"
_FLOW = ("if", "endif")


def literal_entries(kind: str, body: str) -> dict[str, str]:
    """Return what a table in main.cf says: key to value.

    :param kind: C(static) or C(inline)
    :param body: what stands behind the type
    """
    if kind == "static":
        return {ANY: _unbraced(body)}
    found: dict[str, str] = {}
    for word in words_of(_unbraced(body)):
        key, _equals, value = _unbraced(word).partition("=")
        found[key.strip(BLANKS)] = value.strip(BLANKS)
    return found


def value_of(entries: Mapping[str, str], key: str) -> str | None:
    """Return what entries say for a key, in upper or lower case.

    :param entries: key to value
    :param key: the key
    """
    wanted = key.lower()
    return next((value for one, value in entries.items() if one.lower() == wanted), entries.get(ANY))


def pattern_values(text: str) -> dict[str, str]:
    """Return what the patterns of a table stand for: the line to its last word.

    :param text: the file's text
    """
    lines = (entry.text.split() for entry in logical_lines(physical_lines(text)))
    return {" ".join(words[:-1]): words[-1] for words in lines if len(words) > 1 and words[0] not in _FLOW}


def _unbraced(text: str) -> str:
    inner = text.strip(BLANKS)
    return inner[1:-1].strip(BLANKS) if inner.startswith("{") and inner.endswith("}") else inner


def with_name(text: str, *, parameter: str, kind: str, name: str, words: int) -> str | None:
    """Return main.cf with the name of a table instead of logins, None if the parameter does not have them literally.

    :param text: main.cf
    :param parameter: the parameter that has the logins
    :param kind: C(static) or C(inline)
    :param name: type and path of the table
    :param words: how many tables the parameter names
    """
    lines = physical_lines(text)
    own = [entry for entry in logical_lines(lines) if entry.text.partition("=")[0].strip(BLANKS) == parameter]
    names = words_of(own[-1].text.partition("=")[2]) if own else []
    places = [number for number, one in enumerate(names) if one.startswith((f"{kind}:", f"proxy:{kind}:"))]
    if len(names) != words or not places:
        return None
    names[places[0]] = name
    first, *rest = own[-1].lines
    new = f"{parameter} = {', '.join(names)}\n"
    return "".join(new if at == first else line for at, line in enumerate(lines) if at not in rest)
