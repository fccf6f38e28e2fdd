# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An entry of the password store of pass, written with the program itself. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kind import Call, Kind
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kinds import json_or_text
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Rendered

MODULE = "ansible.builtin.command"
# Options of the target, and the variable of pass that each of them is.
VARIABLES = {"directory": "PASSWORD_STORE_DIR", "umask": "PASSWORD_STORE_UMASK"}


def call(path: str, value: Rendered, options: Mapping[str, Any]) -> Call:
    """Return the run of the module.

    :param path: the entry's name
    :param value: the value
    :param options: the target's own options
    """
    text = json_or_text(value).rstrip("\n")
    environment = {VARIABLES[name]: str(given) for name, given in options.items() if name in VARIABLES}
    argv = ["pass", "insert", "--multiline", "--force", path]
    return Call(MODULE, {"argv": argv, "stdin": text, "stdin_add_newline": True}, environment)


def path_form(path: str) -> str:
    """Return what is wrong with a path, an empty text if nothing is.

    :param path: the path
    """
    wrong = path.startswith(("-", "/")) or ".." in path.split("/")
    text = "must be the name of an entry, such as mail/{account}, without a leading - or /"
    return text if wrong else ""


KIND = Kind(
    name="pass",
    module=MODULE,
    needs="the program pass",
    value="{password}\nuser: {user}\nhost: {host}\nport: {port}",
    call=call,
    place=("directory",),
    known=tuple(VARIABLES),
    path_form=path_form,
)
