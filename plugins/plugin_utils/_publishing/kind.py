# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a kind of target is: a module that its users have already, and how a value is handed to it. Pure: no I/O.

To add a kind, add a file in C(kinds), and its name to C(KINDS) in C(registry.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Rendered, Value

AS_FIELDS: Mapping[str, str] = {
    "username": "{user}",
    "password": "{password}",
    "host": "{host}",
    "port": "{port}",
}


@dataclass(frozen=True)
class Call:
    """One run of a module. C(environment): what it has in its environment beside what the task has."""

    module: str
    options: Mapping[str, Any] = field(repr=False)
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """One kind of target.

    C(module): what writes the value, empty for the playbook's own tasks. C(needs): what has to be installed, in words.
    C(value): the value if the target names none. C(call): returns the run of the module for a path, a value, and the
    target's own options. C(place): options that say where the value goes; others do not matter for whether a target is
    behind, and can be secret. C(ours): options of the module that the target cannot set. C(path_form): says what is
    wrong with a path, an empty text if nothing is. C(known): all options that a target can have, None if they are those
    of the module.
    """

    name: str
    module: str
    needs: str
    value: Value
    call: Callable[[str, Rendered, Mapping[str, Any]], Call]
    place: Sequence[str] = ()
    ours: Sequence[str] = ()
    path_form: Callable[[str], str] = lambda _path: ""
    known: Sequence[str] | None = None
