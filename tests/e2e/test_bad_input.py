# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bad input: a clear error before anything changes, no call, the store byte for byte as it was.

All cases run as tasks of one ansible-playbook process; each test compares one message, whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from standin.certificates import write_certificates
from standin.faults import Fault
from standin.service import StandIn
from support.controller import KEYS, Controller
from support.scene import OLD, ONE, TWO, Scene

LONG = "x" * 129
NO_NAME = "cannot be the name of an account"
NEXT = "1 of 1 accounts failed. 1.acme.smtp: "
DROPPED = "The new password was discarded."


@dataclass(frozen=True)
class Case:
    """Options, how the store is before, and the message. C({store}) stands for the store's path."""

    options: dict[str, Any]
    message: str
    store: str | None = None
    make: Callable[[Path], Path] | None = None
    calls: int = 0


def folder_in_its_place(path: Path) -> Path:
    path.mkdir()
    return path


def missing_folder(path: Path) -> Path:
    return path.parent / "nowhere" / path.name


def unwritable(path: Path) -> Path:
    # root writes wherever permissions forbid it, but not here.
    return Path("/proc/self/smtp.yml")


EMPTY = "smtp_accounts: {}\n"
FUTURE = 'smtp_accounts:\n  1.acme.smtp:\n    changed_at: "2999-01-01T00:00:00Z"\n'
OTHER_SECRET = """smtp_accounts:
  1.acme.smtp:
    password: !vault |
      $ANSIBLE_VAULT;1.1;AES256
      39383562633365336537383565646461313266626637643632623632326462386238303332316530
      3138303939623632623165316466626537663164333337380a353461623566313030663232373733
      63666264336631376336303965376430353535613831343936343866343233386261333766623764
      6366636636623636650a623533346462353336346466366232356336653863363030353038666264
      62666433633964343239656438643332333130373861306264613130386137666463353239323461
      3966333138313739333130313133643333386239343962333832
"""

ADOPTED = {"state": "adopted", "password": "good-enough-1234"}
CASES = {
    "accounts empty": Case({"accounts": []}, "accounts: is empty; name at least one SMTP account, such as 1.name.smtp"),
    "accounts twice": Case({"accounts": [ONE, TWO, ONE]}, "accounts: listed more than once: 1.acme.smtp"),
    "account with newline": Case(
        {"accounts": ["1.acme\nsmtp"]},
        f"accounts: '1.acme\\nsmtp' {NO_NAME}: character 7 is U+000A, a line break or another control character",
    ),
    "account with a blank at its end": Case(
        {"accounts": ["1.acme.smtp "]}, f"accounts: '1.acme.smtp ' {NO_NAME}: it begins or ends with a space"
    ),
    "account empty": Case({"accounts": [""]}, f"accounts: '' {NO_NAME}: it is empty"),
    "account too long": Case(
        {"accounts": ["x" * 321]}, f"accounts: '{'x' * 64}' {NO_NAME}: it has 321 characters, at most 320 are accepted"
    ),
    "account that is another path": Case(
        {"accounts": ["a/../b"]},
        "'a/../b' cannot replace {{account}} in the path /v2.1/email/smtpAccount/{{account}}/password: an empty part, "
        "'.' or '..' between slashes would lead to another path. If the provider's API knows the account by an ID, set "
        "account_ids",
    ),
    "id of an account that is not there": Case(
        {"account_ids": {TWO: "4711"}}, "account_ids['2.acme.smtp']: is not listed in accounts"
    ),
    "id with a newline": Case(
        {"account_ids": {ONE: "47\n11"}},
        f"account_ids['1.acme.smtp']: '47\\n11' {NO_NAME}: character 3 is U+000A, a line break or another control "
        "character",
    ),
    "one id for two": Case(
        {"accounts": [ONE, TWO], "account_ids": {ONE: TWO}},
        "account_ids: '1.acme.smtp' and '2.acme.smtp' are one account at the provider, '2.acme.smtp'",
    ),
    "password for two": Case(
        {"accounts": [ONE, TWO], "password": "good-enough-1234"},
        "password: is for one account only, but 2 are listed; use passwords",
    ),
    "password and passwords": Case(
        {"password": "good-enough-1234", "passwords": {ONE: "good-enough-1234"}},
        "parameters are mutually exclusive: password|passwords",
    ),
    "passwords for another": Case(
        {"passwords": {TWO: "good-enough-1234"}}, "passwords: '2.acme.smtp' is not listed in accounts"
    ),
    "password empty": Case({"password": ""}, "password: is empty"),
    "password with newline": Case(
        {"password": "good-enough\n1234"}, "password: contains a line break or another control character"
    ),
    "password with NUL": Case(
        {"password": "good-enough\x001234"}, "password: contains a line break or another control character"
    ),
    "password too long": Case({"password": LONG}, "password: must have 8 to 128 characters, not 129"),
    "password too short": Case({"password": "a234567"}, "password: must have 8 to 128 characters, not 7"),
    "password and never": Case(
        {"password": "good-enough-1234", "rotate": "never"},
        "password: a password was given, but rotate=never sets none; remove one of them",
    ),
    "password_length short": Case({"password_length": 11}, "password_length: must be from 12 to 128, not 11"),
    "password_length long": Case({"password_length": 129}, "password_length: must be from 12 to 128, not 129"),
    "password_symbols": Case(
        {"password_symbols": "a-"},
        "password_symbols: only printable ASCII symbols are allowed, not letters, digits or spaces",
    ),
    "max_age malformed": Case(
        {"max_age": "90 days"},
        "max_age: '90 days' is not a duration; write seconds, or a number with m, h, d or w, such as 90d",
    ),
    "max_age negative": Case(
        {"max_age": "-5"}, "max_age: '-5' is not a duration; write seconds, or a number with m, h, d or w, such as 90d"
    ),
    "max_age zero": Case({"max_age": "0"}, "max_age: '0' is not a duration from one second to a hundred years"),
    "changed_at in the future": Case(
        {},
        "{store}: changed_at of 1.acme.smtp is 2999-01-01T00:00:00Z, which is in the future; correct the date, or this "
        "machine's clock",
        store=FUTURE,
    ),
    "application_key missing": Case(
        {"application_key": None},
        "application_key: is missing or empty; set the option, or EMAILLABS_APPLICATION_KEY in the controller's "
        "environment",
    ),
    "authorization_key empty": Case(
        {"authorization_key": ""},
        "authorization_key: is missing or empty; set the option, or EMAILLABS_AUTHORIZATION_KEY in the controller's "
        "environment",
    ),
    "authorization_key with newline": Case(
        {"authorization_key": "one\r\nX-Other: two"},
        "authorization_key: contains a line break or another control character",
    ),
    "http to another host": Case(
        {"api_url": "http://api.emaillabs.io"},
        "api_url: 'http://api.emaillabs.io' is not https: the keys and the password would be sent in clear text (http "
        "is accepted on loopback only)",
    ),
    "api_url with a query": Case(
        {"api_url": "https://api.emaillabs.io/?a=b"},
        "api_url: must be a URL such as https://api.example.com, without user, query or fragment",
    ),
    "timeout": Case({"timeout": 0}, "timeout: must be from 1 to 600, not 0"),
    "retries": Case({"retries": -1}, "retries: must be from 0 to 20, not -1"),
    "concurrency": Case({"concurrency": 0}, "concurrency: must be from 1 to 64, not 0"),
    "propagation_seconds": Case({"propagation_seconds": -1}, "propagation_seconds: must be from 0 to 604800, not -1"),
    "unknown option": Case(
        {"colour": "x"},
        "unknown option colour (the options are account, account_ids, accounts, api_credentials, api_key, "
        "api_url, application_key, authorization_key, ca_path, changed_at, concurrency, failures, force, "
        "keep_old, lock_timeout, logins, max_age, only_at_rest, pads, password, password_length, "
        "password_request, password_symbols, passwords, propagation_seconds, provider, provider_definition, "
        "provider_settings, rate_burst, rate_limit, rate_recent, requests, retries, retry_after_ceiling, "
        "rotate, state, store_survives, timeout, validate_certs, vault_file, vault_id)",
    ),
    "misspelt option": Case({"passwort": "x"}, "unknown option passwort (did you mean password?)"),
    "misspelt option inside another": Case(
        {"password_request": {"methd": "PUT"}}, "unknown option password_request.methd (did you mean method?)"
    ),
    "vault_id unknown": Case(
        {"vault_id": "prod"}, "vault_id: no Vault secret with the identity 'prod' is loaded; loaded: default"
    ),
    "failures of another state": Case({"failures": {ONE: "tls"}}, "failures: can be recorded with state=verified only"),
    "failures of another account": Case(
        {"state": "verified", "failures": {TWO: "tls"}}, "failures: '2.acme.smtp' is not listed in accounts"
    ),
    "failures in a server's words": Case(
        {"state": "verified", "failures": {ONE: "535 no, not s3cret"}},
        "failures['1.acme.smtp']: must be one word of lower-case letters and underscores, such as auth_rejected",
    ),
    "changed_at of another state": Case({"changed_at": "2026-01-01"}, "changed_at: can be set with state=adopted only"),
    "changed_at without a time zone": Case(
        {**ADOPTED, "changed_at": "2026-01-01T12:00:00"},
        "changed_at: must be a date with a time zone, such as 2026-01-31T12:00:00Z, or a day such as 2026-01-31",
    ),
    "changed_at to come": Case(
        {**ADOPTED, "changed_at": "2999-01-01"}, "changed_at: 2999-01-01T00:00:00Z is in the future"
    ),
    "adopted without a password": Case(
        {"state": "adopted"}, "passwords: state=adopted needs the password of each account; missing: 1.acme.smtp"
    ),
    "adopted without the password of one": Case(
        {"state": "adopted", "accounts": [ONE, TWO], "passwords": {ONE: "good-enough-1234"}},
        "passwords: state=adopted needs the password of each account; missing: 2.acme.smtp",
    ),
    "adopted with a newline": Case(
        {**ADOPTED, "password": "in-force\n"}, "password: contains a line break or another control character"
    ),
    "adopted while a value of another secret is staged": Case(
        ADOPTED,
        "{store}: staged_password of 1.acme.smtp cannot be decrypted with the loaded Vault secrets; load the one that "
        "encrypted it",
        store=OTHER_SECRET.replace("password:", "staged_password:"),
    ),
    "force of another state": Case({"force": True}, "force: can be set with state=absent only"),
    "absent with a password": Case(
        {"state": "absent", "password": "good-enough-1234"},
        "password: a password was given, but state=absent sets none; remove one of them",
    ),
    "absent while staged": Case(
        {"state": "absent"},
        "1.acme.smtp: cannot be removed, because the store would give up a staged password that may be in force. "
        "Nothing was removed; finish the rotation first, or set force to give that up",
        store=OTHER_SECRET.replace("password:", "staged_password:"),
    ),
    "store is another file": Case(
        {},
        "{store} is not a store of mailops.smtp: it has no key smtp_accounts. Set vault_file to a file of its own, or "
        "add the line 'smtp_accounts: {}' to this one",
        store="other: true\n",
    ),
    "store is a list": Case(
        {},
        "{store} is not a store of mailops.smtp: it is not a YAML mapping with the key smtp_accounts",
        store="- a\n- b\n",
    ),
    "store is not YAML": Case(
        {}, "{store} is not valid YAML (line 2): did not find expected node content", store="smtp_accounts: [\n"
    ),
    "store is a folder": Case(
        {},
        "{store} is not a regular file; vault_file must name the file that stores the passwords",
        make=folder_in_its_place,
    ),
    "store in a missing folder": Case(
        {}, "{store} cannot be written: the folder {folder} does not exist; create it first", make=missing_folder
    ),
    "store cannot be written": Case({}, "{store} cannot be written: no permission to write in {real}", make=unwritable),
    "store of another secret": Case(
        {"rotate": "always"},
        "{store}: password of 1.acme.smtp cannot be decrypted with the loaded Vault secrets; load the one that "
        "encrypted it",
        store=OTHER_SECRET,
    ),
    "store as a whole of another secret": Case(
        {},
        "{store} cannot be decrypted with the loaded Vault secrets; load the one that encrypted it",
        store="\n".join(line.strip() for line in OTHER_SECRET.splitlines()[3:]) + "\n",
    ),
    "password in clear": Case(
        {},
        "{store}: smtp_accounts['1.acme.smtp'].password is not encrypted; replace it with the output of "
        "'ansible-vault encrypt_string'",
        store="smtp_accounts:\n  1.acme.smtp:\n    password: in-clear-1234\n",
    ),
    "password in a path": Case(
        {"password_request": {"path": "/x/{account}/{password}"}},
        "password_request.path: {{password}} is allowed in the body only, because paths, queries and headers are "
        "logged",
    ),
    "unknown placeholder": Case(
        {"password_request": {"path": "/x/{acount}"}},
        "password_request.path: unknown placeholder {{acount}}; available here: {{account}}, {{account_login}}, "
        "{{account_name}}, {{account_domain}}",
    ),
    "certificate": Case(
        {"ca_path": "{other_ca}"},
        NEXT + "the certificate of {api} cannot be verified (unable to get local issuer certificate), so nothing was "
        "sent. Check api_url; for a private certificate authority, set ca_path. " + DROPPED,
        calls=0,
    ),
    "keys refused": Case(
        {"application_key": "another-key-than-theirs"},
        NEXT
        + "emaillabs answered 401: Authorization data is invalid (E-0-004) [request id {id}]. Check application_key "
        "and authorization_key; a new key can take a few minutes to become active. " + DROPPED,
        calls=1,
    ),
    "account unknown to the provider": Case(
        {"accounts": ["9.acme.smtp"]},
        "1 of 1 accounts failed. 9.acme.smtp: emaillabs answered 404: SMTP account not found (E-0-006) [request id "
        "{id}]. Either the account or the API call does not exist: the provider does not publish the call "
        "that changes an SMTP password, so the one used here is assumed. Check the account's name; ask the provider's "
        "support for the right call, and set password_request. " + DROPPED,
        calls=1,
    ),
}


@dataclass(frozen=True)
class Outcome:
    """What a case came to: the message, the store before and after, the calls that the provider got."""

    case: Case
    path: Path
    failed: bool
    message: str
    before: bytes | None
    after: bytes | None


def content(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """Run every case, each with a store of its own, in one process."""
    folder = tmp_path_factory.mktemp("bad")
    other = folder / "other-authority"
    other.mkdir()
    other_ca = write_certificates(other).ca_path
    with StandIn({ONE: OLD, TWO: OLD}, **KEYS) as provider:
        scene = Scene(Controller(folder), provider)
        paths, before, tasks = {}, {}, []
        for number, (name, case) in enumerate(CASES.items()):
            path = folder / f"store-{number}.yml"
            if case.make is None:
                path.write_text(case.store or EMPTY)
            paths[name] = path if case.make is None else case.make(path)
            before[name] = content(paths[name])
            options = {k: str(other_ca) if v == "{other_ca}" else v for k, v in case.options.items()}
            over = {"vault_file": str(paths[name]), "retries": 0, **options}
            task = {"name": name, "mailops.smtp.smtp_account_password": scene.options(**over), "ignore_errors": True}
            tasks.append(task)
        ended = scene.controller.tasks(tasks)
        return {
            name: Outcome(
                case,
                paths[name],
                any(event["kind"] == "failed" and event["task"] == name for event in ended.events),
                ended.result(name)["msg"],
                before[name],
                content(paths[name]),
            )
            for name, case in CASES.items()
        }


@pytest.mark.parametrize("name", CASES)
def test_message_and_untouched_store(outcomes: dict[str, Outcome], name: str) -> None:
    """Catches: bad input that is accepted, explained badly, or noticed only after something has changed."""
    outcome = outcomes[name]
    told = outcome.message.replace(str(outcome.path), "{store}").replace(str(outcome.path.parent), "{folder}")
    told = re.sub(r"(?<=request id )[0-9a-f-]+", "{id}", told)
    told = re.sub(r"/proc/[0-9]+", "{real}", told)
    told = re.sub(r"https://127.0.0.1:[0-9]+", "{api}", told)
    assert outcome.failed
    assert told == outcome.case.message.replace("{{", "{").replace("}}", "}")
    assert outcome.after == outcome.before


def test_exit_code_is_not_zero(scene: Scene) -> None:
    """Catches: a task that fails and a job that does not notice."""
    assert scene.rotate(accounts=[]).code != 0


def test_no_vault_secret(scene: Scene) -> None:
    """Catches: a password changed that can then not be encrypted."""
    scene.controller.vault_ids = {}
    ended = scene.rotate()
    assert ended.code != 0
    assert ended.result("Set the passwords")["msg"] == (
        "no Vault secret is loaded, so no password can be stored; start the run with --vault-password-file, --vault-id "
        "or --ask-vault-pass"
    )
    assert scene.provider.record.api_calls() == []
    assert not scene.controller.store.exists()


@pytest.mark.parametrize("certificate", ["untrusted", "expired", "wrong_name"])
def test_certificate_that_does_not_verify(tmp_path: Path, certificate: Any) -> None:
    """Catches: keys sent to somebody else than the provider."""
    with StandIn({ONE: OLD}, certificate=certificate, **KEYS) as provider:
        scene = Scene(Controller(tmp_path), provider)
        ended = scene.rotate()
        message = ended.result("Set the passwords")["msg"]
        assert ended.code != 0
        assert f"the certificate of {provider.api_url} cannot be verified" in message
        assert "so nothing was sent. " in message
        assert provider.record.api_calls() == []
        assert not scene.controller.store.exists()


def test_redirect_is_not_followed(scene: Scene, tmp_path: Path) -> None:
    """Catches: the keys handed to whomever a redirect names."""
    with StandIn({ONE: OLD}, **KEYS) as elsewhere:
        scene.provider.faults.push(Fault(kind="redirect", location=elsewhere.api_url, status=307))
        ended = scene.rotate()
        assert ended.result("Set the passwords")["msg"] == (
            f"{NEXT}emaillabs answered 307. Redirects are never followed, because the keys would be sent along; check "
            f"api_url. {DROPPED}"
        )
        assert elsewhere.record.events() == []
    assert not scene.controller.store.exists()


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            Fault(kind="status", status=403),
            "emaillabs answered 403: The IP address is not authorised (E-0-005) [request id {id}]. Check that the key "
            "may change SMTP accounts, and that the API allows the IP address of the host that makes the call "
            "(Account > Settings > API, IP authorisation); use delegate_to to call from another host. ",
        ),
        (
            Fault(kind="refused_value"),
            "emaillabs answered 422: The password is not accepted (E-0-010) [request id {id}]. ",
        ),
    ],
    ids=["403", "422"],
)
def test_refusals_in_the_providers_words(scene: Scene, fault: Fault, words: str) -> None:
    """Catches: a refusal without the provider's words, its request id or the next step, or one that echoes the "
    "value."""
    scene.provider.faults.push(fault)
    ended = scene.rotate(password="Echoed-by-them-123")
    assert "Echoed-by-them-123" not in ended.output
    told = re.sub(r"(?<=request id )[0-9a-f-]+", "{id}", ended.result("Set the passwords")["msg"])
    assert told == NEXT + words + DROPPED
    assert not scene.controller.store.exists()
