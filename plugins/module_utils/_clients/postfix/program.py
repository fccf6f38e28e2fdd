# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Postfix: asked itself for its routes and logins, held by transport, proved by a message of its own.

Which file decides what:

* which instances: C(instances); which ways lead to the provider: C(finding), with C(routes) and C(nexthops), C(names);
* which entry Postfix uses there, and which one is written: C(views), C(sources), C(lookup), and C(plan), C(refusals);
* whether Postfix logs in at all: C(settings); a login that moves out of main.cf: C(moving), C(literals);
* what is held and released: C(holding); how a login is proved: C(proving), C(by_sender), C(submission), C(verdict);
* the services in master.cf that a proof needs: C(services), C(services_text).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._clients import commands
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix import holding, proving
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.instances import (
    Instance,
    held_of,
    instances_of,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.moving import Moved
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    Change,
    Finding,
    Job,
    Program,
    ProgramError,
    Proof,
)
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import PostfixError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.password_map_text import check_login, merge, shown


class PostfixProgram(Program):
    """All instances of Postfix on a host, or those that the options name."""

    name = "postfix"
    OPTIONS: Mapping[str, Mapping[str, Any]] = {
        "transport": {"type": "list", "elements": "str"},
        "map": {"type": "str"},
        "config_directory": {"type": "str"},
        "config_directories": {"type": "list", "elements": "str"},
        "migrate": {"type": "bool", "default": False},
    }

    def cannot_carry(self, username: str, password: str) -> str:
        """Return why no table of Postfix can hold a login; empty if they can."""
        try:
            check_login(username if username.isprintable() else repr(username), username, password)
        except InputError as error:
            return f"Postfix cannot use this login: {error}"
        return ""

    def is_installed(self) -> bool:
        """Tell whether Postfix is on this host."""
        return commands.path_of("postconf") is not None

    def find(self, job: Job) -> Finding:
        """Ask each instance which entries it uses for the provider."""
        found = instances_of(job)
        for one in found:
            one.check_writable()
            if job.message is not None:
                proving.check_provable(one.postfix)
        version = found[0].postfix.setting("mail_version")
        entries = [entry for one in found for entry in one.entries()]
        several = len(found) > 1
        holds = [
            f"{one.postfix.config_directory}: {name}" if several else name for one in found for name in one.transports
        ]
        held = all(holding.is_held(one.postfix, one.transports) for one in found)
        notes = dict.fromkeys(note for one in found for note in one.notes())
        return Finding(version, tuple(entries), tuple(holds), held, tuple(notes))

    def hold(self, job: Job) -> Change:
        """Hold the transports that reach the provider, in each instance; if one cannot be held, none is."""
        done: list[Instance] = []
        changes = []
        for one in instances_of(job):
            try:
                changes.append(holding.hold(job, one.postfix, one.transports))
            except ProgramError:
                for before in done:
                    holding.release(job, before.postfix, before.transports)
                raise
            done.append(one)
        return _together(changes)

    def deploy(self, job: Job) -> Change:
        """Write each table once, with all its logins, and reload an instance that runs."""
        return _together([_deployed(job, one) for one in instances_of(job)])

    def prove(self, job: Job) -> list[Proof]:
        """Send one message over each way on which a login is used."""
        return [proof for one in instances_of(job) for proof in proving.prove(job, one.postfix, one.routes())]

    def release(self, job: Job) -> Change:
        """Release the transports of each instance."""
        return _together([holding.release(job, postfix, names) for postfix, names in held_of(job)])


def _together(changes: Sequence[Change]) -> Change:
    return Change(
        any(change.changed for change in changes),
        "".join(change.before for change in changes),
        "".join(change.after for change in changes),
        tuple(dict.fromkeys(note for change in changes for note in change.notes)),
    )


def _deployed(job: Job, instance: Instance) -> Change:
    """Write the logins of one instance."""
    instance.check_writable()
    changed, before, after = False, "", ""
    for source, table, logins in instance.tables():
        moves = isinstance(source, Moved)
        present = table.text()
        before += f"{source.name}\n{shown(present, logins)}"
        after += f"{source.name}\n{shown(merge(present, logins), logins)}"
        differs = table.differs(logins) or table.needs_reload() or moves
        changed = changed or differs
        if not differs or job.check_mode:
            continue
        try:
            table.write(logins, reload=True)
            if isinstance(source, Moved):
                source.name_it()
            # It also closes the connections that are kept open, which are logged in as before.
            table.reload()
        except PostfixError as error:
            raise ProgramError(str(error)) from None
    return Change(changed, before, after)


PROGRAM = PostfixProgram()
