# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""OpenSMTPD itself, of two Debian releases: what holds, and who logs in, is proved by the relay's record."""

from __future__ import annotations

import contextlib
import os
import random
import secrets
import signal
import socket
import string
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from standin.certificates import write_certificates
from standin.service import StandIn
from support.recorder import Recorder
from support.rooted import Root, why_not
from support.slow_smtp import SlowServer
from support.waiting import until

from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.program import PROGRAM
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.secrets_text import merged

ACCOUNT, OLD, NEW = "1.acme.smtp", "the-password-of-before-0", 'n"e w#pass\\wo:rd%^'
SECONDS = 40.0
# Long enough for smtpd to do what it must not do.
A_WHILE = 3.0
ROOTS = {
    "7.4": Root("opensmtpd", ("opensmtpd",), "bookworm-backports"),
    "6.8": Root("opensmtpd-stable", ("opensmtpd",)),
}
CONFIG = """# Comments, macros and a long line stay as they are.
ca "provider" cert "/etc/provider.pem"
smarthost = "smtp+tls://main@localhost:{port}"
table secrets file:/etc/smtpd/secrets
listen on 127.0.0.1 port {listen}
action "out" relay host $smarthost \\
    auth <secrets> ca "provider" tls
action "direct" relay host "smtp+notls://localhost.localdomain:{other}"
match from local for domain "other.example" action "direct"
match from local for any action "out"
"""


@pytest.fixture(autouse=True)
def _needs_root() -> None:
    if reason := why_not():
        pytest.skip(reason)


@pytest.fixture
def provider() -> Iterator[StandIn]:
    """The provider, with one account."""
    with StandIn({ACCOUNT: OLD}) as running:
        yield running


@pytest.fixture
def other() -> Iterator[SlowServer]:
    """Another mail server, which needs no login."""
    with SlowServer() as running:
        yield running


class Host:
    """A host with smtpd, whose log is written as syslog would.

    :param root: its Debian
    """

    def __init__(self, root: Root) -> None:
        self.root = root.make()
        self.conf = root.folder / "etc" / "smtpd.conf"
        self.secrets = root.folder / "etc" / "smtpd" / "secrets"
        self.log = root.folder / "var" / "log" / "mail.log"
        self.port = _free_port()
        self._syslog = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def set_up(self, config: str, secrets: str, ca_path: str) -> None:
        """Write the configuration, with an empty queue."""
        self.root.run("sh", "-c", "rm -rf /var/spool/smtpd /etc/smtpd /dev/log; mkdir -p /etc/smtpd")
        (self.root.folder / "etc" / "provider.pem").write_bytes(Path(ca_path).read_bytes())
        hosts = self.root.folder / "etc" / "hosts"
        hosts.write_text("127.0.0.1 localhost localhost.localdomain\n", encoding="utf-8")
        self.conf.write_text(config, encoding="utf-8")
        self.secrets.write_text(secrets, encoding="utf-8")
        self.root.run("chown", "root:opensmtpd", "/etc/smtpd/secrets")
        self.secrets.chmod(0o640)
        self.log.write_text("", encoding="utf-8")
        self._syslog.bind(str(self.root.folder / "dev" / "log"))
        self.root.run("chmod", "666", "/dev/log")
        threading.Thread(target=self._write_log, daemon=True).start()

    def _write_log(self) -> None:
        with self.log.open("ab") as log, contextlib.suppress(OSError):
            while data := self._syslog.recv(65536):
                log.write(data.partition(b">")[2].rstrip(b"\0\n") + b"\n")
                log.flush()

    def start(self) -> None:
        """Start smtpd, as a service does."""
        self.root.run("smtpd")
        until(self.answers, seconds=SECONDS)

    def answers(self) -> bool:
        """Tell whether smtpd runs."""
        return self.root.call("smtpctl", "show", "status").returncode == 0

    def stop(self) -> None:
        """End smtpd."""
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        until(lambda: not self.pids(), seconds=SECONDS)

    def pids(self) -> list[int]:
        """Return the processes of smtpd in this root."""
        found = []
        for name in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if name.isdigit() and os.readlink(f"/proc/{name}/exe") == str(self.root.folder / "usr/sbin/smtpd"):
                    found.append(int(name))
        return found

    def close(self) -> None:
        """Leave nothing behind."""
        self.stop()
        self._syslog.close()

    def send(self, subject: str, recipient: str = "b@provider.example") -> None:
        """Hand in a message as a local program does."""
        self.root.run("sendmail", "-f", "a@acme.example", recipient, given=f"Subject: {subject}\n\nx\n")

    def queue(self) -> list[str]:
        """Return what waits."""
        return self.root.run("smtpctl", "show", "queue").splitlines()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(params=["7.4", "6.8"])
def host(request: pytest.FixtureRequest, provider: StandIn, other: SlowServer) -> Iterator[Host]:
    """A host whose mail goes to the provider, some to another server."""
    if reason := why_not():
        pytest.skip(reason)
    host = Host(ROOTS[request.param])
    try:
        config = CONFIG.format(port=provider.smtp_port, listen=host.port, other=other.port)
        host.set_up(config, f"# logins\nmain {ACCOUNT}:{OLD}\nelse x:y # z\n", provider.ca_path)
        host.start()
        yield host
    finally:
        host.close()


def ask(host: Host, provider: StandIn, state: str, *, check: bool = False, **over: Any) -> dict[str, Any]:
    """Run the module."""
    login = {"username": ACCOUNT, "password": over.pop("password", OLD)}
    params = {
        "program": "opensmtpd",
        "state": state,
        "host": "localhost",
        "port": provider.smtp_port,
        "logins": [login],
        "sender": "a@acme.example",
        "recipient": "b@provider.example",
        "token": "token-of-this-run",
        "timeout": 30,
    }
    return host.root.module({**params, **over}, check=check)


def subjects(provider: StandIn) -> list[str]:
    """Return the subjects of the messages that the provider accepted."""
    return [message["subject"] for message in provider.record.messages()]


def test_rotation(host: Host, provider: StandIn, other: SlowServer) -> None:
    """Catches: mail that is sent, lost or refused in a rotation; a login that is not the new one; a trace."""
    before, secrets = host.conf.read_bytes(), host.secrets.read_bytes()
    host.send("before")
    until(lambda: subjects(provider) == ["before"], seconds=SECONDS)
    found = ask(host, provider, "found")
    assert found["entries"] == [
        {"place": "/etc/smtpd/secrets", "key": "main", "username": ACCOUNT, "wanted": ACCOUNT}
    ], found
    assert found["holds"] == ["action out"] and not found["held"] and not found["notes"]
    assert ask(host, provider, "held", check=True)["changed"]
    assert host.conf.read_bytes() == before
    held = ask(host, provider, "held")
    assert held["changed"] and held["held"], held
    assert not ask(host, provider, "held")["changed"]
    provider.accounts.change(ACCOUNT, NEW)
    logins = len(provider.record.logins())
    host.send("waits")
    host.send("flows", recipient="b@other.example")
    until(lambda: other.subjects == ["flows"], seconds=SECONDS)
    host.root.run("smtpctl", "schedule", "all")
    host.stop()
    host.start()
    host.root.run("smtpctl", "schedule", "all")
    time.sleep(A_WHILE)
    assert len(provider.record.logins()) == logins
    assert ask(host, provider, "found")["held"]
    assert ask(host, provider, "deployed", password=NEW, check=True)["changed"]
    assert host.secrets.read_bytes() == secrets
    deployed = ask(host, provider, "deployed", password=NEW)
    assert deployed["changed"] and deployed["held"], deployed
    assert not ask(host, provider, "deployed", password=NEW)["changed"]
    assert host.secrets.read_bytes() == secrets.replace(OLD.encode(), NEW.encode())
    proved = ask(host, provider, "proved", password=NEW)
    assert proved.get("proofs") and proved["proofs"][0]["reply"].startswith("250 2.0.0 Ok"), proved
    assert proved["held"]
    assert len(provider.record.logins()) == logins + 1
    assert "token-of-this-run" in subjects(provider)[-1]
    released = ask(host, provider, "released", password=NEW)
    assert released["changed"] and not released["held"], released
    assert host.conf.read_bytes() == before
    until(lambda: subjects(provider)[-1] == "waits", seconds=SECONDS)
    until(lambda: host.queue() == [], seconds=SECONDS)
    assert not ask(host, provider, "released", password=NEW)["changed"]
    assert all(login["accepted"] for login in provider.record.logins())


def test_release_after_a_proof(host: Host, provider: StandIn) -> None:
    """Catches: a release that takes the session of the proof, idle for ten seconds, for one that mail waits for."""
    ask(host, provider, "held")
    host.send("waits")
    assert ask(host, provider, "proved").get("proofs")
    released = ask(host, provider, "released", timeout=5)
    assert released["changed"], released
    until(lambda: subjects(provider)[-1] == "waits", seconds=SECONDS)


@pytest.mark.parametrize("reply", ["535 5.7.8 bad", "454 4.7.0 later"])
def test_refused_proof(host: Host, provider: StandIn, reply: str) -> None:
    """Catches: a refused proof that is taken for one, is bounced, or stays in the queue; a hold that ends with it."""
    host.send("put off")
    until(lambda: subjects(provider) == ["put off"], seconds=SECONDS)
    held = ask(host, provider, "held")
    assert held.get("held"), held
    host.send("waits")
    provider.submission.refuse_login = reply
    refused = ask(host, provider, "proved")
    assert reply in refused["msg"] and OLD not in str(refused), refused
    assert len(host.queue()) == 1
    assert ask(host, provider, "found")["held"]
    provider.submission.refuse_login = None
    assert ask(host, provider, "proved")["proofs"]
    assert not ask(host, provider, "released")["held"]
    until(lambda: subjects(provider)[-1] == "waits", seconds=SECONDS)


def test_put_off_mail_goes_out(host: Host, provider: StandIn) -> None:
    """Catches: mail that was put off by a refused login and waits for its own schedule after the release."""
    provider.submission.refuse_login = "535 5.7.8 bad"
    host.send("put off")
    until(lambda: "|pending|" in "".join(host.queue()), seconds=SECONDS)
    held = ask(host, provider, "held")
    assert held.get("held"), held
    provider.submission.refuse_login = None
    assert ask(host, provider, "released")["changed"]
    until(lambda: subjects(provider) == ["put off"], seconds=SECONDS)


def test_killed_release_is_finished(host: Host, provider: StandIn) -> None:
    """Catches: a release that was killed before the restart, and is then taken for done while smtpd goes on holding."""
    before = host.conf.read_bytes()
    held = ask(host, provider, "held")
    assert held.get("held"), held
    host.send("waits")
    lines = before.decode().splitlines(keepends=True)
    mark = "# BEGIN mailops.smtp: keeps mail in the queue; the module removes these lines.\n# releasing\n"
    at = next(number for number, line in enumerate(lines) if line.startswith("match"))
    lines.insert(at, f"{mark}# END mailops.smtp\n")
    host.conf.write_text("".join(lines), encoding="utf-8")
    assert not ask(host, provider, "found")["held"]
    assert ask(host, provider, "released")["changed"]
    assert host.conf.read_bytes() == before
    until(lambda: subjects(provider) == ["waits"], seconds=SECONDS)


def test_delivery_under_way(host: Host, provider: StandIn, other: SlowServer) -> None:
    """Catches: a delivery that a restart cuts off, so that the message arrives twice; a hold that stays after all."""
    before = host.conf.read_bytes()
    other.go.clear()
    host.send("long", recipient="b@other.example")
    until(lambda: other.waiting == 1, seconds=SECONDS)
    refused = ask(host, provider, "held", timeout=2)
    assert refused["msg"].startswith("deliveries of smtpd did not end within 2 seconds"), refused
    assert host.conf.read_bytes() == before and not ask(host, provider, "found")["held"]
    host.send("flows")
    until(lambda: subjects(provider) == ["flows"], seconds=SECONDS)
    other.go.set()
    assert ask(host, provider, "held")["held"]
    assert other.subjects == ["long"]
    assert ask(host, provider, "released")["changed"]
    assert host.queue() == [] and other.subjects == ["long"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("auth <secrets>", 'auth { main = "1.acme.smtp:x" }', "stands in smtpd.conf itself: move it to a file"),
        (
            "main@localhost",
            "main@localhost.localdomain",
            "relays to localhost; the relays there: localhost.localdomain",
        ),
        ("smtp+tls://main@localhost", "smtp+tls://localhost", "has no label, so smtpd does not log in there"),
        (
            "main@localhost",
            "else@localhost",
            "smtpd does not log in as 1.acme.smtp at localhost; the labels there: else",
        ),
        ("match from local for any", "match for nowhere", "smtpd does not take its own configuration"),
    ],
)
@pytest.mark.parametrize("host", ["7.4"], indirect=True)
def test_found_before_anything_changes(host: Host, provider: StandIn, old: str, new: str, told: str) -> None:
    """Catches: a login that is written though smtpd would not use it."""
    text = host.conf.read_text(encoding="utf-8")
    assert old in text
    host.conf.write_text(text.replace(old, new), encoding="utf-8")
    assert told in ask(host, provider, "found")["msg"]


@pytest.mark.parametrize("host", ["7.4", "6.8"], indirect=True)
def test_closed_file_and_folder(host: Host, provider: StandIn) -> None:
    """Catches: a table that only root can read, which smtpd then does not read again; words that name a password."""
    host.secrets.chmod(0o600)
    assert ask(host, provider, "deployed", password=NEW)["changed"]
    assert host.secrets.stat().st_mode & 0o777 == 0o640
    provider.accounts.change(ACCOUNT, NEW)
    host.send("with the new one")
    until(lambda: subjects(provider) == ["with the new one"], seconds=SECONDS)
    host.secrets.parent.chmod(0o700)
    assert "since its user may not enter /etc/smtpd" in ask(host, provider, "found")["msg"]
    host.secrets.parent.chmod(0o755)
    host.secrets.chmod(0o644)
    assert "Everybody on this host can read /etc/smtpd/secrets" in ask(host, provider, "found")["notes"][0]


@pytest.mark.parametrize("host", ["7.4"], indirect=True)
def test_proof_while_nothing_is_on_hold(host: Host, provider: StandIn) -> None:
    """Catches: two accounts of a sender, of which the one in use can never be proved, since mail flows all the time."""
    before = host.conf.read_bytes()
    result = ask(host, provider, "proved", password=OLD)
    assert [one["how"] for one in result["proofs"]] == ["message"] and not result["was_held"]
    assert host.conf.read_bytes() == before
    host.send("after it")
    until(lambda: "after it" in subjects(provider), seconds=SECONDS)
    assert len(subjects(provider)) == 2
    provider.submission.refuse_login = "535 5.7.8 Error: authentication failed"
    assert ask(host, provider, "proved", password=OLD)["failed"]
    assert host.conf.read_bytes() == before


def test_while_smtpd_is_down(host: Host, provider: StandIn) -> None:
    """Catches: a hold that counts only while smtpd runs; a proof that is claimed though nothing was sent."""
    before = host.conf.read_bytes()
    host.stop()
    assert ask(host, provider, "held")["held"]
    assert "is not running" in ask(host, provider, "proved")["msg"]
    host.start()
    host.send("waits")
    assert ask(host, provider, "found")["held"]
    host.stop()
    assert ask(host, provider, "released")["changed"]
    assert host.conf.read_bytes() == before
    assert not provider.record.logins()


def passwords(number: int) -> list[str]:
    """Return random passwords that a table can hold, and print how to have the same again."""
    seed = int(os.environ.get("MAILOPS_SEED", secrets.randbits(32)))
    print(f"MAILOPS_SEED={seed}")
    chance = random.Random(seed)  # noqa: S311  (nothing depends on who guesses it)
    letters = string.printable.replace("\n", "") + "éß€𝄞"
    found: list[str] = ["x" * 1400]
    while len(found) < number:
        one = "".join(chance.choices(letters, k=chance.randint(1, 40)))
        if not PROGRAM.cannot_carry("u", one):
            found.append(one)
    return found


def hand_in(host: Host, *command: str) -> bool:
    """Hand in a message; tell whether it was taken."""
    return host.root.call(*command, given="Subject: x\n\nx\n").returncode == 0


@pytest.mark.parametrize("release", ["7.4", "6.8"])
def test_each_password_arrives(release: str, tmp_path: Path) -> None:
    """Catches: a character that smtpd reads otherwise than it was written."""
    wanted = passwords(int(os.environ.get("MAILOPS_PASSWORDS", "40")))
    certificates = write_certificates(tmp_path, kind="trusted")
    host = Host(ROOTS[release])
    text = ""
    for number, password in enumerate(wanted):
        text = merged(text, f"l{number}", f"u #{number}", password)
    with Recorder(context=certificates.server_context()) as recorder:
        hosts = "".join(f"d{n}.example smtp+tls://l{n}@localhost:{recorder.port}\n" for n in range(len(wanted)))
        config = (
            'ca "p" cert "/etc/provider.pem"\n'
            "table secrets file:/etc/smtpd/secrets\ntable hosts file:/etc/smtpd/hosts\n"
            "mta limit max-conn-per-host 200 max-conn-per-route 200 max-conn-per-source 200 max-conn-per-domain 200\n"
            "mta limit conn-delay-route 0 conn-delay-relay 0 reconn-delay-route 0\n"
            'action "out" relay domain <hosts> auth <secrets> ca "p" tls\nmatch from local for any action "out"\n'
        )
        try:
            host.set_up(config, text, str(certificates.ca_path))
            (host.root.folder / "etc" / "smtpd" / "hosts").write_text(hosts, encoding="utf-8")
            host.start()
            names = [f"b@d{number}.example" for number in range(len(wanted))]
            for first in range(0, len(names), 100):
                batch = ("sendmail", "-f", "a@acme.example", *names[first : first + 100])
                # While it has no more connections to give, smtpd takes nothing.
                until(partial(hand_in, host, *batch), seconds=SECONDS)
            until(lambda: len(recorder.messages) >= len(wanted), seconds=SECONDS + len(wanted))
        finally:
            host.close()
    found = {login.username.decode(): login.password for login in recorder.logins}
    assert found == {f"u #{number}": password.encode() for number, password in enumerate(wanted)}
