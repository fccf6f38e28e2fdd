# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""dma in a Debian of its own, from the module to the relay's record."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import string
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.service import StandIn
from support.recorder import Login, Recorder
from support.rooted import Root, why_not
from support.waiting import PATIENCE, until

from ansible_collections.mailops.smtp.plugins.module_utils._clients.dma.conf import parse, with_hold, without_hold
from ansible_collections.mailops.smtp.plugins.module_utils._clients.dma.program import PROGRAM

ACCOUNT, OLD, NEW = "1.acme.smtp", "the-password-of-before-0", "the ' new|\"pass:word\\ # "
HOST = "127.0.0.1"
MAIL = 8
PASSWORDS = int(os.environ.get("MAILOPS_PASSWORDS", "40"))
MESSAGE = "From: a@sender.example\nTo: b@relay.example\nSubject: {}\n\nText\n"
TOKEN: dict[str, Any] = {"sender": "a@sender.example", "recipient": "b@relay.example", "token": "token-1"}


class Host:
    """A host that sends with dma."""

    def __init__(self, root: Root) -> None:
        self.root = root
        self.conf, self.auth = root.folder / "etc/dma/dma.conf", root.folder / "etc/dma/auth.conf"
        self.spool = root.folder / "var/spool/dma"
        self.here = root.folder.stat()

    def configure(self, port: int, *lines: str, host: str = HOST) -> None:
        """Write the configuration as a user does."""
        settings = (
            f"SMARTHOST {host}",
            f"PORT {port}",
            "AUTHPATH /etc/dma/auth.conf",
            "MAILNAME /etc/mailname",
            *lines,
        )
        self.write(self.conf.name, "\n".join([*settings, ""]))

    def write(self, name: str, text: str) -> None:
        """Write one of the two files as Debian leaves it."""
        path = self.conf.with_name(name)
        path.write_text(text)
        os.chown(path, 0, MAIL)
        path.chmod(0o640)

    def send(self, subject: str, *options: str, command: str = "dma") -> None:
        """Hand a message over as a user of the host does."""
        given = MESSAGE.format(subject)
        self.root.run(command, *options, "-f", "a@sender.example", "b@relay.example", given=given)

    def waiting(self) -> int:
        """Return how many messages are in the queue."""
        return len(list(self.spool.glob("Q*")))

    def running(self) -> list[int]:
        """Return the processes of dma in this root."""
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if self._is_dma(f"/proc/{pid}")]

    def _is_dma(self, folder: str) -> bool:
        try:
            with open(f"{folder}/stat", encoding="utf-8") as file:
                name, _end, rest = file.read().partition(") ")
            return (
                name.endswith(("(dma", "(sendmail"))
                and rest[0] != "Z"
                and os.path.samestat(os.stat(f"{folder}/root"), self.here)
            )
        except OSError:
            return False

    def clear(self) -> None:
        """End what runs, and empty the queue."""
        for pid in self.running():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for file in self.spool.iterdir():
            file.unlink()

    def state(self, state: str, *, password: str = "", check: bool = False, **more: Any) -> dict[str, Any]:
        """Ask for a state."""
        logins = [{"username": ACCOUNT, "password": password}]
        params = {"program": "dma", "state": state, "host": HOST, "logins": logins, **more}
        result: dict[str, Any] = self.root.module(params, check=check)
        return result


@pytest.fixture
def draw() -> random.Random:
    """Chance, which can be repeated."""
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    return random.Random(seed)  # noqa: S311


@pytest.fixture(scope="module")
def root() -> Root:
    """A Debian with dma, and a file that a log can be mounted over."""
    if reason := why_not():
        pytest.skip(reason)
    made = Root("dma", ("dma",)).make()
    (made.folder / "etc/mailname").write_text("sender.example\n")
    (made.folder / "dev/log").touch()
    return made


@pytest.fixture
def host(root: Root) -> Iterator[Host]:
    """A host with an empty queue, on which nothing runs."""
    made = Host(root)
    made.clear()
    made.write("auth.conf", f"# ours\nx|other.example:y\n{ACCOUNT}|{HOST}:{OLD}\n")
    yield made
    made.clear()


@pytest.fixture
def relay(host: Host) -> Iterator[StandIn]:
    """The provider, to which the host relays."""
    with StandIn({ACCOUNT: OLD}) as running:
        host.configure(running.smtp_port, "SECURETRANSFER", "STARTTLS")
        yield running


def subjects(relay: StandIn) -> list[str]:
    return [str(one["subject"]) for one in relay.record.messages()]


def test_rotation(host: Host, relay: StandIn) -> None:
    """Catches: a login during the change, a lost or bounced message, a file that is not as before but for the login."""
    conf, logins = host.conf.read_bytes(), host.auth.read_text()
    found = host.state("found")
    place = {"place": "/etc/dma/auth.conf", "key": HOST, "username": ACCOUNT, "wanted": ACCOUNT}
    assert (found["entries"], found["held"], found["changed"]) == ([place], False, False)
    assert host.state("held", check=True)["changed"] and host.conf.read_bytes() == conf
    assert host.state("held")["held"]
    assert not host.state("held")["changed"]
    relay.accounts.change(ACCOUNT, NEW)
    host.send("while held")
    host.root.run("dma", "-q")
    until(host.running, seconds=PATIENCE)
    assert host.state("deployed", password=NEW, check=True)["changed"] and host.auth.read_text() == logins
    assert host.state("deployed", password=NEW)["held"]
    assert not host.state("deployed", password=NEW)["changed"]
    proofs = host.state("proved", password=NEW, **TOKEN)["proofs"]
    assert [(one["how"], one["username"], one["reply"]) for one in proofs] == [
        ("message", ACCOUNT, "delivery successful")
    ]
    assert host.waiting() == 1
    assert host.state("released")["changed"]
    until(lambda: not host.waiting(), seconds=PATIENCE)
    assert subjects(relay) == ["Test of a new SMTP password, token-1", "while held"]
    assert all(one["accepted"] for one in relay.record.logins())
    assert host.conf.read_bytes() == conf
    assert host.auth.read_text() == logins.replace(OLD, NEW)
    assert not host.state("released")["changed"]


def test_process_that_sleeps_does_not_use_the_old_password(host: Host, relay: StandIn) -> None:
    """Catches: a process of before the hold, which would log in with the old password and bounce its message."""
    port = relay.smtp_port
    host.configure(1, "SECURETRANSFER", "STARTTLS")
    host.send("early")
    until(host.running, seconds=PATIENCE)
    host.configure(port, "SECURETRANSFER", "STARTTLS")
    host.state("held")
    assert host.running() == [] and host.waiting() == 1
    relay.accounts.change(ACCOUNT, NEW)
    host.state("deployed", password=NEW)
    host.state("released")
    until(lambda: subjects(relay) == ["early"], seconds=PATIENCE)
    assert all(one["accepted"] for one in relay.record.logins())


def test_users_go_on_sending(host: Host, relay: StandIn) -> None:
    """Catches: mail that is lost, sent twice or sent with a wrong password because it came at the wrong moment."""
    done = threading.Event()
    sent: list[str] = []

    def send() -> None:
        while not done.is_set():
            sent.append(f"number {len(sent)}")
            host.send(sent[-1])

    def flush() -> None:
        while not done.is_set():
            host.root.run("dma", "-q")
            done.wait(0.3)

    users = [threading.Thread(target=what) for what in (send, flush)]
    for user in users:
        user.start()
    try:
        until(relay.record.messages, seconds=PATIENCE)
        assert host.state("held")["held"]
        relay.accounts.change(ACCOUNT, NEW)
        assert host.state("deployed", password=NEW)["held"]
        assert host.state("released")["changed"]
        seen = len(relay.record.messages())
        until(lambda: len(relay.record.messages()) > seen, seconds=PATIENCE)
    finally:
        done.set()
        for user in users:
            user.join()
    until(lambda: not host.waiting(), seconds=PATIENCE)
    assert sorted(subjects(relay)) == sorted(sent)
    assert all(one["accepted"] for one in relay.record.logins())


def test_refused_proof_keeps_everything(host: Host, relay: StandIn) -> None:
    """Catches: a proof that hides the relay's words, bounces, ends the hold, or leaves its message behind."""
    host.state("held")
    relay.accounts.change(ACCOUNT, NEW)
    result = host.state("proved", password=OLD, **TOKEN)
    assert result["failed"] and "535 5.7.8" in result["msg"] and OLD not in result["msg"]
    assert len(relay.record.logins()) == 1 and subjects(relay) == []
    assert (host.waiting(), host.running()) == (0, [])
    assert host.state("found")["held"]
    assert list((host.root.folder / "tmp").glob("mailops-*")) == []


def test_relay_that_refuses_for_the_moment_ends_a_proof(host: Host, relay: StandIn) -> None:
    """Catches: a proof that sleeps until its time is over, as dma does after a failure of the moment."""
    host.state("held")
    relay.submission.offer_starttls = False
    result = host.state("proved", password=OLD, **TOKEN)
    assert "Its mail stays on hold" in result["msg"] and host.running() == []


@pytest.mark.parametrize("command", ["dma", "sendmail"])
def test_hold_waits_for_a_delivery(host: Host, command: str) -> None:
    """Catches: a hold that returns while dma is still logging in, and one that stays after it failed."""
    go = threading.Event()

    def reply(_login: Login) -> str:
        return "235 2.7.0 Ok" if go.wait(PATIENCE) else "535 5.7.8 no"

    with Recorder(mechanisms=("LOGIN",), reply=reply) as slow:
        host.configure(slow.port, "INSECURE")
        before = host.conf.read_bytes()
        host.send("first", command=command)
        until(lambda: slow.logins, seconds=PATIENCE)
        result = host.state("held", timeout=1)
        assert "nothing is held" in result["msg"] and host.conf.read_bytes() == before
        go.set()
        assert host.state("held")["held"]
        assert (len(slow.messages), host.waiting(), host.running()) == (1, 0, [])


def test_hold_waits_for_a_message_that_is_being_handed_over(host: Host, relay: StandIn) -> None:
    """Catches: a program such as cron that began before the hold, and whose message dma sends with the old password."""
    command = host.root.command("dma", "-f", "a@sender.example", "b@relay.example")
    with subprocess.Popen(command, stdin=subprocess.PIPE) as begun:
        assert begun.stdin
        begun.stdin.write(MESSAGE.format("slow").encode())
        begun.stdin.flush()
        until(host.running, seconds=PATIENCE)
        assert "nothing is held" in host.state("held", timeout=1)["msg"]
        begun.stdin.close()
    until(lambda: subjects(relay) == ["slow"], seconds=PATIENCE)
    assert host.state("held")["held"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as begun:
        until(host.running, seconds=PATIENCE)
        host.conf.write_text(host.conf.read_text().replace("# held", "# draining"))
        assert not host.state("found")["held"]
        assert "nothing is held" in host.state("held", timeout=1)["msg"]
        assert begun.stdin
        begun.stdin.close()


def test_program_of_the_same_name_is_left_alone(host: Host, relay: StandIn) -> None:
    """Catches: somebody else's sleeping program that is ended, or a hold that waits for it."""
    script = host.root.folder / "usr" / "local" / "bin" / "dma"
    script.write_text("#!/usr/bin/python3\nimport time\ntime.sleep(60)\n")
    script.chmod(0o755)
    other = host.root.start("/usr/local/bin/dma")
    try:
        until(lambda: "sleep" in (Path("/proc") / str(other.pid) / "wchan").read_text(), seconds=PATIENCE)
        assert host.state("held", timeout=1)["held"]
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
        script.unlink()


@pytest.mark.parametrize(
    ("lines", "logins", "words"),
    [
        (
            ("SMARTHOST other.example",),
            "",
            "does not relay to 127.0.0.1: SMARTHOST in /etc/dma/dma.conf is other.example",
        ),
        ((), f"{ACCOUNT}|{HOST}:x\n", "add SECURETRANSFER"),
        (("INSECURE",), f"{ACCOUNT}|{HOST}:x\n2|{HOST}:y\n", "logs in to 127.0.0.1 as 2"),
    ],
)
def test_what_would_not_be_used_is_refused(host: Host, lines: tuple[str, ...], logins: str, words: str) -> None:
    """Catches: a password that is written where dma does not read it."""
    host.configure(25, *lines)
    host.write("auth.conf", logins)
    assert words in host.state("found")["msg"]


def test_without_a_smarthost_nothing_is_found(host: Host) -> None:
    """Catches: a login for a host without a name, and a test message that goes to the recipient's own server."""
    host.write("dma.conf", "AUTHPATH /etc/dma/auth.conf\nSECURETRANSFER\n")
    assert "SMARTHOST in /etc/dma/dma.conf is not set" in host.state("found")["msg"]


def test_dma_uses_the_entry_that_is_found(host: Host) -> None:
    """Catches: a rule of ours for which line counts that is not dma's: the last one, and the host as it is spelled."""
    with Recorder(mechanisms=("LOGIN",)) as relay:
        host.configure(relay.port, "INSECURE")
        for text in (f"2|{HOST}:x\n{ACCOUNT}|{HOST}:y", f"{ACCOUNT}|{HOST} y\n2|127.0.0.2:x\n", f"#2|{HOST}:x\n"):
            host.write("auth.conf", text)
            found = host.state("deployed", password=NEW)
            assert [(one["username"], one["wanted"]) for one in found["entries"]] == [(ACCOUNT, ACCOUNT)]
            host.send("x", "-D")
            assert (relay.logins[-1].username, relay.logins[-1].password) == (ACCOUNT.encode(), NEW.encode())
            host.auth.chmod(0o600)
            assert host.state("deployed", password=NEW)["changed"]


def test_passwords_arrive_as_they_are(host: Host, draw: random.Random) -> None:
    """Catches: a password that our writer and dma's reader take for different ones."""
    alphabet = string.ascii_letters + string.digits + string.punctuation * 3 + "  \\|:#é€"
    with Recorder(mechanisms=("LOGIN",)) as relay:
        host.configure(relay.port, "INSECURE")
        wanted = {f"u{n}|": "".join(draw.choices(alphabet, k=draw.randint(1, 40))) for n in range(PASSWORDS)}
        assert all(PROGRAM.cannot_carry(username, "x") for username in wanted)
        wanted = {username[:-1]: password for username, password in wanted.items()}
        assert not any(PROGRAM.cannot_carry(username, password) for username, password in wanted.items())
        send_with_each(host, wanted)
        seen = {login.username.decode(): login.password.decode() for login in relay.logins}
    assert seen == wanted


def test_longest_line_is_read(host: Host) -> None:
    """Catches: a line that dma reads in two pieces, after which it takes no mail."""
    password = "p" * (2046 - 255 - len(f"{ACCOUNT}|:"))
    assert not PROGRAM.cannot_carry(ACCOUNT, password)
    assert PROGRAM.cannot_carry(ACCOUNT, password + "p")
    with Recorder(mechanisms=("LOGIN",)) as relay:
        host.configure(relay.port, "INSECURE")
        send_with_each(host, {ACCOUNT: password})
        assert relay.passwords(ACCOUNT) == [password.encode()]


def send_with_each(host: Host, logins: dict[str, str]) -> None:
    """Send a message with each login: one process of ours for all, which changes the file between two messages."""
    script = (
        "import json, os, subprocess, sys\n"
        "sys.path.insert(0, '/src/.cache/collections')\n"
        "from ansible_collections.mailops.smtp.plugins.module_utils._clients.dma.auth import with_login\n"
        "from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Login\n"
        "command = ['dma', '-D', '-f', 'a@sender.example', 'b@relay.example']\n"
        "for username, password in json.load(sys.stdin).items():\n"
        "    with open('/etc/dma/auth.conf', 'w', encoding='utf-8') as file:\n"
        f"        file.write(with_login('', '{HOST}', [], Login(username, password)))\n"
        "    subprocess.run(command, input=b'Subject: x\\n\\nx\\n', check=True)\n"
    )
    host.root.run("python3", "-c", script, given=json.dumps(logins))


def test_hold_leaves_no_trace(draw: random.Random) -> None:
    """Catches: a byte that differs after a hold, whatever the file looks like."""
    for _round in range(500):
        text = "".join(draw.choices("AB #\t\n\r", k=draw.randint(0, 60)))
        held = with_hold(text)
        assert parse(held).held and not parse(text).held
        assert without_hold(held) == without_hold(with_hold(held)) == text
        assert not parse(held + "PORT 25\n").held
