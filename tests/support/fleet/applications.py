# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applications that send through the provider themselves, each with the login that its own file holds."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from pathlib import Path

from standin.service import StandIn
from support.fleet.flow import SECONDS, Flow, Hand, a_message

USERNAME, PASSWORD = "SMTP_USERNAME", "SMTP_PASSWORD"


def write_login(path: Path, username: str, password: str) -> None:
    """Write an application's file as a template would."""
    path.touch(mode=0o600)
    path.write_text(f"{USERNAME}={username}\n{PASSWORD}={password}\n")


def read_login(path: Path) -> tuple[str, str]:
    """Return user name and password of an application's file."""
    values = dict(line.split("=", 1) for line in path.read_text().splitlines())
    return values[USERNAME], values[PASSWORD]


def sends_with(path: Path, standin: StandIn) -> Hand:
    """Return what sends one message with the login that the file holds at that moment, and does not try again."""
    context = ssl.create_default_context(cafile=standin.ca_path)

    def hand_over(message_id: str) -> None:
        username, password = read_login(path)
        with smtplib.SMTP(standin.smtp_host, standin.smtp_port, local_hostname="localhost", timeout=SECONDS) as client:
            client.starttls(context=context)
            client.login(username, password)
            client.send_message(a_message(message_id))

    return hand_over


@contextlib.contextmanager
def applications(standin: StandIn, files: dict[str, Path], *, interval: float) -> Iterator[Flow]:
    """Run an application for each host as long as the block lasts.

    :param files: host to the file with its login
    :param interval: seconds between two messages of one
    """
    flow = Flow({host: sends_with(path, standin) for host, path in files.items()}, interval=interval)
    flow.start()
    try:
        yield flow
    finally:
        flow.stop()
