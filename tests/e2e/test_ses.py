# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Amazon SES, whose SMTP logins are access keys: the rotation against moto, and against an SMTP server that asks it."""

from __future__ import annotations

import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.controller import Controller, Ended
from support.crash.harness import Crash
from support.iam import ONE, REGION, TWO, Iam, smtp_password
from support.long import LONG, cases
from support.mail import try_login

SET = "Set the passwords"
KEYS = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "secret-key-of-the-tests-0123456789"}


@dataclass
class Scene:
    """A controller without a store, and Amazon."""

    controller: Controller
    aws: Iam

    def options(self, **over: Any) -> dict[str, Any]:
        """Return the module's options; None takes an option out."""
        options = {
            "accounts": [ONE],
            "provider": "ses",
            "vault_file": str(self.controller.store),
            "api_url": self.aws.api_url,
            "api_credentials": KEYS,
            "provider_settings": {"region": REGION},
            "propagation_seconds": 0,
            "retries": 1,
            "rotate": "always",
            **over,
        }
        return {name: value for name, value in options.items() if value is not None}

    def run(self, *arguments: str, **over: Any) -> Ended:
        """Run one task of the module."""
        task = {"name": SET, "mailops.smtp.smtp_account_password": self.options(**over)}
        return self.controller.tasks([task], *arguments)

    def rotate(self, **over: Any) -> dict[str, Any]:
        """Rotate one account, and return what the module says of it."""
        ended = self.run(**over)
        assert ended.code == 0, ended.output
        outcome: dict[str, Any] = ended.result(SET)["accounts"][0]
        return outcome

    def refused(self, *arguments: str, **over: Any) -> str:
        """Run one task that fails, and return its message; no account has been changed in the store."""
        before = self.controller.store.read_bytes() if self.controller.store.exists() else None
        ended = self.run(*arguments, **over)
        assert ended.code != 0, ended.output
        after = self.controller.store.read_bytes() if self.controller.store.exists() else None
        assert after == before or (before is None and not self.controller.document().get("smtp_accounts"))
        message: str = ended.result(SET)["msg"]
        return message

    def settle(self, account: str = ONE) -> None:
        """Record that the stored key was tested, and that every host uses it."""
        for state in ("verified", "settled"):
            self.rotate(accounts=[account], state=state, rotate=None)

    def record(self, account: str = ONE) -> dict[str, Any]:
        """Return what the store has of an account."""
        return self.controller.decrypted()[account]

    def login(self, account: str = ONE) -> int:
        """Log in as the store says, and return the answer's code."""
        record = self.record(account)
        place = self.aws.smtp_host, self.aws.smtp_port
        return try_login(*place, record["username"], record["password"], self.aws.ca_path)[0]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with Iam(tmp_path) as aws:
        yield Scene(Controller(tmp_path), aws)


def test_first_key(scene: Scene) -> None:
    """Catches: a password that SES does not take, a user name that is the IAM user's, a secret key in the store."""
    outcome = scene.rotate()
    (key,) = scene.aws.keys(ONE)
    assert (outcome["action"], outcome["username"]) == ("rotated", key.access_key_id)
    record = scene.record()
    assert record["password"] == smtp_password(key.secret_access_key)
    assert (record["username"], record["credential_id"]) == (key.access_key_id, key.access_key_id)
    assert scene.login() == 235
    assert scene.aws.calls() == ["CreateAccessKey"]
    assert "mailops.smtp" in scene.aws.record.api_calls()[0]["agent"]


def test_rotation(scene: Scene) -> None:
    """Catches: an old key that is deleted before every host has left it, or that stays for ever."""
    scene.rotate()
    (old,) = scene.aws.keys(ONE)
    scene.settle()
    assert scene.rotate()["action"] == "rotated"
    assert scene.aws.ids(ONE)[0] == old.access_key_id and scene.record()["previous_id"] == old.access_key_id
    new = scene.record()["credential_id"]
    assert scene.aws.ids(ONE) == [old.access_key_id, new]
    kept = scene.rotate(rotate="never")
    assert kept["action"] == "unchanged"
    scene.settle()
    assert scene.rotate(rotate="never", keep_old="1h")["action"] == "unchanged"
    assert scene.rotate(rotate="never", keep_old="0")["action"] == "retired"
    assert scene.aws.ids(ONE) == [new]
    assert "previous_id" not in scene.record()
    assert scene.login() == 235


def test_two_accounts(scene: Scene) -> None:
    """Catches: the key of one user that is stored for another."""
    ended = scene.run(accounts=[ONE, TWO])
    assert ended.code == 0, ended.output
    for user in (ONE, TWO):
        (key,) = scene.aws.keys(user)
        assert scene.record(user)["credential_id"] == key.access_key_id
        assert scene.login(user) == 235


def test_check_mode(scene: Scene) -> None:
    """Catches: a key that is made by a run that should only say what it would do."""
    ended = scene.run("--check")
    assert ended.code == 0 and ended.result(SET)["accounts"][0]["action"] == "would_rotate", ended.output
    assert scene.aws.calls() == [] and not scene.controller.store.exists()


def test_limit_with_keys_of_others(scene: Scene) -> None:
    """Catches: somebody else's key that is deleted to make room, a message that does not say which keys there are."""
    mine, other = (scene.aws.make_key(ONE).access_key_id for _n in range(2))
    message = scene.refused()
    assert f"There are: {mine}, {other}." in message and "AccessKeysPerUser: 2 (LimitExceeded)" in message
    assert scene.aws.ids(ONE) == [mine, other]


def test_limit_with_one_key_of_others(scene: Scene) -> None:
    """Catches: a rotation that gives up the key in use because another one is in its way."""
    scene.rotate()
    scene.settle()
    other = scene.aws.make_key(ONE).access_key_id
    message = scene.refused()
    assert f"There are: {scene.record()['credential_id']}, {other}." in message
    assert scene.login() == 235
    scene.aws.delete_key(ONE, other)
    assert scene.rotate()["action"] == "rotated"


def test_lost_answer(scene: Scene) -> None:
    """Catches: a call that boto3 makes again by itself, a key of which nobody has the secret that stays for ever."""
    scene.controller.environment["AWS_MAX_ATTEMPTS"] = "5"
    scene.rotate()
    scene.settle()
    scene.aws.faults["CreateAccessKey"] = ["lose"]
    ended = scene.run()
    assert ended.code != 0 and ended.result(SET)["accounts"][0]["action"] == "unknown", ended.output
    assert len(scene.aws.calls("CreateAccessKey")) == 2
    old, orphan = scene.aws.ids(ONE)
    assert scene.rotate(rotate="never")["action"] == "recovered"
    assert orphan not in scene.aws.ids(ONE)
    assert scene.aws.ids(ONE) == [old, scene.record()["credential_id"]]
    assert scene.login() == 235


BOUNDARIES = [
    "after rename new store 1",
    "before send 1",
    "after send 1",
    "after answer 1",
    "before rename new store 2",
    "after rename new store 2",
]


@pytest.mark.parametrize("boundary", cases(BOUNDARIES, short=["after answer 1"]))
def test_killed(scene: Scene, boundary: str) -> None:
    """Catches: a key that is lost where the run is killed: never a third one, and what is stored works in the end."""
    scene.rotate()
    scene.settle()
    (old,) = scene.aws.ids(ONE)
    crash = Crash(scene.controller, scene.aws.api_url)
    task = {"name": SET, "mailops.smtp.smtp_account_password": scene.options()}
    play = scene.controller.write_play([{"hosts": "localhost", "gather_facts": False, "tasks": [task]}])
    crash.watched(play, at=boundary)
    assert old in scene.aws.ids(ONE) and scene.login() == 235
    assert scene.rotate(rotate="never")["action"] == (
        "unchanged" if boundary == "after rename new store 2" else "recovered"
    )
    assert scene.aws.ids(ONE) == [old, scene.record()["credential_id"]]
    assert scene.login() == 235
    assert crash.left() == []


def test_unknown_user(scene: Scene) -> None:
    """Catches: a message that does not say that the IAM user is wrong."""
    message = scene.refused(accounts=["nobody"])
    assert "The user with name nobody cannot be found. (NoSuchEntity)" in message
    assert "Check the name of the IAM user" in message


def test_forbidden(scene: Scene) -> None:
    """Catches: a key that may not do it all, of which one learns only what failed and not what it needs."""
    with scene.aws.checked("iam:ListAccessKeys") as keys:
        message = scene.refused(api_credentials=keys)
    assert "is not authorized to perform: iam:CreateAccessKey (AccessDenied)" in message
    assert "iam:DeleteAccessKey" in message and scene.aws.ids(ONE) == []


def test_no_keys(scene: Scene) -> None:
    """Catches: a run without any keys that ends with a traceback, or that leaves a request in the store."""
    scene.controller.environment["AWS_EC2_METADATA_DISABLED"] = "true"
    message = scene.refused(api_credentials=None)
    assert "Unable to locate credentials (NoCredentialsError)" in message and "Check the AWS keys" in message
    assert scene.aws.calls() == []


def test_keys_of_the_environment(scene: Scene) -> None:
    """Catches: keys of the controller's environment that do not reach the call."""
    with scene.aws.checked("iam:CreateAccessKey") as keys:
        scene.controller.environment.update({f"AWS_{name.upper()}": value for name, value in environment(keys).items()})
        assert scene.rotate(api_credentials=None)["action"] == "rotated"


def environment(keys: dict[str, str]) -> dict[str, str]:
    """Return what the variables of the keys have."""
    return {"access_key_id": keys["access_key"], "secret_access_key": keys["secret_key"]}


def test_region_that_is_none(scene: Scene) -> None:
    """Catches: a key whose password works nowhere, because it was derived for a region that does not exist."""
    for settings in ({"region": "eu-west1"}, None):
        assert scene.refused(provider_settings=settings).startswith("provider_settings.region: ")
    assert scene.aws.calls() == []


def test_without_boto3(scene: Scene) -> None:
    """Catches: a traceback, or a request that stays in the store, where boto3 is not installed."""
    venv.create(scene.controller.folder / "bare", with_pip=False)
    python = str(scene.controller.folder / "bare" / "bin" / "python")
    message = scene.refused("-e", f"ansible_python_interpreter={python}")
    assert "boto3" in message and "install" in message.lower()


def test_key_that_was_there_before(scene: Scene) -> None:
    """Catches: an adopted key that cannot log in, or that the first rotation does not take out of service."""
    key = scene.aws.make_key(ONE)
    login = {"username": key.access_key_id, "id": key.access_key_id}
    password = smtp_password(key.secret_access_key)
    scene.rotate(state="adopted", password=password, logins={ONE: login}, rotate=None)
    assert scene.login() == 235
    scene.rotate()
    assert scene.record()["previous_id"] == key.access_key_id
    scene.settle()
    scene.rotate(rotate="never", keep_old="0")
    assert scene.aws.ids(ONE) == [scene.record()["credential_id"]]


def test_nothing_leaks(scene: Scene) -> None:
    """Catches: a secret key or a password that is printed at the highest verbosity, or left in a file."""
    ended = scene.run("-vvvvv", "--diff")
    assert ended.code == 0, ended.output
    (key,) = scene.aws.keys(ONE)
    for secret in (key.secret_access_key, smtp_password(key.secret_access_key), KEYS["secret_key"]):
        assert secret not in ended.output
        assert [
            path for path in scene.controller.home.rglob("*") if path.is_file() and secret in path.read_text()
        ] == []


def role(scene: Scene, **over: Any) -> Ended:
    """Run the role, for a program that reads its login from a file."""
    folder = scene.controller.folder
    (folder / "login.j2").write_text(LOGIN)
    options = {
        **scene.options(rotate=None, propagation_seconds=2),
        "smtp_host": scene.aws.smtp_host,
        "smtp_port": scene.aws.smtp_port,
        "ca_path": scene.aws.ca_path,
        "test_sender": "rotation@acme.example",
        "test_recipient": "postmaster@acme.example",
        "progress_interval": 1,
        "consumer": "template",
        "template_src": str(folder / "login.j2"),
        "template_dest": str(folder / "login"),
        **over,
    }
    variables = {f"smtp_rotation_{name}": value for name, value in options.items()}
    roles = [{"role": "mailops.smtp.smtp_rotation", "vars": variables}]
    play = scene.controller.write_play([{"hosts": "localhost", "gather_facts": False, "roles": roles}])
    ended = scene.controller.play_file(play)
    assert ended.code == 0, ended.output
    return ended


LOGIN = f"{{{{ smtp_accounts['{ONE}'].username | default('{ONE}') }}}} {{{{ smtp_accounts['{ONE}'].password }}}}\n"


@LONG
def test_role(scene: Scene) -> None:
    """Catches: a host that is given a key before it works, or one without a login, or an old key that stays."""
    logins = []
    for over in ({}, {"rotate": "always"}, {"keep_old": "0"}):
        role(scene, **over)
        logins.append((scene.controller.folder / "login").read_text().split())
    (old, _secret), new, last = logins
    (key,) = scene.aws.keys(ONE)
    assert new == last == [key.access_key_id, smtp_password(key.secret_access_key)] and old != new[0]
    assert [message.account for message in scene.aws.messages] == [old, key.access_key_id]
    assert all(event["accepted"] for event in scene.aws.record.logins())
    assert scene.aws.calls() == ["CreateAccessKey", "CreateAccessKey", "DeleteAccessKey"]
