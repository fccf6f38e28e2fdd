# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which passwords are to be published where, by what the store notes. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.targets import ACCEPTED, MOMENTS, STAGED, Target
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Login
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.publication import has, mark
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record

PASSWORD, STAGED_PASSWORD = "password", "staged_password"


@dataclass(frozen=True)
class Publication:
    """One password that a target is to get. C(field): where the store has it."""

    target: Target
    login: Login
    path: str
    field: str
    ciphertext: str
    mark: str


@dataclass(frozen=True)
class Rules:
    """What holds for a run. C(moment): how far it is. C(tests): whether new passwords are tested.

    C(again): targets get their passwords also if they have them. C(pairs): each sender has two accounts, of which the
    one in use is published: it was tested before the hosts switched to it.
    """

    moment: str
    tests: bool
    again: bool = False
    pairs: bool = False


def due(
    targets: Sequence[Target], logins: Sequence[Login], records: Mapping[str, Record], now: datetime, rules: Rules
) -> Iterator[Publication]:
    """Yield what is to be published now, account by account.

    :param targets: the targets
    :param logins: the accounts
    :param records: their records in the store
    :param now: the time
    :param rules: what holds for this run
    """
    for login in logins:
        record = records[login.account]
        for target in targets:
            field = wanted(target, record, now, rules) if is_by(target, rules.moment) else None
            found = publication(target, login, record, field) if field else None
            if found and (rules.again or not has(record.published, target.name, found.mark)):
                yield found


def is_by(target: Target, moment: str) -> bool:
    """Return whether a target gets passwords at this moment of a run, or before.

    :param target: the target
    :param moment: how far the run is
    """
    return MOMENTS.index(target.publish_when) <= MOMENTS.index(moment)


def publication(target: Target, login: Login, record: Record, field: str) -> Publication | None:
    """Return what a target gets of an account, None if it gets nothing.

    :param target: the target
    :param login: the account
    :param record: its record in the store
    :param field: where the record has the password
    """
    path, ciphertext = target.path_of(login), getattr(record, field)
    if path is None or ciphertext is None:
        return None
    return Publication(target, login, path, field, ciphertext, mark(ciphertext, target.shape(login)))


def wanted(target: Target, record: Record, now: datetime, rules: Rules) -> str | None:
    """Return which field of a record a target is to have now, None if it keeps what it has.

    :param target: the target
    :param record: the record
    :param now: the time
    :param rules: what holds for this run
    """
    if rules.pairs:
        return PASSWORD if record.password else None
    if target.publish_when == STAGED and record.staged_password:
        return STAGED_PASSWORD
    if record.password is None:
        return None
    if target.publish_when in (STAGED, ACCEPTED):
        return PASSWORD
    settled = not record.is_begun and not record.in_doubt and not record.waits_at(now)
    return PASSWORD if settled and not (rules.tests and record.is_unverified) else None


def waiting(
    targets: Sequence[Target], login: Login, record: Record, now: datetime, rules: Rules
) -> list[tuple[str, str]]:
    """Return the targets that do not get an account's password yet, each with the reason.

    :param targets: the targets
    :param login: the account
    :param record: its record in the store
    :param now: the time
    :param rules: what holds for this run
    """
    found = []
    for target in targets:
        possible = publication(target, login, record, PASSWORD)
        if possible and wanted(target, record, now, rules) is None and not _has(record, target, possible):
            found.append((target.name, "after the window" if record.waits_at(now) else "after its test"))
    return found


def lacking(targets: Sequence[Target], login: Login, record: Record) -> bool:
    """Return whether a target does not have an account's stored password, for whatever reason.

    :param targets: the targets
    :param login: the account
    :param record: its record in the store
    """
    every = [(target, publication(target, login, record, PASSWORD)) for target in targets]
    return any(possible is not None and not _has(record, target, possible) for target, possible in every)


def _has(record: Record, target: Target, possible: Publication) -> bool:
    return has(record.published, target.name, possible.mark)
