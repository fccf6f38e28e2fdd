# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of mail_program, and what they mean. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Job, Login, Message, Program
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

FOUND, HELD, DEPLOYED, PROVED, RELEASED = "found", "held", "deployed", "proved", "released"
AUTO = "auto"
STATES = (FOUND, HELD, DEPLOYED, PROVED, RELEASED)
ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "program": {"type": "str", "required": True},
    "state": {"type": "str", "required": True, "choices": list(STATES)},
    "host": {"type": "str", "required": True},
    "port": {"type": "int", "default": 587},
    "encryption": {"type": "str", "default": "starttls", "choices": ["starttls", "tls", "none"]},
    "logins": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "username": {"type": "str", "required": True},
            "password": {"type": "str", "default": "", "no_log": True},
            "replaces": {"type": "list", "elements": "str", "default": []},
            "key": {"type": "str", "default": "", "no_log": False},
        },
    },
    "options": {"type": "dict", "default": {}},
    "sender": {"type": "str", "default": ""},
    "recipient": {"type": "str", "default": ""},
    "token": {"type": "str", "default": "", "no_log": False},
    "timeout": {"type": "int", "default": 60},
}


def job_of(params: Mapping[str, Any], program: Program, *, check_mode: bool) -> Job:
    """Return what a verb works with.

    :param params: the module's options
    :param program: the mail program
    :param check_mode: whether nothing is to be changed
    :raises InputError: if an option is wrong; no message shows a password
    """
    logins = tuple(_login(one) for one in params["logins"])
    if not logins:
        raise InputError("logins is empty: name at least one login")
    if params["timeout"] <= 0:
        raise InputError("timeout must be a number of seconds greater than 0")
    if params["state"] in (DEPLOYED, PROVED):
        for login in logins:
            if not login.password:
                raise InputError(f"the password of {login.username} is empty")
    for login in logins:
        why = program.cannot_carry(login.username, login.password) if login.password else ""
        if why:
            raise InputError(why)
    message = Message(params["sender"], params["recipient"], params["token"]) if params["recipient"] else None
    return Job(
        host=params["host"],
        port=params["port"],
        encryption=params["encryption"],
        logins=logins,
        options=_options(params["options"], program),
        timeout=params["timeout"],
        message=message,
        check_mode=check_mode,
    )


def _login(given: Mapping[str, Any]) -> Login:
    return Login(given["username"], given["password"], tuple(given["replaces"]), given["key"])


def _options(given: Mapping[str, Any], program: Program) -> dict[str, Any]:
    checked = ArgumentSpecValidator(dict(program.OPTIONS)).validate(dict(given))
    if checked.errors.messages:
        raise InputError(f"options of {program.name}: {'; '.join(checked.errors.messages)}")
    return {name: checked.validated_parameters.get(name) for name in program.OPTIONS}
