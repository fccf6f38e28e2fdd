# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host of a fleet, and the one that needs no Debian of its own: Postfix."""

from __future__ import annotations

import re
import shutil
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from support.crash.processes import send, with_environment
from support.fleet.flow import through_relay
from support.postfix import Postfix, relay_settings

# A message that cannot be delivered is tried again soon: what a mistake costs is then seen within the time of a run.
IMPATIENT = {"minimal_backoff_time": "5s", "maximal_backoff_time": "10s", "queue_run_delay": "5s"}
# Providers allow an account a few connections at a time. Twenty for each relay would only wait for the processors here.
FEW = {"smtp_destination_concurrency_limit": "5"}
QUEUE_ID = r"\[\d+\]: ([0-9A-Za-z]+): "
MESSAGE_ID = re.compile(QUEUE_ID + r"message-id=(\S+)")
BOUNCED = re.compile(QUEUE_ID + r".* status=(?:bounced|expired)")


@dataclass(frozen=True)
class Relay:
    """What a host sends through.

    :param account: who logs in at first
    :param password: with which password
    """

    host: str
    port: int
    ca_path: str
    account: str
    password: str


class Member(Protocol):
    """A host that mail flows from."""

    def start(self) -> None:
        """Set it up, and start it; it takes mail when this returns."""

    def remove(self) -> None:
        """End all that it runs, and remove its files."""

    def hand_over(self, message_id: str) -> None:
        """Hand it a message.

        :param message_id: of the message
        :raises OSError: if it does not take it
        """

    def variables(self) -> dict[str, Any]:
        """Return its variables of the inventory."""

    def bounced(self) -> set[str]:
        """Return the ids of the messages that it gave back, as far as its logs tell."""

    def keep_logs(self, folder: Path) -> None:
        """Copy what it wrote about its work; no passwords are in it.

        :param folder: an existing folder
        """

    def configuration(self) -> str:
        """Return what a hold changes, as it is now."""

    def login(self) -> str:
        """Return the account and the password that it uses now, a colon between them."""


class PostfixHost:
    """A Postfix with a folder of its own, on this machine itself.

    :param name: of the host
    :param relay: what it sends through
    """

    def __init__(self, name: str, relay: Relay, _folder: Path) -> None:
        self._relay = relay
        settings = relay_settings(relay.host, relay.port, relay.ca_path, "hash:{config}/sasl_passwd")
        self.postfix = Postfix(name, {**settings, **IMPATIENT, **FEW})

    @property
    def key(self) -> str:
        """Under what it looks up its login."""
        return f"[{self._relay.host}]:{self._relay.port}"

    def start(self) -> None:
        """See C(Member)."""
        self.postfix.write_map("sasl_passwd", {self.key: f"{self._relay.account}:{self._relay.password}"})
        self.postfix.start()

    def remove(self) -> None:
        """See C(Member)."""
        try:
            self.postfix.remove()
        finally:
            # What a start left behind that was interrupted.
            for pid in with_environment(f"MAIL_CONFIG={self.postfix.config}\0"):
                send(pid, signal.SIGKILL)

    def hand_over(self, message_id: str) -> None:
        """See C(Member)."""
        through_relay(self.postfix.port)(message_id)

    def variables(self) -> dict[str, Any]:
        """See C(Member)."""
        return {
            "ansible_python_interpreter": sys.executable,
            "smtp_rotation_consumer": "postfix",
            "smtp_rotation_postfix_config_directory": str(self.postfix.config),
        }

    def bounced(self) -> set[str]:
        """See C(Member)."""
        return bounced_ids(self.postfix.log)

    def keep_logs(self, folder: Path) -> None:
        """See C(Member)."""
        (folder / f"{self.postfix.name}.log").write_text(self.postfix.log)
        shutil.copy(self.postfix.main_cf, folder / f"{self.postfix.name}.main.cf")

    def configuration(self) -> str:
        """See C(Member)."""
        return self.postfix.main_cf.read_text()

    def login(self) -> str:
        """See C(Member)."""
        return self.postfix.run("postmap", "-q", self.key, f"hash:{self.postfix.config}/sasl_passwd").strip()


def bounced_ids(log: str) -> set[str]:
    """Return the ids of the messages that Postfix gave back, according to its log."""
    names = dict(MESSAGE_ID.findall(log))
    return {names[queue_id] for queue_id in BOUNCED.findall(log) if queue_id in names}
