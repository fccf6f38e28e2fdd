# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.registry import KINDS, TASKS
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Login, Rendered, rendered

FOLDER = Path(__file__).resolve().parents[6] / "plugins" / "plugin_utils" / "_publishing" / "kinds"
LOGIN = Login("1.acme.smtp", "smtp.acme.example", "587")
TEXT, FIELDS = Rendered("secret"), Rendered({"username": "u", "password": "secret"})
AS_JSON = json.dumps({"username": "u", "password": "secret"})
OPTIONS = {"region": "r"}


def asked(kind: str, value: Rendered, path: str = "a/b", **options: Any) -> dict[str, Any]:
    call = KINDS[kind].call(path, value, options)
    assert call.module == KINDS[kind].module
    return dict(call.options)


def test_every_kind_is_found() -> None:
    """Catches: a file of a kind that nobody can name."""
    files = {path.stem for path in FOLDER.glob("*.py")} - {"__init__"}
    assert {"pass_store" if name == "pass" else name for name in KINDS} == files


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("aws_ssm", TEXT, {"name": "a/b", "value": "secret", "string_type": "SecureString", "region": "r"}),
        ("aws_ssm", FIELDS, {"value": AS_JSON}),
        ("aws_secret", FIELDS, {"name": "a/b", "secret": AS_JSON, "secret_type": "string", "region": "r"}),
        ("aws_secret", TEXT, {"secret": "secret"}),
        ("vault_kv2", FIELDS, {"path": "a/b", "data": {"username": "u", "password": "secret"}}),
        ("vault_kv2", TEXT, {"data": {"password": "secret"}, "read_before_write": False}),
        ("sops", FIELDS, {"path": "a/b", "content_yaml": {"username": "u", "password": "secret"}, "force": True}),
        ("sops", TEXT, {"content_text": "secret"}),
    ],
)
def test_what_a_module_is_asked(kind: str, value: Rendered, expected: dict[str, Any]) -> None:
    """Catches: a value that arrives in another form than the guide says, or options that are not handed on."""
    assert expected.items() <= asked(kind, value, **OPTIONS).items()


def test_options_of_the_target() -> None:
    """Catches: an option that the user cannot change, and one that they must not."""
    assert asked("sops", TEXT, force=False)["force"] is False
    assert asked("vault_kv2", FIELDS, read_before_write=True)["read_before_write"] is True
    assert all("name" in KINDS[kind].ours for kind in ("aws_ssm", "aws_secret", "kubernetes"))


def test_json_file_of_sops() -> None:
    """Catches: YAML in a file whose readers expect JSON."""
    assert "content_json" in asked("sops", FIELDS, "x/1.acme.smtp.json")


def test_secret_of_kubernetes() -> None:
    """Catches: a secret in another namespace; a text where the API expects base64."""
    definition = asked("kubernetes", FIELDS, "mail/smtp")["definition"]
    assert definition["metadata"] == {"name": "smtp", "namespace": "mail"}
    assert definition["data"] == {"username": "dQ==", "password": "c2VjcmV0"}
    assert asked("kubernetes", TEXT, "mail/smtp")["definition"]["data"] == {"password": "c2VjcmV0"}


def test_entry_of_pass() -> None:
    """Catches: a password in a command line; a first line that is something else."""
    kind = KINDS["pass"]
    call = kind.call("a/b", rendered(kind.value, LOGIN, "secret"), {"directory": "/d"})
    assert call.options["argv"] == ["pass", "insert", "--multiline", "--force", "a/b"]
    assert call.options["stdin"].splitlines() == ["secret", "user: 1.acme.smtp", "host: smtp.acme.example", "port: 587"]
    assert call.environment == {"PASSWORD_STORE_DIR": "/d"}


def test_tasks_run_no_module() -> None:
    """Catches: tasks of the playbook that are run a second time in another way."""
    assert KINDS[TASKS].call("a", TEXT, {}).module == ""


@pytest.mark.parametrize("kind", [name for name in KINDS if name != TASKS])
def test_secret_is_in_no_representation(kind: str) -> None:
    """Catches: options that a traceback would show."""
    assert "options" not in repr(KINDS[kind].call("a/b", FIELDS, {}))
