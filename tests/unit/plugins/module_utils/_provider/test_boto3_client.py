# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls through boto3, against moto's IAM: what its answers and its failures mean."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.iam import ONE, REGION, TWO, Iam, smtp_password

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.boto3_client import Boto3Client
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Request
from ansible_collections.mailops.smtp.plugins.module_utils._provider.http import Untrusted
from ansible_collections.mailops.smtp.plugins.module_utils._provider.issue import Job, Made, issue
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import definition_from
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Patience

KEYS = {"access_key": "AKIAIOSFODNN7EXAMPLE", "secret_key": "secret-key-of-the-tests-0123456789"}
HINTS = definition_from({"provider": "ses"}).hints
LABEL = "20261130T001500Z-3f9a1c2b4d5e"
NEW = Job(label=LABEL)
LIST = Request("POST", "/iam/list_access_keys", body={"UserName": "{account}"})


@pytest.fixture(autouse=True)
def fixture_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have boto3 find no keys of this machine's."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(name="aws")
def fixture_aws(tmp_path: Path) -> Iterator[Iam]:
    with Iam(tmp_path) as running:
        yield running


def connection(url: str, keys: dict[str, str] | None = None, **over: Any) -> Connection:
    """Return a connection to IAM at an address."""
    definition = definition_from({"provider": "ses", "api_url": url})
    facts: dict[str, Any] = {"timeout": 20, "verify": True, "settings": {"region": REGION}, **over}
    return Connection(definition, KEYS if keys is None else keys, **facts)


def done(to: Connection, job: Job = NEW, account: str = ONE, retries: int = 2) -> Made:
    """Do one account's job; a pause only advances the clock."""
    clock = [0.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    patience = Patience(retries, 60)
    return issue(to, {account: job}, patience=patience, concurrency=1, sleep=sleep, clock=lambda: clock[0])[account]


def test_new_key(aws: Iam) -> None:
    """Catches: an answer of boto3's that is read in another way than the provider's own."""
    made = done(connection(aws.api_url))
    (key,) = aws.keys(ONE)
    assert (made.kind, made.doubt, made.idle) == (Kind.ACCEPTED, False, [])
    assert (made.id, made.username) == (key.access_key_id, key.access_key_id)
    assert made.secret == smtp_password(key.secret_access_key)


def test_key_of_each_account(aws: Iam) -> None:
    """Catches: threads that share what boto3 does not let them share."""
    jobs = {ONE: NEW, TWO: Job(label="20261130T001501Z-000000000000")}
    made = issue(connection(aws.api_url), jobs, patience=Patience(0, 0), concurrency=8)
    assert {account: [one.id] for account, one in made.items()} == {ONE: aws.ids(ONE), TWO: aws.ids(TWO)}


@pytest.mark.parametrize("mode", ["legacy", "standard", "adaptive"])
def test_lost_answer(aws: Iam, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a call whose outcome is unknown and that boto3 makes again, whatever its settings say."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "5")
    monkeypatch.setenv("AWS_RETRY_MODE", mode)
    aws.faults["CreateAccessKey"] = ["lose"]
    made = done(connection(aws.api_url))
    assert (made.kind, made.doubt, made.idle, made.secret) == (Kind.UNKNOWN, True, [], None)
    assert made.message.startswith("ses did not answer: ")
    assert aws.calls() == ["CreateAccessKey"] and len(aws.ids(ONE)) == 1


def test_put_off(aws: Iam) -> None:
    """Catches: what AWS puts off with status 400 and that is not repeated, though nothing was done."""
    aws.faults["CreateAccessKey"] = ["throttle", "throttle"]
    assert done(connection(aws.api_url)).kind is Kind.ACCEPTED
    assert len(aws.calls("CreateAccessKey")) == 3 and len(aws.ids(ONE)) == 1
    aws.faults["CreateAccessKey"] = ["throttle"] * 9
    late = done(connection(aws.api_url))
    assert (late.kind, late.doubt, late.idle) == (Kind.THROTTLED, False, [LABEL])
    assert (
        late.message
        == "ses answered 400: Rate exceeded (Throttling) [request id r-1]. " + HINTS["400"] + " (after 3 attempts)"
    )


def test_list_that_is_put_off(aws: Iam, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a list that counts as refused where it was only put off."""
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    orphan = aws.make_key(ONE).access_key_id
    asked = f"{aws.keys(ONE)[0].create_date:%Y%m%dT%H%M%SZ}-000000000000"
    aws.faults["ListAccessKeys"] = ["throttle"]
    made = done(connection(aws.api_url), Job(label=LABEL, sweep=[asked]))
    assert made.kind is Kind.ACCEPTED and made.idle == [asked] and orphan not in aws.ids(ONE)


def test_limit(aws: Iam) -> None:
    """Catches: a limit that stops the other accounts too, or a message without the keys that there are."""
    ids = [aws.make_key(ONE).access_key_id for _n in range(2)]
    made = done(connection(aws.api_url))
    assert (made.kind, made.doubt, made.stop, made.idle) == (Kind.REFUSED_ACCESS, False, False, [LABEL])
    assert f"There are: {', '.join(ids)}. Delete the one that nobody uses" in made.message
    assert aws.ids(ONE) == ids


def test_unknown_user(aws: Iam) -> None:
    """Catches: a user of that name who does not exist, and who stops the other accounts."""
    made = done(connection(aws.api_url), account="nobody")
    assert (made.kind, made.stop, made.idle) == (Kind.REFUSED_ACCESS, False, [LABEL])
    assert "The user with name nobody cannot be found. (NoSuchEntity) [request id " in made.message
    assert made.message.endswith(HINTS["404"])


def test_deleting(aws: Iam) -> None:
    """Catches: a key that is gone and counts as refused, or one of a user unknown to these keys that counts as gone."""
    old = aws.make_key(ONE).access_key_id
    assert done(connection(aws.api_url), Job(delete=[old])).deleted == [old]
    assert done(connection(aws.api_url), Job(delete=[old])).deleted == [old]
    made = done(connection(aws.api_url), Job(label=LABEL, delete=[old]), account="nobody")
    assert (made.kind, made.deleted, made.idle) == (Kind.REFUSED_ACCESS, [], [LABEL])
    assert f"the old credential {old} cannot be deleted: ses answered 404: The user with name nobody" in made.message


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({"access_key": "AKIAIOSFODNN7EXAMPLE"}, "InvalidClientTokenId"), ({"secret_key": "x"}, "SignatureDoesNotMatch")],
)
def test_wrong_keys(aws: Iam, wrong: dict[str, str], code: str) -> None:
    """Catches: keys that AWS does not know, and with which every account is tried."""
    with aws.checked("iam:*") as keys:
        made = done(connection(aws.api_url, {**keys, **wrong}))
    assert (made.kind, made.stop) == (Kind.REFUSED_ACCESS, True)
    assert f"({code}) [request id " in made.message and made.message.endswith(HINTS["403"])


def test_forbidden(aws: Iam) -> None:
    """Catches: a permission that is missing for one of three calls, of which nobody learns."""
    old = aws.make_key(ONE).access_key_id
    with aws.checked("iam:CreateAccessKey") as keys:
        to = connection(aws.api_url, keys)
        assert "perform: iam:DeleteAccessKey (AccessDenied)" in done(to, Job(label=LABEL, delete=[old])).message
        swept = done(to, Job(label=LABEL, sweep=[LABEL]))
        assert swept.message.startswith("the credentials cannot be listed: ses answered 403: User: arn:aws:iam::")
        assert done(to).kind is Kind.ACCEPTED
    assert old in aws.ids(ONE)


UNUSABLE: list[tuple[dict[str, str], dict[str, str], str]] = [
    ({}, {}, "Unable to locate credentials (NoCredentialsError)"),
    ({"access_key": "AKIAIOSFODNN7EXAMPLE"}, {}, "missing: secret_key (PartialCredentialsError)"),
    ({"session_token": "x"}, {}, "missing: access_key (PartialCredentialsError)"),
    ({}, {"AWS_PROFILE": "mail"}, "The config profile (mail) could not be found (ProfileNotFound)"),
]


@pytest.mark.parametrize(("keys", "variables", "words"), UNUSABLE)
def test_no_usable_keys(
    aws: Iam, keys: dict[str, str], variables: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a call without keys whose outcome counts as unknown, so that a key is looked for that nobody made."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    made = done(connection(aws.api_url, keys))
    assert (made.kind, made.stop, made.doubt, made.idle) == (Kind.REFUSED_ACCESS, True, False, [LABEL])
    assert words in made.message and aws.calls() == []


def test_keys_that_boto3_finds(aws: Iam, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: boto3's own places for keys that are not looked at."""
    folder = tmp_path / "home" / ".aws"
    folder.mkdir(parents=True)
    with aws.checked("iam:CreateAccessKey") as keys:
        lines = f"aws_access_key_id = {keys['access_key']}\naws_secret_access_key = {keys['secret_key']}\n"
        (folder / "credentials").write_text(f"[mail]\n{lines}")
        monkeypatch.setenv("AWS_PROFILE", "mail")
        assert done(connection(aws.api_url, {})).kind is Kind.ACCEPTED


def test_call_that_cannot_be_made(aws: Iam) -> None:
    """Catches: an operation that boto3 does not have, or a value that it refuses, whose outcome counts as unknown."""
    client = Boto3Client(connection(aws.api_url))
    reply = client.send(Request("POST", "/iam/no_such_operation"), {})
    assert reply.status == 403 and "boto3 has no operation no_such_operation of iam" in reply.text
    assert client.send(Request("POST", "/no_such_service/x"), {}).status == 403
    reply = client.send(LIST, {"account": ""})
    assert reply.status == 400 and "Invalid length for parameter UserName" in reply.text
    assert aws.calls() == []


def test_nobody_answers(aws: Iam) -> None:
    """Catches: a refused connection that is no more than the name of one of boto3's classes."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        made = done(connection(f"http://127.0.0.1:{unused.getsockname()[1]}"))
    assert (made.kind, made.message) == (Kind.UNKNOWN, "ses did not answer: the connection was refused")


def test_late_answer(aws: Iam) -> None:
    """Catches: a call for which somebody waits longer than the options allow."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        made = done(connection(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=1))
    assert (made.kind, made.doubt) == (Kind.UNKNOWN, True)


def test_proxy_of_the_environment(aws: Iam, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: what is sent in clear text on this machine and goes through a proxy elsewhere."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert done(connection(aws.api_url)).kind is Kind.ACCEPTED


def test_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a certificate that nobody checks, or an authority that boto3's users have named and that is ignored."""
    with Iam(tmp_path, certificate="trusted") as aws:
        strange = done(connection(aws.api_url))
        assert (strange.kind, strange.doubt, strange.idle) == (Kind.REFUSED_ACCESS, False, [LABEL])
        assert "cannot be verified (unable to get local issuer certificate), so nothing was sent" in strange.message
        assert done(connection(aws.api_url, verify=aws.ca_path)).kind is Kind.ACCEPTED
        monkeypatch.setenv("AWS_CA_BUNDLE", aws.ca_path)
        assert done(connection(aws.api_url)).kind is Kind.ACCEPTED


@pytest.mark.parametrize(
    ("path", "words"),
    [("", "ca_path is a directory, but boto3 needs a file"), ("missing.pem", "ca_path cannot be used: No such file")],
)
def test_authorities_that_cannot_be_read(aws: Iam, tmp_path: Path, path: str, words: str) -> None:
    """Catches: a call whose outcome counts as unknown because boto3 cannot read ca_path."""
    with pytest.raises(Untrusted, match=words):
        Boto3Client(connection(aws.api_url, verify=str(tmp_path / path))).send(LIST, {"account": ONE})
    assert aws.calls() == []
