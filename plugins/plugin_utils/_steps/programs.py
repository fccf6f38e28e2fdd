# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a step asks of the mail programs of a host."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.consumers import (
    AUTO,
    TEMPLATE,
    consumers_of,
    logins,
    programs_of,
    symbols_in_doubt,
    with_usernames,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.options import PREFIX
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.overlap import untested
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import Result, Tools, failed, senders_of

if TYPE_CHECKING:
    from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Program

# A name and a password that every program can hold.
HARMLESS = "aA1"
ADDRESSES = {"sender": "test_sender", "recipient": "test_recipient"}


def ask(
    tools: Tools, program: str, state: str, host: str, users: Sequence[Mapping[str, Any]], *, pretend: bool = False
) -> Result:
    """Have a mail program do something.

    :param tools: what the step works with
    :param program: its name
    :param state: what mail_program is to do
    :param host: the host that it is on
    :param users: who logs in, with passwords where the state needs them
    :param pretend: whether it is only to look
    """
    given = {name: of_host(tools, host, name) for name in ("smtp_host", "smtp_port", "smtp_encryption")}
    asked = {
        "program": program,
        "state": state,
        **{name.removeprefix("smtp_"): value for name, value in given.items()},
        "logins": [{name: value for name, value in user.items() if name != "account"} for user in users],
        "options": _options(tools, host, program),
        "timeout": of_host(tools, host, "drain_timeout"),
    }
    if state == "proved":
        asked |= {name: tools.options[option] for name, option in ADDRESSES.items()}
        asked["token"] = f"mailops-{secrets.token_hex(8)}"
    return tools.call("mail_program", asked, pretend=pretend)


def mistakes_of(tools: Tools, own: Record) -> list[str]:
    """Return which programs are not known, and which passwords they could not hold.

    :param tools: what the step works with
    :param own: what the host remembers
    """
    names = programs_of(tools.options["consumer"])
    if not names:
        return []
    # Here, because Ansible compiles each file anew: a run without mail programs does not need theirs.
    from ansible_collections.mailops.smtp.plugins.module_utils._clients.registry import NAMES, program_of

    unknown = [name for name in names if name not in NAMES and name != AUTO]
    if unknown:
        known = ", ".join([*NAMES, AUTO, TEMPLATE])
        text = f"smtp_rotation_consumer: there is no {', '.join(unknown)}. There are: {known}."
        return [text]
    strange = sorted(name for name in tools.options["program_options"] if name not in NAMES)
    if strange:
        text = f"smtp_rotation_program_options: there is no {', '.join(strange)}. There are: {', '.join(NAMES)}."
        return [text]
    return [why for name in names if name != AUTO for why in _not_carried(tools, own, program_of(name))]


def _not_carried(tools: Tools, own: Record, program: Program) -> list[str]:
    """Return why a mail program cannot hold what is going to be its passwords."""
    options, first = tools.options, next(iter(own.accounts), "")
    given = {**({first: options["password"]} if options["password"] else {}), **options["passwords"]}
    whys = [program.cannot_carry(name, str(given.get(name, HARMLESS))) for name in own.accounts]
    tried: dict[str, list[str]] = {symbol: [] for symbol in options["password_symbols"]}
    for symbol, password in symbols_in_doubt(options["password_symbols"]):
        tried[symbol].append(program.cannot_carry(HARMLESS, password))
    for symbol, found_whys in tried.items():
        why = next(filter(None, found_whys), "")
        if why:
            text = f"smtp_rotation_password_symbols has {symbol}: {why.rstrip('.')}. Leave this symbol out."
            whys.append(text)
    return [why for why in whys if why]


def found(tools: Tools, host: str, names: Sequence[str], own: Record) -> tuple[list[str], Result]:
    """Return the mail programs of a host, C(auto) replaced by those that use the provider, and what went wrong.

    :param tools: what the step works with
    :param host: the host
    :param names: those that the option names
    :param own: what the host remembers
    """
    if AUTO not in names:
        return list(names), {}
    result = ask(tools, AUTO, "found", host, users_of(tools, own, AUTO, host), pretend=True)
    if failed(result):
        return [], result
    others = [name for name in result["programs"] if name not in names]
    used = [name for one in names for name in (others if one == AUTO else [one])]
    others_use = TEMPLATE in consumers_of(of_host(tools, host, "consumer"))
    if not used and not others_use and not any(of_host(tools, host, hook) for hook in ("hold_tasks", "deploy_tasks")):
        notes = "; ".join(str(note).rstrip(".") for note in result["notes"]) or "none is installed that is known"
        smtp = of_host(tools, host, "smtp_host")
        text = (
            f"smtp_rotation_consumer is auto, but no mail program of this host uses {smtp}: {notes}. Name the program, "
            "correct smtp_rotation_smtp_host, or leave the consumer empty where no mail is sent"
        )
        return [], {"failed": True, "msg": text}
    return used, {}


def users_of(tools: Tools, own: Record, program: str, host: str = "") -> list[dict[str, Any]]:
    """Return who logs in from a host through a program.

    :param tools: what the step works with
    :param own: what the host remembers
    :param program: the mail program
    :param host: the host, this one if none is named
    """
    known = logins(own, _entries(tools, program, host or tools.here), senders_of(tools) if own.senders else {})
    document = tools.store.read().document
    return [with_usernames(user, lambda account: document.record(account).logins(account)) for user in known]


def with_passwords(tools: Tools, users: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return who logs in, with the stored passwords. One that has none yet is left out, or that keeps its old login.

    :param tools: what the step works with
    :param users: who logs in
    """
    snapshot, accounts = tools.store.read(), [str(user["account"]) for user in users]
    kept = untested(tools, snapshot, accounts)
    known = tools.logins(snapshot, [account for account in accounts if account not in kept])
    return [{**user, **known[user["account"]]} for user in users if user["account"] in known]


def of_host(tools: Tools, host: str, name: str) -> Any:
    """Return an option of the role as a host has it, which can be another one than this.

    :param tools: what the step works with
    :param host: the host
    :param name: the option, without the role's prefix
    """
    return tools.options[name] if host == tools.here else tools.of_other(host, f"{PREFIX}{name}")


def named(tools: Tools, host: str) -> list[str]:
    """Return the mail programs that the option names for a host; of one that has begun, those that it has found.

    :param tools: what the step works with
    :param host: the host
    """
    return tools.fleet.programs(host, programs_of(of_host(tools, host, "consumer")))


def _entries(tools: Tools, program: str, host: str) -> list[Mapping[str, str]]:
    name = f"{program}_entries"
    return list(of_host(tools, host, name)) if name in tools.options else []


def _options(tools: Tools, host: str, program: str) -> dict[str, Any]:
    """Return the program's own options: those of the role that begin with its name, and what the user says beside."""
    if program == AUTO:
        from ansible_collections.mailops.smtp.plugins.module_utils._clients.registry import NAMES

        return {name: _options(tools, host, name) for name in NAMES}
    prefix = f"{program}_"
    names = [name for name in tools.options if name.startswith(prefix) and name != f"{prefix}entries"]
    values = {name.removeprefix(prefix): of_host(tools, host, name) for name in names}
    beside = of_host(tools, host, "program_options").get(program, {})
    return {**{name: value for name, value in values.items() if value not in ("", [], {})}, **beside}
