# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one host knows of all hosts of the play. Reads their variables when they are asked for; decides who leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.consumers import programs_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import (
    AUDITS,
    ENDED,
    HOLDS,
    REGISTERED,
    TESTS,
    Phase,
    Record,
    record_of,
    unique,
)


@dataclass(frozen=True)
class Play:
    """Ansible's magic variables: this host, all hosts of the play, those still in it, and those of this batch."""

    here: str
    everyone: Sequence[str]
    active: Sequence[str]
    batch: Sequence[str]

    @classmethod
    def of(cls, variables: Mapping[str, Any]) -> Play:
        """Return the play of a task.

        :param variables: the task's variables
        """
        names = ("ansible_play_hosts_all", "ansible_play_hosts", "ansible_play_batch")
        return cls(str(variables["inventory_hostname"]), *([str(one) for one in variables[name]] for name in names))

    @property
    def fallen(self) -> list[str]:
        """Return the hosts that are not in the play any more."""
        return _without(self.everyone, self.active)

    @property
    def later(self) -> list[str]:
        """Return the hosts of later batches."""
        return _without(self.active, self.batch)


@dataclass
class Fleet:
    """All hosts of a play, as one of them sees them.

    :param play: the hosts
    :param hostvars: the variables of each host
    """

    play: Play
    hostvars: Mapping[str, Mapping[str, Any]]
    _records: dict[str, Record] = field(default_factory=dict)
    _known: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def record(self, host: str) -> Record:
        """Return what a host remembers, an empty record if it has not begun.

        :param host: any host
        """
        if host not in self._records:
            self._records[host] = record_of(self.registered(host, REGISTERED), self.registered(host, ENDED))
        return self._records[host]

    @property
    def own(self) -> Record:
        """Return what this host remembers."""
        return self.record(self.play.here)

    @property
    def leader(self) -> Record:
        """Return what the leader remembers."""
        return self.record(self.own.leader)

    @property
    def leads(self) -> bool:
        """Return whether this host leads."""
        return self.own.leader == self.play.here

    def holds(self, host: str) -> list[Mapping[str, Any]]:
        """Return what a host did to hold mail in this rotation, host by host.

        :param host: the host that did it
        """
        return self._items(host, HOLDS)

    def tests(self, host: str) -> list[Mapping[str, Any]]:
        """Return the test messages that a host sent in this rotation, from itself and from others.

        :param host: the host that did it
        """
        return self._items(host, TESTS)

    def audits(self, host: str) -> list[Mapping[str, Any]]:
        """Return the logins that a host made for an audit, from itself and from others.

        :param host: the host that did it
        """
        return self._items(host, AUDITS)

    def reached(self, host: str) -> int:
        """Return how far a host has come. What a loop has registered tells as much as what it says after it.

        :param host: any host
        """
        held = Phase.HELD if self.holds(host) else Phase.NONE
        tested = Phase.TESTED if self.tests(host) else Phase.NONE
        return max(self.record(host).reached, held, tested)

    @property
    def leader_reached(self) -> int:
        """Return how far the leader has come. A rotation that served this host before is not the one it waits for."""
        token = self.leader.token
        if not token or token == self.own.served:
            return Phase.NONE
        return Phase.DONE if self.leader.done == token else self.reached(self.own.leader)

    def programs(self, host: str, own: Sequence[str]) -> list[str]:
        """Return the mail programs of a host: those that it found, or the inventory's, as long as it has not begun.

        :param host: any host
        :param own: what this host has: those that the playbook gives to the role, no other host shows
        """
        shared = self.record(host)
        if shared.vault_file and shared.vault_file == self.own.vault_file:
            return shared.programs
        known = self._variable(host, "smtp_rotation_consumer")
        return list(own) if known is None else programs_of(known)

    def consumes(self, host: str) -> bool:
        """Return whether a host uses passwords or has tasks of the playbook to run, as far as is known.

        :param host: any host
        """
        return self.record(host).consumes or bool(self._variable(host, "smtp_rotation_consumer"))

    def used(self, host: str, variable: str, own: Any) -> Any:
        """Return what a host uses: what it shares, or what the inventory says, as long as its turn has not come.

        :param host: any host of the play
        :param variable: smtp_rotation_accounts or smtp_rotation_senders
        :param own: what this host has of the play, which a host that fell out would have too
        """
        shared = self.record(host)
        if shared.vault_file and shared.vault_file == self.own.vault_file:
            return shared.senders if variable.endswith("senders") else shared.accounts
        known = self._variable(host, variable)
        return known or (own if host in self.play.fallen else type(own)())

    def value(self, host: str, name: str, own: Any) -> Any:
        """Return a variable of another host.

        :param host: any host
        :param name: the variable
        :param own: what this host has
        """
        known = self._variable(host, name)
        return own if known is None else known

    def with_record(self, record: Record) -> Fleet:
        """Return the fleet as it is when this host remembers something else.

        :param record: what this host remembers
        """
        return replace(self, _records={**self._records, self.play.here: record})

    def _items(self, host: str, name: str) -> list[Mapping[str, Any]]:
        registered = self.registered(host, name)
        items = registered.get("results", []) if isinstance(registered, Mapping) else []
        token = self.leader.token
        # What an earlier rotation of the same play left does not count.
        return [one for one in items if isinstance(one, Mapping) and one.get("token", token) == token]

    def _variable(self, host: str, name: str) -> Any:
        return self.hostvars[host].get(name) if host in self.hostvars else None

    def registered(self, host: str, name: str) -> Any:
        """Return what a host has registered. It holds no templates, and to look for them takes a second a thousand.

        :param host: any host
        :param name: the variable
        """
        if host not in self._known:
            raw = getattr(self.hostvars, "raw_get", self.hostvars.get)
            self._known[host] = (raw(host) or {}) if host in self.hostvars else {}
        return self._known[host].get(name)


def leader_of(fleet: Fleet, vault_file: str, name: str) -> str:
    """Return the host that does for all what is done once: the first of the batch, or the one that led before it.

    A later batch joins the leader of the first one. A host that this leader has served already is in another
    application of the role.

    :param fleet: all hosts
    :param vault_file: the store, of which this rotation is
    :param name: the play's name: the rotation of an earlier play is another one
    """
    first = fleet.play.batch[0]
    everyone = list(fleet.play.everyone)
    for host in everyone[: everyone.index(first)] if first in everyone else []:
        led = fleet.record(host)
        over = led.done == led.token
        if led.token not in ("", fleet.own.served) and (led.vault_file, led.play) == (vault_file, name) and over:
            return host
    return first


def users_of(
    fleet: Fleet, own_accounts: Sequence[str], own_senders: Mapping[str, Sequence[str]], *, pairs: bool
) -> dict[str, list[str]]:
    """Return the accounts of every host of the play.

    A host that fell out before it said what it uses may use any account of the play.

    :param fleet: all hosts
    :param own_accounts: the accounts of this host
    :param own_senders: its senders, each with two accounts
    :param pairs: whether senders count, and not accounts
    """
    everyone = fleet.play.everyone
    if not pairs:
        variable = "smtp_rotation_accounts"
        known = [account for host in everyone for account in fleet.used(host, variable, [])]
        every = unique([*own_accounts, *known])
        return {host: list(fleet.used(host, variable, every)) for host in everyone}
    senders = {host: fleet.used(host, "smtp_rotation_senders", dict(own_senders)) for host in everyone}
    return {host: [account for pair in pairs_of.values() for account in pair] for host, pairs_of in senders.items()}


def senders_of(fleet: Fleet) -> dict[str, list[str]]:
    """Return the senders of every host of the play, each with its two accounts.

    :param fleet: all hosts
    """
    found: dict[str, list[str]] = {}
    for host in fleet.play.everyone:
        found.update(fleet.used(host, "smtp_rotation_senders", {}))
    return found


def unknown_of_later(fleet: Fleet, variable: str) -> list[str]:
    """Return the hosts of later batches whose accounts nobody knows before their turn comes, which is after the change.

    :param fleet: all hosts
    :param variable: smtp_rotation_accounts or smtp_rotation_senders
    """
    missing = object()
    return [
        host
        for host in fleet.play.later
        if not fleet.record(host).vault_file and fleet.value(host, variable, missing) is missing
    ]


def testers_of(fleet: Fleet, users: Mapping[str, Sequence[str]], troubled: Mapping[str, bool]) -> dict[str, str]:
    """Return from which host each account is tested: the first that has it and is not in trouble, or else the first.

    :param fleet: all hosts
    :param users: the accounts of each host
    :param troubled: the hosts in trouble
    """
    good = _without(fleet.play.everyone, troubled)
    testers: dict[str, str] = {}
    for host in [*good, *_without(fleet.play.everyone, good)]:
        for account in users.get(host, []):
            testers.setdefault(account, host)
    return testers


def _without(names: Sequence[str], others: Any) -> list[str]:
    return [name for name in unique(names) if name not in others]
