# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real mail server as the provider's: Debian's chasquid on loopback, where a new password waits for a reload."""

from __future__ import annotations

import email
import email.policy
import hashlib
import os
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.message import EmailMessage
from pathlib import Path

from standin.certificates import CertificateFiles
from support.postfix import PATH, free_port
from support.waiting import until

SECONDS = 30.0
DOMAIN = "acme.example"
# Users that nobody logs in as: where the mail goes, and where it came from, so that what bounces arrives too.
MAILBOXES = ("inbox", "app", "rotation")
LOGIN = re.compile(r"^(\S+ \S+) \S+ auth (succeeded|failed) for (\S+)$", re.MULTILINE)
RETURNED = re.compile(r"^Message-ID:\s*(\S+)", re.MULTILINE | re.IGNORECASE)
# As cheap as it can be: many logins a second must not slow down what is measured.
LOG_N, BLOCKS, LANES, KEY_LENGTH = 8, 8, 1, 32

CONFIGURATION = """\
hostname: "localhost"
submission_address: "127.0.0.1:{port}"
mail_delivery_agent_bin: "{folder}/deliver"
mail_delivery_agent_args: "%to%"
data_dir: "{folder}/data"
mail_log_path: "{folder}/mail.log"
"""
# As few processes as can be, for each message. A file in new is whole; its time of change is when it was delivered.
DELIVER = """\
#!/bin/sh
set -e
cd '{folder}'
read -r name </proc/sys/kernel/random/uuid
cat >"tmp/$name"
exec mv "tmp/$name" new/
"""
# Runs when a message has arrived, before the client is told that it is accepted.
STAMP = """\
#!/bin/sh
echo "X-Account: $AUTH_AS"
exec date '+X-Accepted: %s.%N'
"""


@dataclass(frozen=True)
class Login:
    """A login that was tried, at a time in seconds since the epoch."""

    time: float
    account: str
    accepted: bool


@dataclass(frozen=True)
class Delivery:
    """A message in the mailbox; the times are in seconds since the epoch.

    :param account: who was logged in when the server accepted it, empty for one that the server wrote
    :param returns: the id of the message that comes back with it, empty if none does
    """

    message_id: str
    subject: str
    account: str
    accepted_at: float
    delivered_at: float
    is_report: bool
    returns: str = ""


def why_not() -> str:
    """Return why no chasquid can be started here, an empty text if one can."""
    if shutil.which("chasquid", path=PATH) is None:
        return "chasquid is not installed: apt-get install chasquid"
    return ""


def user_database(passwords: Mapping[str, str]) -> str:
    """Return the text of a file of users, as C(chasquid-util user-add) writes it.

    :param passwords: the part of the name before the @, to password
    """
    return "".join(_user(name, password) for name, password in sorted(passwords.items()))


def _user(name: str, password: str) -> str:
    salt = secrets.token_bytes(16)
    key = hashlib.scrypt(password.encode(), salt=salt, n=1 << LOG_N, r=BLOCKS, p=LANES, dklen=KEY_LENGTH)
    numbers = f"logN: {LOG_N} r: {BLOCKS} p: {LANES} keyLen: {KEY_LENGTH}"
    scheme = f'scrypt: {{ {numbers} salt: "{_escaped(salt)}" encrypted: "{_escaped(key)}" }}'
    return f'users: {{ key: "{name}" value: {{ {scheme} }} }}\n'


def _escaped(data: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in data)


def read_logins(log: str) -> list[Login]:
    """Return the logins of a mail log whose times are in UTC, in order; a line that is not whole yet is left out."""
    whole = log[: log.rfind("\n") + 1]
    return [Login(_seconds(stamp), name, word == "succeeded") for stamp, word, name in LOGIN.findall(whole)]


def _seconds(stamp: str) -> float:
    return datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=timezone.utc).timestamp()


def read_delivery(raw: bytes, delivered_at: float) -> Delivery:
    """Return what a delivered message says of itself."""
    message = email.message_from_bytes(raw, _class=EmailMessage, policy=email.policy.default)
    is_report = message.get_content_type() == "multipart/report"
    returned = RETURNED.search(raw.partition(b"\n\n")[2].decode(errors="replace")) if is_report else None
    return Delivery(
        message_id=str(message["Message-ID"] or "").strip(),
        subject=str(message["Subject"] or ""),
        account=str(message["X-Account"] or ""),
        accepted_at=float(message["X-Accepted"] or delivered_at),
        delivered_at=delivered_at,
        is_report=is_report,
        returns=returned.group(1) if returned else "",
    )


class Chasquid:
    """The server; C(start) and C(stop) it.

    :param folder: an existing folder of its own
    :param passwords: account to password; accounts are addresses of C(DOMAIN)
    :param reload_seconds: a changed password is in force at the next of its reloads, which are so far apart
    :param certificates: its certificate
    """

    def __init__(
        self, folder: Path, passwords: Mapping[str, str], *, reload_seconds: float, certificates: CertificateFiles
    ) -> None:
        self.port = free_port()
        self._folder = folder
        self._passwords = dict(passwords)
        self._reload_seconds = reload_seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._read: set[str] = set()
        self._users = folder / "config" / "domains" / DOMAIN / "users"
        self._write(certificates)

    @property
    def log_files(self) -> list[Path]:
        """What it wrote about its work."""
        return [self._folder / "mail.log", self._folder / "server.log"]

    def _write(self, certificates: CertificateFiles) -> None:
        folder, config = self._folder, self._folder / "config"
        for one in (self._users.parent, config / "certs" / "localhost", config / "hooks"):
            one.mkdir(parents=True)
        for name in ("data", "tmp", "new"):
            (folder / name).mkdir()
        shutil.copy(certificates.certificate_path, config / "certs" / "localhost" / "fullchain.pem")
        shutil.copy(certificates.key_path, config / "certs" / "localhost" / "privkey.pem")
        (config / "chasquid.conf").write_text(CONFIGURATION.format(folder=folder, port=self.port))
        _write_script(folder / "deliver", DELIVER.format(folder=folder))
        _write_script(config / "hooks" / "post-data", STAMP)
        self._write_users()

    def _write_users(self) -> None:
        nobody = {name: secrets.token_hex() for name in MAILBOXES}
        accounts = {name.partition("@")[0]: password for name, password in self._passwords.items()}
        beside = self._users.with_name("users.new")
        beside.touch(mode=0o600)
        beside.write_text(user_database({**nobody, **accounts}))
        beside.replace(self._users)

    def set_password(self, account: str, password: str) -> None:
        """Write a new password where the next reload finds it."""
        self._passwords[account] = password
        self._write_users()

    def start(self) -> None:
        """Start it, and wait until it listens.

        :raises RuntimeError: if it ends instead
        """
        command = ["chasquid", "-config_dir", str(self._folder / "config")]
        command += ["-testing__reload_every", f"{self._reload_seconds}s", "-logfile", str(self._folder / "server.log")]
        environment = {**os.environ, "PATH": PATH, "TZ": "UTC"}
        self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True)
        until(self._listens, seconds=SECONDS)

    def _listens(self) -> bool:
        assert self._process
        if self._process.poll() is not None:
            raise RuntimeError(f"chasquid ended at once:\n{(self._folder / 'server.log').read_text()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """End it."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def logins(self) -> list[Login]:
        """Return every login that was tried."""
        log = self._folder / "mail.log"
        return read_logins(log.read_text(errors="replace")) if log.exists() else []

    def new_deliveries(self) -> Iterator[Delivery]:
        """Yield the messages that were delivered since this was asked last, the oldest first."""
        found = [one for one in (self._folder / "new").iterdir() if one.name not in self._read]
        for path in sorted(found, key=_changed):
            self._read.add(path.name)
            yield read_delivery(path.read_bytes(), _changed(path))


def _changed(path: Path) -> float:
    return path.stat().st_mtime


def _write_script(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
