# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""sendmail in a Debian of its own, from the module to the relay's record."""

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

from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.configuration import releasing
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.program import PROGRAM
from ansible_collections.mailops.smtp.plugins.module_utils._clients.sendmail.text import LIMIT, with_line

ACCOUNT, OLD, NEW = "1.acme.smtp", "the-password-of-before-0", "the ' new \"password\\ 0"
HOST = "127.0.0.1"
PASSWORDS = int(os.environ.get("MAILOPS_PASSWORDS", "40"))
DAEMON = ("/usr/sbin/sendmail-mta", "-Am", "-L", "sm-mta", "-bd", "-q1h")
LETTER: dict[str, Any] = {"sender": "a@sender.example", "recipient": "b@relay.example", "token": "token-1"}
# No name is looked up in a DNS, which the tests do not have, and the load of the machine puts off nothing.
MACROS = """include(`/usr/share/sendmail/cf/m4/cf.m4')
OSTYPE(`debian')
DOMAIN(`debian-mta')
undefine(`confHOST_STATUS_DIRECTORY')
define(`confDOMAIN_NAME', `sender.example')
define(`confSERVICE_SWITCH_FILE', `/etc/mail/service.switch-nodns')
define(`confQUEUE_LA', `9999')
define(`confREFUSE_LA', `9999')
define(`SMART_HOST', `SMARTHOST')
define(`RELAY_MAILER_ARGS', `TCP $h PORT')
FEATURE(`no_default_msa')
DAEMON_OPTIONS(`Name=MTA, Port=2525, Addr=127.0.0.1')
FEATURE(`nocanonify')
FEATURES
MAILER(`local')
MAILER(`smtp')
"""
AUTHINFO, ACCESS = "FEATURE(`authinfo')", "FEATURE(`access_db', , `skip')"


class Host:
    """A host that sends with sendmail."""

    def __init__(self, root: Root, relay: StandIn) -> None:
        self.root, self.relay = root, relay
        self.folder = root.folder / "etc/mail"
        self.configuration = self.folder / "sendmail.cf"

    def configure(self, port: int, features: str = AUTHINFO, smart_host: str = f"relay:[{HOST}]") -> None:
        """Generate sendmail.cf."""
        text = MACROS.replace("SMARTHOST", smart_host).replace("PORT", str(port)).replace("FEATURES", features)
        self.configuration.write_text(self.root.run("sh", "-c", "cd /usr/share/sendmail/cf/m4 && m4 -", given=text))

    def logins(self, text: str, source: str = "authinfo") -> None:
        """Write the source of a map, and make the map."""
        (self.folder / source).write_text(text)
        path = f"/etc/mail/{source}"
        self.root.run("sh", "-c", f"makemap hash {path} <{path} && chown smmta:smmsp {path}* && chmod 640 {path}*")

    def queue(self, subject: str) -> None:
        """Hand over a message as a user of the host does, with a delivery in the foreground."""
        message = f"From: a@sender.example\nTo: b@relay.example\nSubject: {subject}\n\nText\n"
        self.root.run("sendmail", "-Am", "-odi", "-f", "a@sender.example", "b@relay.example", given=message)

    def waiting(self) -> int:
        """Return how many messages are in the queue."""
        return len(list((self.root.folder / "var/spool/mqueue").glob("qf*")))

    def state(self, state: str, *, password: str = "", check: bool = False, **more: Any) -> dict[str, Any]:
        """Ask for a state."""
        logins = [{"username": ACCOUNT, "password": password}]
        params = {"program": "sendmail", "state": state, "host": HOST, "logins": logins, **more}
        result: dict[str, Any] = self.root.module(params, check=check)
        return result

    def subjects(self) -> list[str]:
        """Return what the relay took."""
        return [str(one["subject"]) for one in self.relay.record.messages()]


BY_DAEMON = """
import smtplib
with smtplib.SMTP("127.0.0.1", 2525) as server:
    server.sendmail("a@sender.example", ["b@relay.example"], "Subject: to the daemon\\n\\nText\\n")
"""


@pytest.fixture
def draw() -> random.Random:
    """Chance, which can be repeated."""
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    return random.Random(seed)  # noqa: S311


@pytest.fixture(scope="module")
def root() -> Root:
    """A Debian with sendmail."""
    if reason := why_not():
        pytest.skip(reason)
    made = Root("sendmail", ("sendmail-bin", "sensible-mda", "libsasl2-modules")).make()
    (made.folder / "etc/hosts").write_text("127.0.0.1 localhost\n127.0.0.3 sender.example sender\n")
    (made.folder / "etc/resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    (made.folder / "etc/mail/local-host-names").touch()
    for folder, owner in (("mta", "smmta"), ("msp", "smmsp")):
        made.run("install", "-d", "-o", owner, "-g", "smmsp", "-m", "2755", f"/run/sendmail/{folder}")
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
    for folder in ("mqueue", "mqueue-client"):
        for file in (root.folder / "var/spool" / folder).iterdir():
            file.unlink()
    (root.folder / "run/sendmail/mta/sendmail.pid").unlink(missing_ok=True)
    made.configure(relay.smtp_port)
    made.logins(f'# ours\nAuthInfo:{HOST}\t"U:{ACCOUNT}" "P:{OLD}" "M:PLAIN"\nAuthInfo:other.example "U:x" "P:y"\n')
    return made


@contextlib.contextmanager
def daemon(host: Host, *command: str) -> Iterator[Path]:
    """Run a daemon, which goes to the background; give the file with its number."""
    pid_file = host.root.folder / "run/sendmail/mta/sendmail.pid"
    started = host.root.start(*(command or DAEMON))
    until(lambda: pid_file.exists() and pid_file.read_text().count("\n") > 1, seconds=PATIENCE)
    try:
        yield pid_file
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid_file.read_text().split()[0]), signal.SIGTERM)
        started.wait()


def test_rotation(host: Host, relay: StandIn) -> None:
    """Catches: a login during the change, a lost or bounced message, a file that is not as before but for the login."""
    with daemon(host):
        before = host.configuration.read_bytes()
        found = host.state("found")
        place = {"place": "/etc/mail/authinfo", "key": f"AuthInfo:{HOST}", "username": ACCOUNT, "wanted": ACCOUNT}
        assert (found["entries"], found["held"], found["changed"]) == ([place], False, False)
        assert host.state("held", check=True)["changed"] and host.configuration.read_bytes() == before
        assert host.state("held")["held"]
        assert not host.state("held")["changed"]
        relay.accounts.change(ACCOUNT, NEW)
        host.queue("while held")
        host.root.run("sendmail", "-Am", "-qf")
        host.root.run("python3", "-c", BY_DAEMON)
        assert (relay.record.logins(), host.waiting()) == ([], 2)
        assert host.state("deployed", password=NEW, check=True)["changed"]
        assert host.state("deployed", password=NEW)["held"]
        assert not host.state("deployed", password=NEW)["changed"]
        proofs = host.state("proved", password=NEW, **LETTER)["proofs"]
        assert [(one["how"], one["username"], one["reply"][:9]) for one in proofs] == [
            ("message", ACCOUNT, "Sent (2.0")
        ]
        assert host.waiting() == 2
        assert host.state("released")["changed"]
        until(lambda: not host.waiting(), seconds=PATIENCE)
        assert host.subjects()[0] == "Test of a new SMTP password, token-1"
        assert sorted(host.subjects()[1:]) == ["to the daemon", "while held"]
        assert all(one["accepted"] for one in relay.record.logins())
        assert host.configuration.read_bytes() == before
        lines = (host.folder / "authinfo").read_text().split("\n")
        assert (lines[0], lines[2:]) == ("# ours", ['AuthInfo:other.example "U:x" "P:y"', ""])
        assert not host.state("released")["changed"]
        assert leftovers(host) == []


def test_users_go_on_sending(host: Host, relay: StandIn) -> None:
    """Catches: mail that is lost, sent twice or sent with a wrong password because it came at the wrong moment."""
    done = threading.Event()
    sent: list[str] = []

    def send() -> None:
        while not done.is_set():
            # While the daemon starts anew, its port is closed for a moment.
            if (
                host.root.call("python3", "-c", BY_DAEMON.replace("to the daemon", f"number {len(sent)}")).returncode
                == 0
            ):
                sent.append(f"number {len(sent)}")

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


@pytest.mark.parametrize("temporary", [False, True])
def test_refused_proof_keeps_everything(host: Host, relay: StandIn, temporary: bool) -> None:
    """Catches: a proof that hides the relay's words, ends the hold, bounces, or leaves its message in a queue."""
    host.state("held")
    relay.accounts.change(ACCOUNT, NEW)
    relay.submission.temporary_auth_failure = temporary
    result = host.state("proved", password=OLD, **LETTER)
    assert result["failed"] and ("454 4.7.0" if temporary else "530") in result["msg"] and OLD not in result["msg"]
    assert (host.waiting(), leftovers(host), relay.record.messages()) == (0, [], [])
    assert host.state("found")["held"]


def test_message_without_a_login_is_no_proof(host: Host) -> None:
    """Catches: a relay that takes the message because of the host's address, which proves no password."""
    with Recorder(mechanisms=()) as open_relay:
        host.configure(open_relay.port)
        assert "without a login" in host.state("proved", password=NEW, **LETTER)["msg"]
        assert [one.login for one in open_relay.messages] == [None]


def test_hold_outlives_a_restart_and_a_killed_run(host: Host, relay: StandIn) -> None:
    """Catches: a hold that a start of the daemon ends, and one that is believed although deliveries may go on."""
    before = host.configuration.read_text()
    host.state("held")
    held = host.configuration.read_text()
    with daemon(host, *DAEMON[:-1], "-q1s"):
        host.root.run("python3", "-c", BY_DAEMON)
        host.root.run("sendmail", "-Am", "-qf")
        assert (host.waiting(), relay.record.logins()) == (1, [])
    host.configuration.write_text(held.replace(".held#", ".draining#"))
    assert not host.state("found")["held"]
    assert host.state("held")["held"] and host.configuration.read_text() == held
    host.configuration.write_text(before)
    assert not host.state("found")["held"]


def test_release_that_was_killed_is_finished(host: Host) -> None:
    """Catches: a daemon that goes on holding mail, since a run was killed before it had read sendmail.cf again."""
    before = host.configuration.read_text()
    with daemon(host):
        host.state("held")
        host.root.run("python3", "-c", BY_DAEMON)
        host.configuration.write_text(releasing(host.configuration.read_text()))
        assert host.state("released")["changed"] and host.configuration.read_text() == before
        host.root.run("python3", "-c", BY_DAEMON)
        until(lambda: len(host.subjects()) == 2, seconds=PATIENCE)


def test_deploy_that_was_killed_is_finished(host: Host, relay: StandIn) -> None:
    """Catches: a map that never gets the login, since a run was killed when it had written the source only."""
    host.logins("# nothing\n")
    (host.folder / "authinfo").write_text(with_line("", HOST, ACCOUNT, OLD))
    assert host.state("deployed", password=OLD)["changed"]
    host.queue("with a login")
    assert [one["accepted"] for one in relay.record.logins()] == [True]


def test_hold_waits_for_the_delivery_under_way(host: Host) -> None:
    """Catches: a hold that returns while a process of the daemon still logs in with what it read before."""
    go = threading.Event()
    with Recorder(reply=lambda login: "235 2.7.0 Ok" if go.wait(PATIENCE) else "454 4.7.0 later") as slow:
        host.configure(slow.port)
        before = host.configuration.read_text()
        with daemon(host):
            host.root.run("python3", "-c", BY_DAEMON)
            until(lambda: slow.logins, seconds=PATIENCE)
            assert "nothing is held any more" in host.state("held", timeout=1)["msg"]
            assert host.configuration.read_text() == before
            go.set()
            assert host.state("held")["held"]
            assert (len(slow.messages), host.waiting()) == (1, 0)


def test_relay_that_was_down_is_asked_again(host: Host, relay: StandIn) -> None:
    """Catches: mail that waits on after the release, since sendmail remembers a refused login of the relay."""
    (host.root.folder / "var/lib/sendmail/host_status").mkdir(exist_ok=True)
    host.configuration.write_text(
        host.configuration.read_text() + "O HostStatusDirectory=/var/lib/sendmail/host_status\nO MinQueueAge=1h\n"
    )
    relay.submission.temporary_auth_failure = True
    host.queue("refused")
    assert host.waiting() == 1
    host.state("held")
    relay.submission.temporary_auth_failure = False
    host.state("released")
    until(lambda: not host.waiting(), seconds=PATIENCE)
    assert host.subjects() == ["refused"]


@pytest.mark.parametrize(
    ("features", "smart_host", "logins", "words"),
    [
        (AUTHINFO, "relay:[192.0.2.1]", "", "sendmail relays to [192.0.2.1], not to 127.0.0.1"),
        (AUTHINFO, "relay:[127.0.0.1]:[127.0.0.2]", "", "several smart hosts"),
        (AUTHINFO, "", "", "no smart host"),
        (AUTHINFO, "local:somebody", "", "sendmail relays to"),
        ("", "relay:[127.0.0.1]", "", "looks up no logins"),
        ("FEATURE(`authinfo', `text /etc/mail/authinfo')", "relay:[127.0.0.1]", "", "is of the kind text"),
        (AUTHINFO, "relay:[127.0.0.1]", 'AuthInfo:127.0.0.1 "U:other" "P:x"\n', "has another account"),
    ],
)
def test_what_would_not_be_used_is_refused(host: Host, features: str, smart_host: str, logins: str, words: str) -> None:
    """Catches: a password that is written where sendmail does not read it, and mail that cannot be held."""
    host.configure(1, features, smart_host)
    if logins:
        host.logins(logins)
    assert words in host.state("found")["msg"]


def test_other_way_to_the_provider_is_refused(host: Host) -> None:
    """Catches: mail that goes on with the old password, since a table sends it to the provider by another mailer."""
    table = host.folder / "mailertable"
    host.configure(1, f"{AUTHINFO}\nFEATURE(`mailertable')")
    table.write_text("a.example\trelay:[127.0.0.1]\nb.example\tesmtp:[192.0.2.1]\n")
    assert "msg" not in host.state("found")
    table.write_text("a.example\tesmtp:[127.0.0.1]\n")
    assert "by the mailer esmtp, which would not be on hold" in host.state("found")["msg"]


def test_map_that_is_not_of_its_source_is_refused(host: Host) -> None:
    """Catches: lines that the next makemap would bring into use, or take out of it, together with the new login."""
    (host.folder / "authinfo").write_text("# nothing\n")
    assert "is not made of the present" in host.state("found")["msg"]


def test_configuration_that_is_older_than_its_source_is_refused(host: Host) -> None:
    """Catches: a change of the user's that make does not see any more, since the hold has written a newer file."""
    os.utime(host.configuration, (1, 1))
    assert "is newer than /etc/mail/sendmail.cf" in host.state("found")["msg"]


def test_daemon_that_a_signal_would_end_is_refused(host: Host) -> None:
    """Catches: a daemon that was started without its path, which ends at SIGHUP and does not come back."""
    with daemon(host, "sendmail-mta", *DAEMON[1:]) as pid_file:
        for state in ("found", "held"):
            assert "without its full path" in host.state(state)["msg"]
        os.kill(int(pid_file.read_text().split()[0]), 0)


def test_daemon_in_the_foreground_starts_anew(host: Host, relay: StandIn) -> None:
    """Catches: a hold that waits in vain for a daemon that keeps its process number, or does not wait for it."""
    with daemon(host, *DAEMON[:-2], "-bD", "-q1h"):
        assert host.state("held")["held"]
        host.root.run("python3", "-c", BY_DAEMON)
        until(host.waiting, seconds=PATIENCE)
        assert relay.record.logins() == []


@pytest.mark.parametrize("key", ["127.0.0.1", "[127.0.0.1]", "127.0", ""])
def test_access_map(host: Host, relay: StandIn, key: str) -> None:
    """Catches: a login in the access map that is not replaced, since sendmail finds it by a part of the address."""
    text = f'Connect:192.0.2 OK\nAuthInfo:{key} "U:{ACCOUNT}" "P:{OLD}" "M:PLAIN"\n'
    host.configure(relay.smtp_port, ACCESS)
    host.logins(text, "access")
    assert [one["key"] for one in host.state("found")["entries"]] == [f"AuthInfo:{key}"]
    relay.accounts.change(ACCOUNT, NEW)
    host.state("deployed", password=NEW)
    assert host.state("proved", password=NEW, **LETTER)["proofs"][0]["how"] == "message"
    assert (host.folder / "access").read_text().startswith("Connect:192.0.2 OK\n")


def test_daemon_uses_the_new_map(host: Host, relay: StandIn) -> None:
    """Catches: a daemon that goes on with the map that it has opened, and so with the password of before."""
    with daemon(host):
        for password in (OLD, NEW):
            relay.accounts.change(ACCOUNT, password)
            host.state("deployed", password=password)
            seen = len(relay.record.messages())
            host.root.run("python3", "-c", BY_DAEMON)
            until(lambda seen=seen: len(relay.record.messages()) > seen, seconds=PATIENCE)  # type: ignore[misc]
    assert [one["accepted"] for one in relay.record.logins()] == [True, True]


def test_name_that_is_an_alias(host: Host) -> None:
    """Catches: a login under the configured name, which sendmail does not look up if that name is an alias."""
    hosts = host.root.folder / "etc/hosts"
    before = hosts.read_text()
    hosts.write_text(f"127.0.0.9 real.example alias.example\n{before}")
    try:
        with Recorder(host="127.0.0.9") as other:
            host.configure(other.port, AUTHINFO, "relay:[alias.example]")
            host.logins("# nothing\n")
            result = host.state("deployed", password=NEW, host="alias.example")
            assert result["changed"] and "AuthInfo:real.example\t" in (host.folder / "authinfo").read_text()
            host.state("proved", password=NEW, host="alias.example", **LETTER)
            assert other.passwords(ACCOUNT) == [NEW.encode()]
    finally:
        hosts.write_text(before)


def test_map_is_closed_to_others(host: Host) -> None:
    """Catches: a password that every user of the host can read, and one that sendmail cannot."""
    for name in ("authinfo", "authinfo.db"):
        (host.folder / name).chmod(0o644)
    assert host.state("deployed", password=OLD)["changed"]
    owners = {(host.folder / name).stat() for name in ("authinfo", "authinfo.db")}
    smmta = int(host.root.run("id", "-u", "smmta"))
    assert {(one.st_uid, one.st_mode & 0o777) for one in owners} == {(smmta, 0o640)}
    assert not host.state("deployed", password=OLD)["changed"]
    assert leftovers(host) == []


def test_passwords_arrive_as_they_are(host: Host, draw: random.Random) -> None:
    """Catches: a password that our writer and sendmail's reader take for different ones, or one without a login."""
    alphabet = "".join(chr(code) for code in range(1, 127)) + string.punctuation * 3 + "\"\\ '" * 4 + "é€\x7f"
    wanted = ["".join(draw.choices(alphabet, k=draw.randint(1, 40))) for _n in range(PASSWORDS)]
    wanted += ["x" * LIMIT, "x" * (LIMIT - 1), "x" * (LIMIT - 2)]
    assert not any(PROGRAM.cannot_carry(ACCOUNT, password) for password in wanted)
    assert PROGRAM.cannot_carry(ACCOUNT, "x" * (LIMIT + 1)) and PROGRAM.cannot_carry(ACCOUNT, "a\0b")
    with Recorder() as relay:
        host.configure(relay.port)
        for password in wanted:
            host.logins(with_line("", HOST, ACCOUNT, password))
            host.queue("x")
        assert [one.decode() for one in relay.passwords(ACCOUNT)] == wanted


def leftovers(host: Host) -> list[str]:
    folders = ("etc/mail", "var/spool", "tmp")
    return [one.name for name in folders for one in (host.root.folder / name).iterdir() if "mailops" in one.name]
