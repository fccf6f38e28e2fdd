# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet of real mail hosts and their provider, all on this machine."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import yaml
from support import chasquid, postfix
from support.controller import KEYS
from support.crash.processes import send, with_environment
from support.fleet.flow import Flow, through_relay
from support.fleet.provider import POLL_SECONDS, Provider
from support.fleet.tally import Tally, count
from support.postfix import Postfix, relay_settings

# Runs the role on the group fleet; the variable store says where the passwords are kept.
ROTATE = Path(__file__).with_name("rotate.yml")
PASSWORD_MAP = "hash:{config}/sasl_passwd"
# A message that cannot be delivered is tried again soon: what a mistake costs is then seen within the time of a run.
IMPATIENT = {"minimal_backoff_time": "5s", "maximal_backoff_time": "10s", "queue_run_delay": "5s"}
# Providers allow an account a few connections at a time. Twenty for each relay would only wait for the processors here.
FEW = {"smtp_destination_concurrency_limit": "5"}
QUEUE_ID = r"\[\d+\]: ([0-9A-Za-z]+): "
MESSAGE_ID = re.compile(QUEUE_ID + r"message-id=(\S+)")
BOUNCED = re.compile(QUEUE_ID + r".* status=(?:bounced|expired)")


def why_not() -> str:
    """Return why no fleet can be started here, an empty text if one can."""
    return postfix.why_not() or chasquid.why_not()


def bounced_ids(log: str) -> set[str]:
    """Return the ids of the messages that Postfix gave back, according to its log."""
    names = dict(MESSAGE_ID.findall(log))
    return {names[queue_id] for queue_id in BOUNCED.findall(log) if queue_id in names}


class Fleet:
    """Relays that send through one provider; a context manager that starts it all, and ends all that it started.

    The first two relays share a sender, the others another one. A sender has two accounts; where only one is wanted, it
    is the first.

    :param folder: an existing folder
    :param relays: how many there are, at least two
    :param window: seconds in which a new password takes effect
    """

    def __init__(self, folder: Path, *, relays: int, window: float) -> None:
        self._window = window
        self.hosts = {f"relay-{n}": f"news-{1 if n <= 2 else 2}" for n in range(1, relays + 1)}
        self.senders = {
            sender: [f"{sender}{side}@{chasquid.DOMAIN}" for side in "ab"] for sender in self.hosts.values()
        }
        self.old_passwords = {account: secrets.token_urlsafe(18) for pair in self.senders.values() for account in pair}
        self.provider = Provider(folder, self.old_passwords, window=window, keys=KEYS)
        self.relays: dict[str, Postfix] = {}
        self.main_cf: dict[str, str] = {}
        self._stack = contextlib.ExitStack()

    @property
    def key(self) -> str:
        """Under what the relays look up their login."""
        return f"[{self.provider.standin.smtp_host}]:{self.provider.mail.port}"

    def account_of(self, host: str) -> str:
        """Return the account that a host uses at first."""
        return self.senders[self.hosts[host]][0]

    def __enter__(self) -> Fleet:
        try:
            self._stack.enter_context(self.provider)
            for host in self.hosts:
                self._add(host)
            with ThreadPoolExecutor(len(self.relays)) as pool:
                list(pool.map(Postfix.start, self.relays.values()))
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _add(self, host: str) -> None:
        settings = relay_settings("127.0.0.1", self.provider.mail.port, self.provider.standin.ca_path, PASSWORD_MAP)
        relay = self.relays[host] = Postfix(host, {**settings, **IMPATIENT, **FEW})
        self._stack.callback(_remove, relay)
        self.main_cf[host] = relay.main_cf.read_text()
        account = self.account_of(host)
        relay.write_map("sasl_passwd", {self.key: f"{account}:{self.old_passwords[account]}"})

    def flow(self, *, interval: float, seed: int = 0) -> Flow:
        """Return mail for every relay.

        :param interval: seconds between two messages of one
        :param seed: of the moments of sending
        """
        hosts = {host: through_relay(relay.port) for host, relay in self.relays.items()}
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
        """Return the ids of the messages that a relay gave back."""
        return {one for relay in self.relays.values() for one in bounced_ids(relay.log)}

    def inventory(self, strategy: str) -> dict[str, Any]:
        """Return the inventory of a rotation: the group C(fleet), with all variables that the role needs.

        :param strategy: C(in_place) or C(alternate)
        """
        hosts = {}
        for host, relay in self.relays.items():
            sender = self.hosts[host]
            pair = {"smtp_rotation_senders": {sender: self.senders[sender]}}
            one = {"smtp_rotation_accounts": [self.account_of(host)]}
            hosts[host] = {
                "smtp_rotation_postfix_config_directory": str(relay.config),
                **(pair if strategy == "alternate" else one),
            }
        return {"fleet": {"hosts": hosts, "vars": self._variables(strategy)}}

    def _variables(self, strategy: str) -> dict[str, Any]:
        return {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "smtp_rotation_strategy": strategy,
            "smtp_rotation_consumer": "postfix",
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
        for host, relay in self.relays.items():
            (folder / f"{host}.log").write_text(relay.log)
            shutil.copy(relay.main_cf, folder / f"{host}.main.cf")
        for path in (*self.provider.mail.log_files, Path(self.provider.standin.ca_path).parent / "record.jsonl"):
            if path.exists():
                shutil.copy(path, folder / f"provider-{path.name}")


def _remove(relay: Postfix) -> None:
    try:
        relay.remove()
    finally:
        # What a start left behind that was interrupted.
        for pid in with_environment(f"MAIL_CONFIG={relay.config}\0"):
            send(pid, signal.SIGKILL)
