# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Exim 4, as Debian configures it and with a configuration of the user's own."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Sequence

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim import logins_text, proof, running, waiting
from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.choice import Place
from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.discovery import Found, found_by, relay_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.hold import Configuration
from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.instance import Exim, command
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    BY_MESSAGE,
    NOT_PROVED,
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

# How long deliveries that began during a hold are waited for, in seconds.
_SETTLED = 5.0


class EximProgram(Program):
    """Exim 4."""

    name = "exim"

    def cannot_carry(self, username: str, password: str) -> str:
        """Return why the file of logins cannot hold a login."""
        return logins_text.cannot_carry(username, password)

    def is_installed(self) -> bool:
        """Tell whether Exim is on this host."""
        return command() is not None

    def find(self, job: Job) -> Finding:
        """Ask Exim which entries it uses for the provider."""
        found = found_by(job)
        configuration = Configuration(found.exim, job.host)
        configuration.check(found.relay.transports)
        entries = tuple(
            Entry(found.path, place.key, place.line.username if place.line else "", place.wanted.username)
            for place in found.places
        )
        return Finding(
            version=found.exim.version,
            entries=entries,
            holds=found.relay.transports,
            held=configuration.is_held(found.relay.transports),
            notes=_notes(found),
        )

    def hold(self, job: Job) -> Change:
        """Put the transports on hold, and wait for deliveries under way."""
        exim = Exim()
        transports = relay_of(exim, job).transports
        configuration = Configuration(exim, job.host)
        configuration.check(transports)
        change = _hold_change(transports, changed=not configuration.is_complete(transports), held=True)
        if job.check_mode:
            return change
        if change.changed:
            configuration.hold(transports)
        left = running.await_end(exim.path, job.timeout)
        if left:
            configuration.release()
            raise ProgramError(
                f"{left} deliveries of Exim did not end within {job.timeout:g} seconds; nothing is held any more. "
                "Raise the timeout, or see with exiwhat what takes so long"
            )
        return change

    def deploy(self, job: Job) -> Change:
        """Write the logins into the file that Exim looks them up in."""
        found = found_by(job)
        if not found.takes_caret and any("^" in _value(place) for place in found.places):
            raise InputError(
                "a login contains ^, which separates the parts of a login in the configuration of Exim: leave ^ out "
                "of password_symbols, or have client_send double it with ${sg, as Debian's configuration does"
            )
        text = _merged(found)
        changed = text != found.text or not found.is_ready()
        change = Change(changed, _shown(found, before=True), _shown(found, before=False))
        if changed and not job.check_mode:
            check_replaceable(found.path)
            with files.locked(os.path.dirname(found.path)):
                files.remove_stale(found.path)
                files.write(found.path, text.encode("utf-8", "surrogateescape"), found.exim.access())
        return change

    def prove(self, job: Job) -> list[Proof]:
        """Send one message, which alone passes the hold."""
        if job.message is None:
            return []
        found = found_by(job)
        with _on_hold(found, job):
            outcome = proof.prove(found.exim, job.message, seconds=job.timeout)
        used = logins_text.used(logins_text.lines_of(found.text), outcome.host, found.lookup.kind)
        proved = used.username if used else ""
        others = dict.fromkeys(one.wanted.username for one in found.places if one.wanted.username != proved)
        return [Proof(BY_MESSAGE, outcome.reply, proved), *(Proof(NOT_PROVED, username=name) for name in others)]

    def release(self, job: Job) -> Change:
        """Take the hold away, and deliver what waited."""
        # Not by the relay of today: it may be another one since.
        exim = Exim()
        configuration = Configuration(exim, job.host)
        transports = configuration.on_hold()
        change = _hold_change(transports, changed=bool(transports), held=False)
        if change.changed and not job.check_mode:
            _release(exim, configuration, transports)
        return change


@contextlib.contextmanager
def _on_hold(found: Found, job: Job) -> Iterator[None]:
    """Put the transports on hold if they are not: only then, a refused message cannot bounce."""
    configuration = Configuration(found.exim, job.host)
    if configuration.is_held(found.relay.transports):
        yield
        return
    configuration.hold(found.relay.transports)
    try:
        yield
    finally:
        _release(found.exim, configuration, found.relay.transports)


def _release(exim: Exim, configuration: Configuration, transports: Sequence[str]) -> None:
    configuration.release()
    # A delivery that has read the hold puts its message off in a moment; one that takes longer goes to a server.
    running.await_end(exim.path, _SETTLED)
    waiting.deliver(exim, transports)


def _hold_change(transports: Sequence[str], *, changed: bool, held: bool) -> Change:
    states = ["".join(f"{name}: {word}\n" for name in transports) for word in ("delivers", "held")]
    after = states[held]
    return Change(changed, states[not held] if changed else after, after)


def _merged(found: Found) -> str:
    changed = {
        place.line.numbers[0]: _value(place)
        for place in found.places
        if place.line and place.line.value != _value(place)
    }
    added = [f"{place.key}:{_value(place)}" for place in found.places if place.line is None]
    return logins_text.merged(found.text, changed, added)


def _value(place: Place) -> str:
    return f"{place.wanted.username}:{place.wanted.password}"


def _shown(found: Found, *, before: bool) -> str:
    """Return what a diff shows: keys and usernames, and whether the password is the one that is asked for."""
    lines = []
    for place in found.places:
        if before and place.line is None:
            continue
        user = place.line.username if before and place.line else place.wanted.username
        same = not before or (place.line is not None and place.line.value == _value(place))
        lines.append(f"{place.key}: {user}, password: {'as asked for' if same else 'another one'}\n")
    if before and not found.is_ready():
        lines.append("owner and mode: not root and the group of Exim with 0640\n")
    return "".join(lines)


def _notes(found: Found) -> tuple[str, ...]:
    access = files.access_of(found.path)
    if access is None or found.is_ready():
        return ()
    readable = access.mode & stat.S_IROTH or (access.gid == found.exim.access().gid and access.mode & stat.S_IRGRP)
    if readable or (access.uid == found.exim.user() and access.mode & stat.S_IRUSR):
        return ()
    return (
        f"The user of Exim cannot read {found.path}, so Exim sends without a login and its mail bounces. Writing a "
        "login sets the owner to root, the group to that of Exim, and the mode to 0640.",
    )


PROGRAM = EximProgram()
