# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet of real mail hosts and their provider, all on this machine."""

from __future__ import annotations

import contextlib
import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml
from support import chasquid, postfix, rooted
from support.controller import KEYS
from support.fleet.debian_members import EximHost, NullmailerHost, OpensmtpdHost
from support.fleet.flow import Flow
from support.fleet.members import Member, PostfixHost, Relay
from support.fleet.provider import POLL_SECONDS, Provider
from support.fleet.tally import Tally, count

# Runs the role on the group fleet; the variable store says where the passwords are kept.
ROTATE = Path(__file__).with_name("rotate.yml")
PROGRAMS: Mapping[str, Callable[[str, Relay, Path], Member]] = {
    "postfix": PostfixHost,
    "exim": EximHost,
    "opensmtpd": OpensmtpdHost,
    "nullmailer": NullmailerHost,
}


def why_not() -> str:
    """Return why no fleet can be started here, an empty text if one can."""
    return postfix.why_not() or chasquid.why_not() or rooted.why_not()


class Fleet:
    """Hosts that send through one provider; a context manager that starts it all, and ends all that it started.

    The first two hosts share a sender, the others another one. A sender has two accounts; where only one is wanted, it
    is the first.

    :param folder: an existing folder
    :param programs: the mail program of each host, at least two
    :param window: seconds in which a new password takes effect
    """

    def __init__(self, folder: Path, *, programs: Sequence[str], window: float) -> None:
        self._folder, self._window = folder, window
        self._programs = {
            f"{'relay' if program == 'postfix' else program}-{n}": program for n, program in enumerate(programs, 1)
        }
        self.hosts = {host: f"news-{1 if n < 2 else 2}" for n, host in enumerate(self._programs)}
        self.senders = {
            sender: [f"{sender}{side}@{chasquid.DOMAIN}" for side in "ab"] for sender in self.hosts.values()
        }
        self.old_passwords = {account: secrets.token_urlsafe(18) for pair in self.senders.values() for account in pair}
        self.provider = Provider(folder, self.old_passwords, window=window, keys=KEYS)
        self.members: dict[str, Member] = {}
        self._stack = contextlib.ExitStack()

    def account_of(self, host: str) -> str:
        """Return the account that a host uses at first."""
        return self.senders[self.hosts[host]][0]

    def __enter__(self) -> Fleet:
        try:
            self._stack.enter_context(self.provider)
            for host in self.hosts:
                self._add(host)
            with ThreadPoolExecutor(len(self.members)) as pool:
                list(pool.map(lambda member: member.start(), self.members.values()))
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _add(self, host: str) -> None:
        account, standin = self.account_of(host), self.provider.standin
        password = self.old_passwords[account]
        relay = Relay(standin.smtp_host, self.provider.mail.port, standin.ca_path, account, password)
        folder = self._folder / host
        folder.mkdir()
        member = self.members[host] = PROGRAMS[self._programs[host]](host, relay, folder)
        self._stack.callback(member.remove)

    def flow(self, *, interval: float, seed: int = 0) -> Flow:
        """Return mail for every host.

        :param interval: seconds between two messages of one
        :param seed: of the moments of sending
        """
        hosts = {host: member.hand_over for host, member in self.members.items()}
        return Flow(hosts, interval=interval, seed=seed)

    def settled(self, flow: Flow, *, seconds: float) -> Tally:
        """Return the counts as soon as everything has arrived, or when no more is to be expected.

        :param flow: has been stopped
        :param seconds: how long the last messages may need
        """
        deadline = time.monotonic() + seconds
        while True:
            self.provider.take_note()
            tally = count(flow.sent, self.provider.standin.record.events(), self.bounced())
            if tally.lost == 0 or time.monotonic() > deadline:
                return tally
            time.sleep(POLL_SECONDS)

    def bounced(self) -> set[str]:
        """Return the ids of the messages that a host gave back, as its log says, or a report of it."""
        return self.provider.returned.union(*(member.bounced() for member in self.members.values()))

    def inventory(self, strategy: str) -> dict[str, Any]:
        """Return the inventory of a rotation: the group C(fleet), with all variables that the role needs.

        :param strategy: C(in_place) or C(alternate)
        """
        hosts = {}
        for host, member in self.members.items():
            sender = self.hosts[host]
            pair = {"smtp_rotation_senders": {sender: self.senders[sender]}}
            one = {"smtp_rotation_accounts": [self.account_of(host)]}
            hosts[host] = {
                **member.variables(),
                **(pair if strategy == "alternate" else one),
            }
        return {"fleet": {"hosts": hosts, "vars": self._variables(strategy)}}

    def _variables(self, strategy: str) -> dict[str, Any]:
        return {
            "ansible_connection": "local",
            "smtp_rotation_strategy": strategy,
            "smtp_rotation_api_url": self.provider.standin.api_url,
            "smtp_rotation_ca_path": self.provider.standin.ca_path,
            "smtp_rotation_smtp_host": self.provider.standin.smtp_host,
            "smtp_rotation_smtp_port": self.provider.mail.port,
            "smtp_rotation_propagation_seconds": int(self._window),
            "smtp_rotation_test_sender": "rotation@acme.example",
            "smtp_rotation_test_recipient": "inbox@acme.example",
            **{f"smtp_rotation_{name}": value for name, value in KEYS.items()},
        }

    def write_inventory(self, path: Path, strategy: str, more: Mapping[str, Any]) -> Path:
        """Write the inventory to a file and return its path.

        :param more: more variables for all hosts
        """
        inventory = self.inventory(strategy)
        inventory["fleet"]["vars"].update(more)
        path.write_text(yaml.safe_dump(inventory, sort_keys=False))
        return path

    def keep_logs(self, folder: Path) -> None:
        """Copy what the hosts and the provider wrote about their work; no passwords are in it."""
        folder.mkdir(parents=True, exist_ok=True)
        for member in self.members.values():
            member.keep_logs(folder)
        for path in (*self.provider.mail.log_files, Path(self.provider.standin.ca_path).parent / "record.jsonl"):
            if path.exists():
                shutil.copy(path, folder / f"provider-{path.name}")
