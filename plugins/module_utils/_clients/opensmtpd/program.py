# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OpenSMTPD: logins in file tables, by the label in the relay's URL."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import path_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd import hold_text, secrets_text, tables
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.daemon import (
    Daemon,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.processes import looks_up
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.proof import prove
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.setup import (
    Setup,
    read_setup,
    uses_of,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    BY_MESSAGE,
    Change,
    Entry,
    Finding,
    Job,
    Program,
    ProgramError,
    Proof,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.writable import check_replaceable
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

# Below the ports that the kernel gives to outgoing connections, which could be in the way at a start.
_PORTS = range(20000, 32000)
# So long may a daemon that holds mail take to answer, before its hold counts as ended by something else.
_SECONDS_TO_ANSWER = 10.0
# More put-off messages than these are left to their own schedule: smtpctl is asked about each.
_MOST = 1000


class OpenSmtpd(Program):
    """See C(Program)."""

    name = "opensmtpd"
    OPTIONS: Mapping[str, Mapping[str, Any]] = {"config_file": {"type": "path"}}

    def cannot_carry(self, username: str, password: str) -> str:
        """See C(Program)."""
        return secrets_text.cannot_carry(username, password)

    def is_installed(self) -> bool:
        """See C(Program)."""
        return path_of("smtpd") is not None and path_of("smtpctl") is not None

    def find(self, job: Job) -> Finding:
        """See C(Program)."""
        daemon = Daemon()
        setup = self._setup(daemon, job)
        refusal = daemon.refusal_of(setup.main)
        if refusal:
            raise InputError(f"smtpd does not take its own configuration: {refusal}")
        uses = uses_of(setup, job.logins)
        for path in [*setup.texts, *(use.table.path for use in uses)]:
            check_replaceable(files.real_path(path))
        tables.check_folders(uses, looks_up(daemon.smtpd))
        door = hold_text.door_of(setup.texts[setup.main])
        self._check_hold(daemon, setup)
        return Finding(
            version=daemon.version(),
            entries=tuple(Entry(use.table.path, use.label, use.username, use.login.username) for use in uses),
            holds=tuple(dict.fromkeys(f"action {relay.action.name}" for relay in setup.relays)),
            held=door is not None
            and setup.texts == self._held(setup, door)
            and (not daemon.is_running() or daemon.listens(door.port, _SECONDS_TO_ANSWER)),
            notes=tuple(tables.notes(uses, job, paused=door is None and daemon.is_paused())),
        )

    def hold(self, job: Job) -> Change:
        """See C(Program)."""
        daemon = Daemon()
        setup = self._setup(daemon, job)
        door = hold_text.door_of(setup.texts[setup.main]) or _new_door(daemon)
        wanted = self._held(setup, door)
        running = daemon.is_running()
        if setup.texts == wanted and (not running or daemon.listens(door.port)):
            return Change(False)
        change = Change(True, "", f"action on hold: {', '.join(sorted({one.action.name for one in setup.relays}))}\n")
        if job.check_mode:
            return change
        # The main file first: what is in it tells the next run that there is something to undo.
        _write(setup.main, setup.texts, wanted)
        try:
            refusal = daemon.refusal_of(setup.main)
            if refusal:
                raise ProgramError(f"smtpd does not take its configuration with the hold, which is undone: {refusal}")
            if running:
                daemon.drain(job.timeout)
        except ProgramError:
            _write(setup.main, wanted, setup.config.files)
            raise
        if running:
            self._take_effect(daemon, job, door)
        return change

    def _take_effect(self, daemon: Daemon, job: Job, door: hold_text.Door) -> None:
        try:
            daemon.restart(job.timeout, door.port)
        except ProgramError:
            self._undo(daemon, self._setup(daemon, job), job, running=daemon.is_running())
            raise

    def deploy(self, job: Job) -> Change:
        """See C(Program)."""
        daemon = Daemon()
        uses = uses_of(self._setup(daemon, job), job.logins)
        user = looks_up(daemon.smtpd)
        changed = [
            path for path in dict.fromkeys(use.table.path for use in uses) if tables.deploy(path, uses, user, job)
        ]
        if not job.check_mode and daemon.is_running():
            for name in dict.fromkeys(use.table.name for use in uses):
                daemon.update_table(name)
        before = "".join(f"{use.table.path} {use.label} {use.username}\n" for use in uses if use.username)
        after = "".join(f"{use.table.path} {use.label} {use.login.username}\n" for use in uses)
        return Change(bool(changed), before if changed else "", after if changed else "")

    def prove(self, job: Job) -> list[Proof]:
        """See C(Program)."""
        if job.message is None:
            return []
        daemon = Daemon()
        setup = self._setup(daemon, job)
        door = hold_text.door_of(setup.texts[setup.main])
        if not daemon.is_running():
            raise ProgramError("smtpd is not running, so that no login can be proved: start it, and run again")
        if door is None:
            # With two accounts of a sender, nothing is on hold: the proof holds the mail for as long as it takes.
            self.hold(job)
            try:
                return self.prove(job)
            finally:
                self.release(job)
        daemon.remove_proofs()
        # A session that is logged in stays open for ten seconds, and would take the message without a login.
        daemon.restart(job.timeout, door.port)
        proofs = []
        for use in uses_of(setup, job.logins):
            for relay in use.relays:
                number = setup.relays.index(relay) + 1
                reply = prove(daemon, door, number, job.message, job.timeout)
                proofs.append(Proof(BY_MESSAGE, reply, use.login.username))
        return proofs

    def release(self, job: Job) -> Change:
        """See C(Program)."""
        daemon = Daemon()
        setup = self._setup(daemon, job)
        if not any(hold_text.is_marked(text) for text in setup.texts.values()):
            return Change(False)
        change = Change(True, f"action on hold: {', '.join(sorted({one.action.name for one in setup.relays}))}\n")
        if not job.check_mode:
            running = daemon.is_running()
            names = {relay.action.name for relay in setup.relays}
            put_off = [one.identifier for one in daemon.queue() if one.is_put_off] if running else []
            mine = [one for one in put_off[:_MOST] if daemon.action_of(one) in names]
            self._undo(daemon, setup, job, running=running)
            if running:
                daemon.schedule(mine)
        return change

    def _setup(self, daemon: Daemon, job: Job) -> Setup:
        return read_setup(job.options.get("config_file") or daemon.config_file(), job)

    def _held(self, setup: Setup, door: hold_text.Door) -> dict[str, str]:
        return hold_text.held(setup.config, setup.main, setup.relays, door)

    def _check_hold(self, daemon: Daemon, setup: Setup) -> None:
        """Have smtpd judge the configuration with the hold, which can be done beforehand if it is one file."""
        if len(setup.texts) > 1 or hold_text.is_marked(setup.texts[setup.main]):
            return
        text = self._held(setup, hold_text.Door(_PORTS[0], "0"))[setup.main]
        with _temporary(text) as path:
            refusal = daemon.refusal_of(path)
        if refusal:
            raise InputError(
                f"mail could not be held, since smtpd does not take the lines for it: {refusal}. Move the tables that "
                f"relays use above the first match statement in {setup.main}"
            )

    def _undo(self, daemon: Daemon, setup: Setup, job: Job, *, running: bool) -> None:
        """Take the hold away. A mark stays until smtpd was started again, so that a killed run is finished later."""
        if running:
            daemon.remove_proofs()
        base = setup.config.files
        releasing = hold_text.releasing(base, setup.main, setup.config.first_match or 0)
        _write(setup.main, setup.texts, releasing)
        if running:
            daemon.restart(job.timeout)
        _write(setup.main, releasing, base)


def _new_door(daemon: Daemon) -> hold_text.Door:
    """Return a port that is free, and a word that nobody else knows."""
    port = random.choice(_PORTS)  # noqa: S311  (nothing depends on who guesses it)
    while daemon.listens(port):
        port = random.choice(_PORTS)  # noqa: S311
    return hold_text.Door(port, secrets.token_hex(8))


def _write(main: str, before: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Write the files that differ, the main one first."""
    for path in sorted(wanted, key=lambda one: one != main):
        if before.get(path) != wanted[path]:
            tables.put(path, wanted[path], files.access_of(path))


@contextlib.contextmanager
def _temporary(text: str) -> Iterator[str]:
    descriptor, path = tempfile.mkstemp(prefix="mailops-", suffix=".conf")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode("utf-8", "surrogateescape"))
        yield path
    finally:
        os.unlink(path)


PROGRAM = OpenSmtpd()
