# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import asyncio.base_events
import json
import typing as t
from pathlib import Path

import pytest
import yaml
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from ansible.module_utils import basic
from support.waiting import PATIENCE

from ansible_collections.mailops.smtp.plugins.module_utils._smtp.refusal import _STEPS
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import ARGUMENT_SPEC
from ansible_collections.mailops.smtp.plugins.modules import smtp_test_send
from ansible_collections.mailops.smtp.tests.unit.plugins.scripted_smtp import (  # noqa: F401  # pylint: disable=unused-import
    fixture_certificate,
    server_context,
)

USER = "1.acme.smtp"
PASSWORD = "correct-Zügel-staple"
# What stands for a secret: up to ansible-core 2.21, and from 2.22 on.
HIDDEN = ("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER", "$REDACTED$")


class AnyPort(Controller):
    """A controller whose port the kernel chooses."""

    def _trigger_server(self) -> None:
        assert isinstance(self.server, asyncio.base_events.Server)
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


class Mailbox:
    """An aiosmtpd handler that keeps what it is given."""

    def __init__(self) -> None:
        self.port = 0
        self.messages: list[Envelope] = []
        self.logins: list[tuple[str, bytes, bytes]] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.messages.append(envelope)
        return "250 2.0.0 stored"

    def authenticate(self, _server: SMTP, _s: Session, _e: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
        self.logins.append((mechanism, data.login, data.password))
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


@pytest.fixture(name="mailbox")
def fixture_mailbox(certificate: Path) -> t.Iterator[Mailbox]:
    mailbox = Mailbox()
    controller = AnyPort(
        mailbox,
        hostname="127.0.0.1",
        port=0,
        tls_context=server_context(certificate),
        require_starttls=True,
        authenticator=mailbox.authenticate,
        auth_required=True,
        ready_timeout=PATIENCE,
    )
    controller.start()
    mailbox.port = controller.port
    yield mailbox
    controller.stop()


def as_shown(printed: str) -> str:
    """Return what Ansible shows of what a module prints.

    Up to ansible-core 2.21 the module hides its secrets itself; from 2.22 on it names them to Ansible, which does it.
    """
    result = json.loads(printed)
    named = result.pop("_ansible_new_secrets", [])
    shown = json.dumps(result, ensure_ascii=False)
    for secret in named:
        shown = shown.replace(json.dumps(secret, ensure_ascii=False)[1:-1], HIDDEN[1])
    return shown


class Module:
    """Runs the module in this process, as Ansible would, and reads what it prints."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.output = ""

    def __call__(self, **options: t.Any) -> dict[str, t.Any]:
        arguments = {"ANSIBLE_MODULE_ARGS": {"host": "127.0.0.1", "username": USER, "password": PASSWORD, **options}}
        self._monkeypatch.setattr(basic, "_ANSIBLE_ARGS", json.dumps(arguments).encode())
        self._monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        with pytest.raises(SystemExit):
            smtp_test_send.main()
        captured = self._capsys.readouterr()
        *before, printed = captured.out.strip().splitlines()
        self.output = "\n".join([*before, as_shown(printed), captured.err])
        return t.cast("dict[str, t.Any]", json.loads(printed))


@pytest.fixture(name="module")
def fixture_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Module:
    return Module(monkeypatch, capsys)


@pytest.fixture(name="options")
def fixture_options(mailbox: Mailbox, certificate: Path) -> dict[str, t.Any]:
    addresses = {"sender": "a@example.com", "recipient": "b@example.com"}
    return {"port": mailbox.port, "ca_path": str(certificate), "timeout": PATIENCE, **addresses}


def test_sends_through_a_real_server(module: Module, mailbox: Mailbox, options: dict[str, t.Any]) -> None:
    """Catches: a dialogue that only the scripted server understands."""
    result = module(**options, subject="Prüfung")
    assert not result.get("failed")
    assert result["changed"] is False
    assert result["authenticated"] is True
    assert mailbox.logins == [("PLAIN", USER.encode(), PASSWORD.encode())]
    content = mailbox.messages[0].content
    assert isinstance(content, bytes)
    assert result["message_id"].encode() in content
    assert (mailbox.messages[0].mail_from, mailbox.messages[0].rcpt_tos) == ("a@example.com", ["b@example.com"])


def test_wrong_password(module: Module, mailbox: Mailbox, options: dict[str, t.Any]) -> None:
    """Catches: a second login after a refused one, and a wrong password in the output."""
    result = module(**{**options, "password": "wrong-Zügel-horse"})
    assert result["failed"] is True
    assert result["changed"] is False
    assert result["reason"] == "auth_rejected"
    assert len(mailbox.logins) == 1
    assert mailbox.messages == []
    assert "wrong-Z" not in module.output
    assert "horse" not in module.output


def test_check_mode_connects_to_nothing(module: Module, mailbox: Mailbox, options: dict[str, t.Any]) -> None:
    """Catches: a login tried in check mode."""
    result = module(**options, _ansible_check_mode=True)
    assert result["skipped"] is True
    assert result["changed"] is False
    assert result["msg"] == "Check mode: nothing was connected and no login tried."
    assert mailbox.logins == []


def test_bad_option_fails_in_check_mode_too(module: Module) -> None:
    """Catches: a mistake in the options that check mode does not find."""
    result = module(send=False, port=0, _ansible_check_mode=True)
    assert result["failed"] is True
    assert result["msg"] == "port must be a number from 1 to 65535, not 0."
    assert "reason" not in result


def test_sender_and_recipient_are_required_to_send(module: Module) -> None:
    """Catches: a login made before it is noticed that nothing can be sent."""
    assert module()["msg"] == "send is true, which requires sender and recipient."


def test_password_is_not_shown_with_the_arguments(module: Module, options: dict[str, t.Any]) -> None:
    """Catches: no_log missing from the password."""
    module(**options, _ansible_inject_invocation=True)
    assert any(f'"password": "{hidden}"' in module.output for hidden in HIDDEN)
    assert PASSWORD not in module.output
    assert json.dumps(PASSWORD)[1:-1] not in module.output


def test_documentation_matches_the_options() -> None:
    """Catches: an option, default, type or choice that the documentation gets wrong."""
    documented = yaml.safe_load(smtp_test_send.DOCUMENTATION)["options"]
    assert set(documented) == set(ARGUMENT_SPEC)
    for name, spec in ARGUMENT_SPEC.items():
        assert documented[name]["type"] == spec["type"], name
        assert documented[name].get("required", False) == spec.get("required", False), name
        assert documented[name].get("default") == spec.get("default"), name
        assert list(documented[name].get("choices", [])) == spec.get("choices", []), name


def test_documented_reasons_are_those_that_exist() -> None:
    """Catches: a reason that a playbook cannot know of."""
    documented = " ".join(yaml.safe_load(smtp_test_send.RETURN)["reason"]["description"])
    reasons = {reason for _codes, reason in _STEPS.values()} | {"auth_rejected", "protocol"}
    assert len(reasons) == 8
    assert all(f"V({reason})" in documented for reason in reasons)


def test_examples_use_only_options_that_exist() -> None:
    """Catches: an example that does not run."""
    for task in yaml.safe_load(smtp_test_send.EXAMPLES):
        assert set(task.get("mailops.smtp.smtp_test_send", {})) <= set(ARGUMENT_SPEC)
