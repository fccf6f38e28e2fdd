# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""mail_program with a real msmtp: the relay's record says which password it logs in with."""

from __future__ import annotations

import os
import random
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.service import StandIn
from support.passwords import how_many, new_seed, passwords
from support.recorder import Recorder
from support.rooted import Root, why_not

from ansible_collections.mailops.smtp.plugins.module_utils._clients.msmtp.program import PROGRAM
from ansible_collections.mailops.smtp.plugins.module_utils._clients.msmtp.text import accounts, changed

ACCOUNT, OLD, NEW = "1.acme.smtp", "the-password-of-before-0", ' #new: $x "y" `\\%&ü--password-1 '
SENDER, RECIPIENT = "alerts@acme.example", "test@acme.example"
pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


@pytest.fixture(scope="module")
def root() -> Root:
    """A Debian with msmtp."""
    return Root("msmtp", ("msmtp",)).make()


@pytest.fixture
def provider() -> Iterator[StandIn]:
    """The provider, with one account."""
    with StandIn({ACCOUNT: OLD}) as running:
        yield running


@pytest.fixture
def folder(root: Root) -> Iterator[Path]:
    """A folder of the root that is gone after the test."""
    made = Path(tempfile.mkdtemp(dir=root.folder / "tmp"))
    yield made
    shutil.rmtree(made)


def inside(folder: Path, name: str) -> str:
    """Return where a file is for a program in the root."""
    return str(Path("/", folder.parent.name, folder.name, name))


class Scene:
    """A configuration file for the provider."""

    def __init__(self, root: Root, folder: Path, provider: StandIn) -> None:
        self.root, self.provider = root, provider
        shutil.copy(provider.ca_path, folder / "ca.pem")
        self.file = folder / "msmtprc"
        self.path = inside(folder, "msmtprc")
        self.defaults = (
            f"defaults\nport {provider.smtp_port}\ntls on\ntls_trust_file {inside(folder, 'ca.pem')}\nauth on\n"
        )

    def write(self, text: str, *, mode: int = 0o640) -> None:
        """Write it."""
        self.file.write_text(self.defaults + text, encoding="utf-8")
        self.file.chmod(mode)

    def run(self, state: str, *, check: bool = False, **over: Any) -> dict[str, Any]:
        """Run the module."""
        login = {"username": ACCOUNT, "password": "" if state == "found" else NEW}
        params = {
            "program": "msmtp",
            "state": state,
            "host": self.provider.smtp_host,
            "port": self.provider.smtp_port,
            "logins": [login],
            "options": {"path": self.path},
            **over,
        }
        return self.root.module(params, check=check)

    def prove(self) -> dict[str, Any]:
        """Have the new password proved."""
        return self.run("proved", sender=SENDER, recipient=RECIPIENT, token="token-of-this-test")


@pytest.fixture
def scene(root: Root, folder: Path, provider: StandIn) -> Scene:
    """A file with an account of ours, one that inherits it, and one that is not ours."""
    scene = Scene(root, folder, provider)
    scene.write(
        f"account\tacme\n  host {provider.smtp_host}\n  user {ACCOUNT}\n  password  {OLD}  \nfrom {SENDER}\n"
        "account other\nhost other.example\nuser somebody\npassword else # no comment\naccount default : acme\n"
    )
    return scene


def test_rotation(scene: Scene) -> None:
    """Catches: a rotation that ends well while msmtp goes on with the old password, or changes another line."""
    before = scene.file.read_text(encoding="utf-8")
    found = scene.run("found")
    assert [(one["key"], one["username"], one["place"]) for one in found["entries"]] == [
        ("acme", ACCOUNT, scene.path),
        ("default", ACCOUNT, scene.path),
    ]
    assert (found["changed"], found["has_queue"], found["held"]) == (False, False, False)
    held = scene.run("held")
    assert not held["changed"] and "no queue" in held["notes"][0]
    assert scene.run("deployed", check=True)["changed"] and scene.file.read_text(encoding="utf-8") == before
    scene.provider.accounts.change(ACCOUNT, NEW)
    deployed = scene.run("deployed")
    assert deployed["changed"], deployed
    assert scene.file.read_text(encoding="utf-8") == before.replace(f"password  {OLD}  ", f'password  "{NEW}"')
    assert not scene.run("deployed")["changed"] and scene.run("found")["entries"] == found["entries"]
    proved = scene.prove()
    assert [(one["how"], one["username"], one["reply"][:3]) for one in proved["proofs"]] == [
        ("message", ACCOUNT, "250")
    ]
    assert not scene.run("released")["changed"]
    (message,) = scene.provider.messages
    assert (message.account, message.sender, message.recipients) == (ACCOUNT, SENDER, (RECIPIENT,))
    assert b"token-of-this-test" in message.raw
    assert NEW not in str([found, held, deployed, proved]) and OLD not in str([found, deployed])
    assert os.listdir(scene.file.parent) in (["msmtprc", "ca.pem"], ["ca.pem", "msmtprc"])


@pytest.mark.parametrize("reply", ["535 5.7.8 Authentication failed", "454 4.7.0 Temporary failure", "421 4.3.0 Busy"])
def test_what_the_relay_refuses_is_not_proved(scene: Scene, reply: str) -> None:
    """Catches: exit code 77 that passes, or loses what the relay said."""
    scene.provider.accounts.change(ACCOUNT, NEW)
    scene.run("deployed")
    scene.provider.submission.refuse_login = reply
    assert reply in scene.prove()["msg"]
    assert scene.provider.messages == []


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_who_can_read_the_file_stays(scene: Scene, mode: int) -> None:
    """Catches: mail of a user that fails, because the file is closed to them after a rotation."""
    os.chown(scene.file, 8, 33)
    scene.file.chmod(mode)
    result = scene.run("deployed")
    assert ("every user of this host" in str(result["notes"])) is (mode == 0o644)
    after = scene.file.stat()
    assert (stat.S_IMODE(after.st_mode), after.st_uid, after.st_gid) == (mode, 8, 33)


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("user nobody\npassword x", "has no account that logs in"),
        (f"user {ACCOUNT}\npasswordeval touch /tmp/it-was-run", "has its password from a command"),
        (f"user {ACCOUNT}\neval echo password x", "made by eval"),
        (f"eval echo user {ACCOUNT}\npassword x", "made by eval"),
        (f"user {ACCOUNT}\npassword x\nauth off", "set auth on"),
        (f"user {ACCOUNT}\npassword x\naccount b : a\nuser alias", "a password line of its own"),
        (f"user {ACCOUNT}\npassword x\nno-such-command secret-word", "msmtp cannot use"),
    ],
)
def test_what_would_not_be_used_is_refused(scene: Scene, lines: str, told: str) -> None:
    """Catches: a password that is written where msmtp does not read it, or that breaks another account."""
    scene.write(f"account a\nhost {scene.provider.smtp_host}\n{lines}\n")
    before = scene.file.read_bytes()
    for state in ("found", "deployed"):
        result = scene.run(state)
        assert told in result.get("msg", ""), result
        assert "secret-word" not in result["msg"]
    assert scene.file.read_bytes() == before and not (scene.root.folder / "tmp" / "it-was-run").exists()


def test_a_file_that_is_a_mount_is_refused(scene: Scene) -> None:
    """Catches: a mount of one file, as containers have it, that is noticed when the password has been changed."""
    names = {"folder": scene.path.rpartition("/")[0], "path": scene.path}
    script = (
        "mount --bind {path} {path}; python3 -c \"import sys; sys.path[:0] = ['/src/.cache/collections']; "
        "from ansible_collections.mailops.smtp.plugins.module_utils._clients.writable import check_replaceable; "
        "check_replaceable('{path}')\""
    ).format(**names)
    done = scene.root.call("sh", "-c", script)
    assert "mount the folder" in done.stderr, done.stderr


def test_roots_own_file_that_hides_an_account_is_told_of(scene: Scene) -> None:
    """Catches: mail of root's that goes on with an old password, from a file that nobody thinks of."""
    own = scene.root.folder / "root" / ".msmtprc"
    system = scene.root.folder / "etc" / "msmtprc"
    text = scene.file.read_text(encoding="utf-8")
    try:
        system.write_text(text, encoding="utf-8")
        assert "root uses" not in str(scene.run("found", options={})["notes"])
        own.write_text(text, encoding="utf-8")
        result = scene.run("found", options={})
    finally:
        system.unlink()
        own.unlink(missing_ok=True)
    assert {one["place"] for one in result["entries"]} == {"/etc/msmtprc"}
    assert "root uses the account acme of" in str(result["notes"]) and ".msmtprc instead" in str(result["notes"])


def test_an_idle_login_is_replaced(scene: Scene) -> None:
    """Catches: a pair of accounts whose other half is written beside the old entry, or not found at all."""
    scene.provider.accounts.change(ACCOUNT, NEW)
    scene.write(
        f"account a\nhost {scene.provider.smtp_host}\nuser idle.acme.smtp\npassword x\naccount b : a\nuser {ACCOUNT}\n"
    )
    logins = [{"username": ACCOUNT, "password": NEW, "replaces": ["idle.acme.smtp"]}]
    assert [one["username"] for one in scene.run("found", logins=logins)["entries"]] == ["idle.acme.smtp", ACCOUNT]
    assert scene.run("deployed", logins=logins)["changed"]
    assert [one["username"] for one in scene.run("found", logins=logins)["entries"]] == [ACCOUNT, ACCOUNT]
    assert scene.prove()["proofs"][0]["username"] == ACCOUNT


def test_random_passwords_arrive(root: Root, folder: Path) -> None:
    """Catches: a character that the file, or msmtp, changes on the way to the relay."""
    seed = new_seed()
    wanted = {f"u{number}": one for number, one in enumerate(passwords(seed, how_many()))}
    assert not any(PROGRAM.cannot_carry(name, password) for name, password in wanted.items())
    with Recorder() as recorder:
        for first in range(0, len(wanted), 50):
            _send_with_each(root, folder, recorder.port, dict(list(wanted.items())[first : first + 50]))
    seen = {login.username.decode(): login.password.decode() for login in recorder.logins}
    assert seen == wanted


def _send_with_each(root: Root, folder: Path, port: int, wanted: dict[str, str]) -> None:
    """Write a file with accounts, by user name, and have msmtp send a message with each."""
    text = f"defaults\nhost 127.0.0.1\nport {port}\nauth plain\ntls off\nfrom {SENDER}\n"
    text += "".join(f"account {name}\nuser {name}\npassword old\n" for name in wanted)
    text = changed(text, {name: (name, password) for name, password in wanted.items()})
    (folder / "msmtprc").write_text(text, encoding="utf-8")
    file = inside(folder, "msmtprc")
    script = f'for name; do printf "Subject: x\\n\\nx\\n" | msmtp -C {file} -a "$name" -- {RECIPIENT}; done'
    root.run("sh", "-euc", script, "sh", *wanted)


def test_msmtp_reads_the_file_as_we_do(root: Root, folder: Path) -> None:
    """Catches: an account whose user or host we take from another line than msmtp does."""
    chance = random.Random(new_seed())  # noqa: S311
    for _round in range(15):
        text = _random_file(chance)
        (folder / "msmtprc").write_text(text, encoding="utf-8")
        for name, account in accounts(text).items():
            said = root.run("msmtp", "-C", inside(folder, "msmtprc"), "--pretend", f"--account={name}")
            for setting in ("host", "user", "from"):
                assert f"\n{setting} = {account.value(setting) or '(not set)'}\n" in said, (text, name, setting)
            assert f"\npassword = {'*' if account.value('password') else '(not set)'}\n" in said, (text, name)


def _random_file(chance: random.Random) -> str:
    """Return accounts that take settings from each other."""
    lines, names = ["host h.example"] if chance.random() < 0.3 else [], list[str]()
    for number in range(chance.randrange(1, 6)):
        if chance.random() < 0.3:
            lines.append("defaults")
        else:
            parents = chance.sample(names, chance.randrange(len(names) + 1))
            lines.append(f" account  a{number}" + (f" :{' , '.join(parents)}" if parents else ""))
            lines.append(f"host h{number}.example")
            names.append(f"a{number}")
        for setting in chance.sample(["user", "password", "from", "# user", ""], chance.randrange(5)):
            value = chance.choice(['"x y"', "x y ", '"', 'a"b"', "# c", "\tx"])
            lines.append(
                f"{chance.choice(['', ' ', chr(9)])}{setting}{chance.choice([' ', chr(9)])}{value}" if setting else ""
            )
    return chance.choice(["\n", "\r\n"]).join(lines) + chance.choice(["", "\n"])
