# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""nullmailer in a Debian of its own, from the module to the relay's record."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import string
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.service import StandIn
from support.recorder import Recorder
from support.rooted import Root, why_not
from support.waiting import PATIENCE, until

from ansible_collections.mailops.smtp.plugins.module_utils._clients.nullmailer.program import PROGRAM
from ansible_collections.mailops.smtp.plugins.module_utils._clients.nullmailer.text import (
    marked,
    quoted,
    remotes_of,
    with_login,
)

ACCOUNT, OLD, NEW = "1.acme.smtp", "the-password-of-before-0", "the ' new \"password\\ 0"
HOST, OTHER = "127.0.0.1", "127.0.0.2"
MAIL = 8
PASSWORDS = int(os.environ.get("MAILOPS_PASSWORDS", "40"))
AS_MAIL = ("setpriv", "--reuid=mail", "--regid=mail", "--clear-groups")


class Host:
    """A host that sends with nullmailer."""

    def __init__(self, root: Root, relay: StandIn) -> None:
        self.root, self.relay = root, relay
        self.remotes = root.folder / "etc/nullmailer/remotes"
        self.spool = root.folder / "var/spool/nullmailer"
        self.options = f"--port={relay.smtp_port} --starttls --insecure"

    def configure(self, text: str) -> None:
        """Write the file as Debian leaves it."""
        self.remotes.write_text(text)
        os.chown(self.remotes, MAIL, MAIL)
        self.remotes.chmod(0o600)

    def queue(self, subject: str) -> None:
        """Put a message in the queue as a user of the host does."""
        message = f"From: a@sender.example\nTo: b@relay.example\nSubject: {subject}\n\nText\n"
        self.root.run("sendmail", "-f", "a@sender.example", "b@relay.example", given=message)

    def waiting(self, folder: str = "queue") -> int:
        """Return how many messages are in a folder of the spool."""
        return len(list((self.spool / folder).iterdir()))

    def state(self, state: str, *, password: str = "", check: bool = False, **more: Any) -> dict[str, Any]:
        """Ask for a state."""
        logins = [{"username": ACCOUNT, "password": password}]
        params = {"program": "nullmailer", "state": state, "host": HOST, "logins": logins, **more}
        result: dict[str, Any] = self.root.module(params, check=check)
        return result

    def run_once(self) -> str:
        """Let nullmailer-send run its queue once, and return what it said."""
        pause = self.remotes.with_name("pausetime")
        pause.write_text("0\n")
        try:
            return self.root.run(*AS_MAIL, "nullmailer-send")
        finally:
            pause.unlink()

    def subjects(self) -> list[str]:
        """Return what the relay took."""
        return [str(one["subject"]) for one in self.relay.record.messages()]


@pytest.fixture
def draw() -> random.Random:
    """Chance, which can be repeated."""
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    return random.Random(seed)  # noqa: S311


@pytest.fixture(scope="module")
def root() -> Root:
    """A Debian with nullmailer."""
    if reason := why_not():
        pytest.skip(reason)
    made = Root("nullmailer", ("nullmailer",)).make()
    (made.folder / "etc/mailname").write_text("sender.example\n")
    return made


@pytest.fixture
def relay() -> Iterator[StandIn]:
    """The provider."""
    with StandIn({ACCOUNT: OLD}) as running:
        yield running


@pytest.fixture
def host(root: Root, relay: StandIn) -> Host:
    """A host that relays to the provider, with an empty queue; nothing runs."""
    made = Host(root, relay)
    made.configure(f"# ours\n{HOST} smtp {made.options} --user={ACCOUNT} --pass={OLD}\n")
    for folder in ("queue", "tmp", "failed"):
        for file in (made.spool / folder).iterdir():
            file.unlink()
    made.remotes.with_name("pausetime").unlink(missing_ok=True)
    trigger = made.spool / "trigger"
    if not trigger.is_fifo():
        os.mkfifo(trigger)
        os.chown(trigger, MAIL, 0)
        trigger.chmod(0o622)
    return made


@contextlib.contextmanager
def daemon(host: Host) -> Iterator[int]:
    """Run nullmailer-send, which looks at its queue only when its trigger is pulled; give its process."""
    host.remotes.with_name("pausetime").write_text("3600\n")
    running = host.root.start(*AS_MAIL, "nullmailer-send")
    until(lambda: (Path("/proc") / str(running.pid) / "comm").read_text() == "nullmailer-send\n", seconds=PATIENCE)
    try:
        yield running.pid
    finally:
        running.terminate()
        running.send_signal(signal.SIGCONT)
        running.wait()


def test_rotation(host: Host, relay: StandIn) -> None:
    """Catches: a login during the change, a lost or bounced message, a file that is not as before but for the login."""
    with daemon(host):
        before = host.remotes.read_text()
        found = host.state("found")
        place = {"place": "/etc/nullmailer/remotes, line 2", "key": HOST, "username": ACCOUNT, "wanted": ACCOUNT}
        assert (found["entries"], found["held"], found["changed"]) == ([place], False, False)
        assert host.state("held", check=True)["changed"] and host.remotes.read_text() == before
        assert host.state("held")["held"]
        assert not host.state("held")["changed"]
        relay.accounts.change(ACCOUNT, NEW)
        host.queue("while held")
        host.root.run("timeout", "5", "sh", "-c", "echo 1 >/var/spool/nullmailer/trigger")
        assert host.state("deployed", password=NEW, check=True)["changed"]
        assert host.state("deployed", password=NEW)["held"]
        assert not host.state("deployed", password=NEW)["changed"]
        letter: dict[str, Any] = {"sender": "a@sender.example", "recipient": "b@relay.example", "token": "token-1"}
        proofs = host.state("proved", password=NEW, **letter)["proofs"]
        assert [(one["how"], one["username"], one["reply"][:3]) for one in proofs] == [("message", ACCOUNT, "250")]
        assert (host.waiting(), host.waiting("failed")) == (1, 0)
        assert host.state("released")["changed"]
        until(lambda: not host.waiting(), seconds=PATIENCE)
        assert host.subjects() == ["Test of a new SMTP password, token-1", "while held"]
        assert all(one["accepted"] for one in relay.record.logins())
        line = f"{HOST} smtp {host.options} '--user={ACCOUNT}' {quoted('--pass=' + NEW)}\n"
        assert host.remotes.read_text() == "# ours\n" + line.replace(f"'--user={ACCOUNT}'", f"--user={ACCOUNT}")
        assert not host.state("released")["changed"]


def test_users_go_on_sending(host: Host, relay: StandIn) -> None:
    """Catches: mail that is lost, sent twice or sent with a wrong password because it came at the wrong moment."""
    done = threading.Event()
    sent: list[str] = []

    def send() -> None:
        while not done.is_set():
            sent.append(f"number {len(sent)}")
            host.queue(sent[-1])

    user = threading.Thread(target=send)
    with daemon(host):
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
            user.join()
        until(lambda: not host.waiting(), seconds=PATIENCE)
    assert sorted(host.subjects()) == sorted(sent)
    assert all(one["accepted"] for one in relay.record.logins())


def test_refused_proof_keeps_everything(host: Host, relay: StandIn) -> None:
    """Catches: a proof that hides the relay's words, ends the hold, or leaves its message in the queue or in failed."""
    host.state("held")
    relay.accounts.change(ACCOUNT, NEW)
    relay.submission.mechanisms = ("LOGIN",)
    result = host.state("proved", password=OLD, sender="a@s.example", recipient="b@r.example", token="token-2")
    assert result["failed"] and "535 5.7.8" in result["msg"] and OLD not in result["msg"]
    assert (host.waiting(), host.waiting("failed")) == (0, 0)
    assert host.state("found")["held"]


def test_hold_outlives_a_restart_and_a_killed_run(host: Host, relay: StandIn) -> None:
    """Catches: a hold that a start of nullmailer ends, and one that is believed although deliveries may go on."""
    host.state("held")
    host.queue("waits")
    assert "No remote hosts listed" in host.run_once()
    assert (host.waiting(), relay.record.logins()) == (1, [])
    host.configure(host.remotes.read_text().replace(".held#", ".draining#"))
    assert not host.state("found")["held"]
    assert host.state("held")["held"]


def test_hold_waits_for_the_run_under_way(host: Host) -> None:
    """Catches: a hold that returns while nullmailer-send still delivers with the remotes that it read before."""
    go = threading.Event()
    with Recorder(reply=lambda login: "235 2.7.0 Ok" if go.wait(PATIENCE) else "454 4.7.0 later") as slow:
        host.configure(f"{HOST} smtp --port={slow.port} --user={ACCOUNT} --pass={OLD}\n")
        before = host.remotes.read_text()
        for number in range(3):
            host.queue(str(number))
        with daemon(host) as sender:
            until(lambda: slow.logins, seconds=PATIENCE)
            assert "nothing is held" in host.state("held", timeout=1)["msg"]
            # Between two messages no program delivers, but the run is not over.
            os.kill(sender, signal.SIGSTOP)
            go.set()
            until(lambda: slow.messages, seconds=PATIENCE)
            assert "nothing is held" in host.state("held", timeout=1)["msg"]
            assert host.remotes.read_text() == before
            os.kill(sender, signal.SIGCONT)
            assert host.state("held")["held"]
            assert (len(slow.messages), host.waiting()) == (3, 0)


def test_other_remotes_go_on(host: Host) -> None:
    """Catches: a hold of more than the provider, and a user who is not told where the mail goes meanwhile."""
    with Recorder(host=OTHER) as other:
        host.configure(f"{host.remotes.read_text()}{OTHER} smtp --port={other.port}\n")
        host.state("held")
        host.queue("over the other one")
        host.run_once()
        assert len(other.messages) == 1 and host.waiting() == 0
        assert any(OTHER in note for note in host.state("found")["notes"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("other.example smtp\n", "does not relay to 127.0.0.1"),
        (f"{HOST} smtp --user=2.acme.smtp --pass=x\n", "has no line for 1.acme.smtp"),
        (f"{HOST} smtp --user=2\n{HOST} smtp --user={ACCOUNT}\n", "nullmailer uses the later one only if"),
    ],
)
def test_what_would_not_be_used_is_refused(host: Host, text: str, words: str) -> None:
    """Catches: a password that is written where nullmailer does not read it."""
    host.configure(text)
    assert words in host.state("found")["msg"]


def test_access_is_what_nullmailer_needs(host: Host) -> None:
    """Catches: a file that nullmailer-send cannot read, which stops all mail, and one that everybody can."""
    for user, group, mode, wanted in ((0, 0, 0o600, MAIL), (MAIL, MAIL, 0o644, MAIL), (0, MAIL, 0o640, 0)):
        host.configure(f"{HOST} smtp {host.options}\n")
        os.chown(host.remotes, user, group)
        host.remotes.chmod(mode)
        assert host.state("deployed", password=NEW)["changed"]
        found = host.remotes.stat()
        assert (found.st_uid, found.st_mode & 0o137) == (wanted, 0)
        assert host.root.call(*AS_MAIL, "cat", "/etc/nullmailer/remotes").returncode == 0


def test_passwords_arrive_as_they_are(host: Host, draw: random.Random) -> None:
    """Catches: a password that our writer and nullmailer's reader take for different ones."""
    alphabet = string.ascii_letters + string.digits + string.punctuation * 3 + " '\"\\" * 4 + "é€"
    wanted = {f"u{n}": "".join(draw.choices(alphabet, k=draw.randint(1, 40))) for n in range(PASSWORDS)}
    assert not any(PROGRAM.cannot_carry(username, password) for username, password in wanted.items())
    with Recorder(reply=lambda login: "454 4.7.0 later") as relay:
        line = f"{HOST} smtp --port={relay.port}"
        lines = [with_login(line, 0, username=user, password=password) for user, password in wanted.items()]
        text = "\n".join(lines)
        assert [one.option("pass") for one in remotes_of(text)] == list(wanted.values())
        host.configure(text)
        host.queue("x")
        host.run_once()
        seen = {login.username.decode(): login.password.decode() for login in relay.logins}
    assert seen == wanted


def test_lines_are_read_as_nullmailer_reads_them(host: Host, draw: random.Random) -> None:
    """Catches: a line with quotes of the user's that we take for another login than nullmailer."""
    with Recorder(reply=lambda login: "454 4.7.0 later") as relay:
        lines: list[str] = []
        while len(lines) < PASSWORDS:
            word = "".join(draw.choices("abc'\"\\\\ \t", k=draw.randint(1, 9)))
            line = f"{HOST} smtp --port={relay.port} '--user=u{len(lines)}' --pass={word}z"
            # A line whose last quote is open, or with more options than these, is no valid input.
            if len(remotes_of(line)[0].options) == 3 and balanced(word):
                lines.append(line)
        text = "\n".join(lines)
        host.configure(text)
        host.queue("x")
        host.run_once()
        seen = {login.username.decode(): login.password.decode() for login in relay.logins}
    assert seen == {one.username: one.option("pass") for one in remotes_of(text)}


def balanced(word: str) -> bool:
    return remotes_of(f"h smtp --pass={word}z x")[0].options[-1].value == "x"


def test_marks_leave_no_trace(draw: random.Random) -> None:
    """Catches: a byte that differs after a hold, whatever the file looks like."""
    for _round in range(500):
        text = "".join(draw.choices("ab #'\n\r\t", k=draw.randint(0, 60)))
        held = {one.index for one in remotes_of(text) if draw.random() < 0.5}
        assert marked(marked(text, held), set()) == text
        assert {one.index for one in remotes_of(marked(text, held)) if one.stage} == held
