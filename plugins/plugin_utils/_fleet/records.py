# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host remembers of a rotation, and what the leader tells the others. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum
from typing import Any, TypeVar

T = TypeVar("T")
# What a task of the role registers, on every host.
REGISTERED = "__smtp_rotation"
# What the last task registers beside it: as it can fail, it shows no record.
ENDED = "__smtp_rotation_ended"
# What is registered when a host has come to the end, however it did, and by the host that then tells of all.
ENDS, TOLD = "__smtp_rotation_ends", "__smtp_rotation_told"
# What the tasks register that loop over hosts, each item with the host that it was done for.
HOLDS, TESTS, AUDITS = "__smtp_rotation_holds", "__smtp_rotation_tests", "__smtp_rotation_audits"
# The ways of a rotation, each a file of tasks: passwords change while mail is on hold, the idle account of each sender
# gets another one, the provider makes a credential beside the old one, or old credentials are deleted and no more.
IN_PLACE, ALTERNATE, OVERLAP, RETIRE = "in_place", "alternate", "overlap", "retire"


class Phase(IntEnum):
    """How far a host has come."""

    NONE = 0
    CHECKED = 1
    PLANNED = 2
    STAGED = 3
    HELD = 4
    CHANGED = 5
    TESTED = 6
    SWITCHED = 7
    TRIED = 8
    DONE = 9


@dataclass(frozen=True)
class Plan:
    """What the leader has found out about all hosts before anything changes.

    C(users): the accounts of each host. C(pairs): the two accounts of each sender. C(advice): what smtp_sender says of
    each sender. C(due): accounts to be given to the change, C(finishing): those whose rotation an earlier run began.
    C(work): accounts that this run changes, finishes or tests, C(changing): those that get another password, C(begun):
    those of which an earlier run may have changed the password already. C(goes_on): whether there is anything to do, as
    there always is for a host that uses passwords. C(way): how it is done. C(next): the role's file of tasks that
    comes next. C(reconciles): the plan puts right what an audit found, C(then): by which file of tasks. C(inner): the
    file of tasks that one that publishes includes. C(adopted): accounts whose password came into the store before, from
    a variable.
    """

    users: dict[str, list[str]] = field(default_factory=dict)
    pairs: dict[str, list[str]] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)
    advice: list[dict[str, Any]] = field(default_factory=list)
    due: list[str] = field(default_factory=list)
    finishing: list[str] = field(default_factory=list)
    work: list[str] = field(default_factory=list)
    changing: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    testers: dict[str, str] = field(default_factory=dict)
    vault_file: str = ""
    goes_on: bool = False
    way: str = IN_PLACE
    next: str = ""
    reconciles: bool = False
    then: str = ""
    inner: str = ""
    adopted: list[str] = field(default_factory=list)

    @property
    def accounts(self) -> list[str]:
        """Return the accounts of all hosts, each once."""
        return unique(account for accounts in self.users.values() for account in accounts)

    @property
    def holds(self) -> bool:
        """Return whether mail is held while passwords change."""
        return self.way == IN_PLACE

    @property
    def overlaps(self) -> bool:
        """Return whether a new credential works beside the old one, and hosts get it only when it is tested."""
        return self.way == OVERLAP

    def work_of(self, host: str) -> list[str]:
        """Return the accounts of a host that this run works on.

        :param host: any host
        """
        wanted = set(self.work)
        return [account for account in self.users.get(host, []) if account in wanted]


@dataclass(frozen=True)
class Outcome:
    """What became of the change. C(untested): accounts to be tested, C(excluded): those left alone, by the hosts why.

    C(wait): seconds until the last window is over, counted from C(uptime), the seconds since the controller started.
    """

    accounts: list[dict[str, Any]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    effective_at: str = ""
    wait: float = 0.0
    uptime: float = 0.0
    told: str = ""
    broken: bool = False
    excluded: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What the test messages showed: accounts that work, and of the others the reason and what it means."""

    proved: list[str] = field(default_factory=list)
    unproved: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Switch:
    """Senders whose accounts were switched in this run, as smtp_sender tells, and those whose old account can go."""

    senders: dict[str, dict[str, Any]] = field(default_factory=dict)
    leaving: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Audit:
    """What the logins of an audit showed, account by account, see C(audit.py).

    C(silent): servers that accepted nothing. C(adopted): accounts whose password is now another value of the store,
    C(rotated): those that get a new one in this run. C(trouble): why nothing could be put right.
    """

    entries: list[dict[str, Any]] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    adopted: list[str] = field(default_factory=list)
    rotated: list[str] = field(default_factory=list)
    trouble: str = ""


@dataclass(frozen=True)
class Record:
    """What a host remembers: who leads, how far it has come, what it uses, and what went wrong.

    C(born): the name of the record. C(token): the name of the rotation that this host leads, C(served): of the last one
    that it was done with, C(done): of the last one that it led to the end. C(consumes): it uses passwords, or has
    tasks of the playbook to run. C(away): the host cannot be reached. C(unheld): hosts that it should have held,
    and whether they are away. C(unkept): why the store was not saved elsewhere. C(looked): it has looked whether
    the SMTP server answers. C(notified): a handler of the playbook is to run. C(fresh): a mail program was given
    another login. C(programs): the mail programs of this host, C(on_hold): those that an earlier run left on hold,
    C(proofs): how it was seen that mail goes out, C(released): the mail of all of them is released. C(left):
    senders whose new account works from here. C(bare): nothing here is given passwords. C(handed): accounts whose
    stored credential was deployed here, by when it was made, C(given): those of them that it uses, as its programs have
    reloaded and it could log in. The last eight fields are the leader's. C(publications): what became of each password
    that is published, C(pending): those that tasks of the playbook are to publish.
    """

    leader: str = ""
    born: str = ""
    token: str = ""
    served: str = ""
    done: str = ""
    vault_file: str = ""
    play: str = ""
    consumes: bool = False
    reached: int = Phase.NONE
    pause: int = 1
    accounts: list[str] = field(default_factory=list)
    senders: dict[str, list[str]] = field(default_factory=dict)
    trouble: str = ""
    away: bool = False
    unheld: dict[str, bool] = field(default_factory=dict)
    unkept: str = ""
    looked: bool = False
    notified: bool = False
    fresh: bool = False
    programs: list[str] = field(default_factory=list)
    on_hold: list[str] = field(default_factory=list)
    proofs: list[dict[str, Any]] = field(default_factory=list)
    released: bool = False
    left: list[str] = field(default_factory=list)
    bare: bool = False
    handed: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    plan: Plan | None = None
    outcome: Outcome | None = None
    verdict: Verdict | None = None
    switch: Switch | None = None
    audit: Audit | None = None
    unrecorded: str = ""
    publications: list[dict[str, str]] = field(default_factory=list)
    pending: list[dict[str, Any]] = field(default_factory=list)


PARTS = {"plan": Plan, "outcome": Outcome, "verdict": Verdict, "switch": Switch, "audit": Audit}


def record_of(registered: Any, ended: Any = None) -> Record:
    """Return what a host remembers, from what its last task registered.

    :param registered: the registered result, anything if there is none
    :param ended: what the task registered that ended a rotation, likewise
    """
    known = registered.get("record") if isinstance(registered, Mapping) else None
    if not isinstance(known, Mapping):
        return Record()
    parts: dict[str, Any] = {name: _loaded(kind, known[name]) for name, kind in PARTS.items() if known.get(name)}
    record = _loaded(Record, {**{name: known[name] for name in known if name not in PARTS}, **parts})
    if not isinstance(ended, Mapping) or ended.get("born") != record.born:
        return record
    return replace(record, reached=Phase.NONE, done=ended["done"], served=ended["served"])


def _loaded(kind: type[T], values: Mapping[str, Any]) -> T:
    names = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    return kind(**{name: value for name, value in values.items() if name in names})


def unique(names: Any) -> list[str]:
    """Return names in order, each once.

    :param names: an iterable of names
    """
    return list(dict.fromkeys(names))
