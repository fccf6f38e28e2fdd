# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task on senders: look, decide, record. All dependencies are arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.advice import (
    Advice,
    Wish,
    advise,
    unfinished,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.pairs import check_same, paired
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.removal import removed
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import sender as sender_records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import Document
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import StoreLock
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender, is_under_way
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Store


@dataclass(frozen=True)
class Request:
    """A task's checked options. C(deployed) maps senders to what was deployed to all hosts.

    C(senders): the two accounts of each, none if the task only names a sender to remove. C(force): also remove a sender
    whose rotation is under way.
    """

    senders: Mapping[str, Sequence[str]]
    state: str
    wish: Wish
    lock_timeout: float
    deployed: Mapping[str, Sender] = field(default_factory=dict)
    force: bool = False


@dataclass(frozen=True)
class Done:
    """Each sender before the task (empty if it is new) and after it (empty if it was removed), and its next step."""

    before: Mapping[str, Sender]
    after: Mapping[str, Sender]
    advice: Mapping[str, Advice]

    @property
    def changes(self) -> dict[str, Sender]:
        """Return the senders that have changed."""
        return {name: pair for name, pair in self.after.items() if pair != self.before[name]}


def run(request: Request, store: Store, now: Callable[[], datetime], *, check_mode: bool) -> Done:
    """Do what a task asks for, and return what was done.

    :param request: what the task asks for
    :param store: the store
    :param now: returns the time
    :param check_mode: only return what would be done
    :raises InputError: if the request is refused; nothing was changed
    :raises StoreError: if the store cannot be read or written; nothing was changed
    """
    done = judged(request, store.read().document, now())
    if check_mode or not done.changes:
        return done
    store.check_writable()
    lock = StoreLock(store.path, mode=store.mode(), timeout=request.lock_timeout)
    accounts = {account for name in done.changes for account in done.before[name].accounts + done.after[name].accounts}
    with lock.accounts(accounts), lock.store():
        current = store.read()
        done = judged(request, current.document, now())
        if done.changes:
            store.write(
                current, {}, senders={name: None if pair == Sender() else pair for name, pair in done.changes.items()}
            )
    return done


def judged(request: Request, document: Document, now: datetime) -> Done:
    """Return what a task would do to a store. Pure.

    :param request: what the task asks for
    :param document: the store
    :param now: the time
    :raises InputError: if a sender cannot be switched or settled
    """
    known = document.senders
    if request.state == "absent":
        return _without(request, known, document.record)
    pairs = paired(request.senders, known, document.record, now)
    if request.state != "present":
        _check_known(pairs, known)
    if request.state == "switched":
        pairs = {name: _switched(name, pair, document.record, now) for name, pair in pairs.items()}
    elif request.state == "settled":
        pairs = {name: _settled(name, pair, request.deployed.get(name)) for name, pair in pairs.items()}
    return Done(
        before={name: known.get(name, Sender()) for name in pairs},
        after=pairs,
        advice={name: _advice(pair, document.record, request.wish, now) for name, pair in pairs.items()},
    )


def _without(request: Request, known: Mapping[str, Sender], record: Callable[[str], Record]) -> Done:
    before = {name: known.get(name, Sender()) for name in request.senders}
    for name, accounts in request.senders.items():
        if accounts and name in known:
            check_same(name, known[name], accounts)
    return Done(
        before=before,
        after=dict.fromkeys(before, Sender()),
        advice={
            name: removed(name, pair, record(pair.other or ""), force=request.force) for name, pair in before.items()
        },
    )


def _check_known(pairs: Mapping[str, Sender], known: Mapping[str, Sender]) -> None:
    unknown = [name for name in pairs if name not in known]
    if unknown:
        raise InputError(f"these senders are not in the store: {', '.join(unknown)}; run state=present first")


def _switched(name: str, pair: Sender, record: Callable[[str], Record], now: datetime) -> Sender:
    """Return the sender after the switch, or unchanged if it was already switched."""
    used, rest = record(pair.in_use or ""), record(pair.other or "")
    begun = is_under_way(pair, rest)
    if pair.leaving is not None or (not begun and _is_newer(used, rest)):
        return pair
    why = unfinished(rest, now)
    if why is None and not begun:
        why = "its password was set before the sender was last switched or added: set a new one"
    if why is not None:
        raise InputError(
            f"'{name}' cannot be switched to {pair.at_rest}: {why}. Switch once smtp_account_password "
            "(state=verified) has recorded its test"
        )
    return sender_records.switched(pair, used, now)


def _settled(name: str, pair: Sender, deployed: Sender | None) -> Sender:
    if deployed is not None and deployed.in_use != pair.in_use:
        raise InputError(
            f"'{name}' was deployed with {deployed.in_use}, but another run has since switched to {pair.in_use}; "
            f"deploy and test {pair.in_use} on every host, then record it"
        )
    # The account may have been put in use, left and put in use again, so the hosts may be one switch behind.
    if deployed is not None and deployed.switched_at not in (None, pair.switched_at):
        raise InputError(
            f"'{name}' was deployed with {pair.in_use}, but other runs have since switched it back and forth; "
            f"deploy and test {pair.in_use} again on every host, then record it"
        )
    return sender_records.settled(pair)


def _is_newer(used: Record, rest: Record) -> bool:
    """Return whether the account in use is the one that was changed last, as after a switch."""
    return used.changed_at is not None and (rest.changed_at is None or rest.changed_at < used.changed_at)


def _advice(pair: Sender, record: Callable[[str], Record], wish: Wish, now: datetime) -> Advice:
    return advise(pair, record(pair.in_use or ""), record(pair.other or ""), wish, now)
