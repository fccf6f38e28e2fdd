# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider import report
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, Reply, read
from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import emaillabs
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.plugins.module_utils._provider.parallel import NOT_SENT
from ansible_collections.mailops.smtp.plugins.module_utils._provider.report import public
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change
from ansible_collections.mailops.smtp.tests.unit.plugins.scripted_http import KEYS, envelope

PASSWORD = "Pq7Xw3Zk9Rt5Yv1Bn4Mc8Ls2Hd6Gf0Ja"
EMAILLABS = build(emaillabs.DEFINITION)


def test_told_as_data() -> None:
    """Catches: an outcome that the action plugin cannot read back."""
    changes = {"a": Change(Kind.UNKNOWN, doubt=True, sent=True, message="no answer"), "b": NOT_SENT}
    found = public(changes, {"a": PASSWORD, "b": "other-passw0rd"}, KEYS)
    assert json.loads(json.dumps(found)) == {
        "a": {"kind": "unknown", "doubt": True, "sent": True, "stop": False, "message": "no answer"},
        "b": {"kind": "refused_access", "doubt": False, "sent": False, "stop": False, "message": NOT_SENT.message},
    }
    assert public({"b": NOT_SENT}, {"b": "x"}, {}, "no requests here")["b"]["message"] == "no requests here"


def test_words_are_scrubbed() -> None:
    """Catches: a provider that quotes the password or a key in its message."""
    message = f"bad {PASSWORD}, {PASSWORD.encode().hex()}, {KEYS['authorization_key']}"
    change = Change(Kind.REFUSED_VALUE, doubt=False, sent=True, message=message)
    assert public({"a": change}, {"a": PASSWORD}, KEYS)["a"]["message"] == "bad ********, ********, ********"


def shown(password: str, error: dict[str, t.Any]) -> str:
    """Return what the user reads of a provider's error."""
    secrets = [password, *KEYS.values()]
    meaning = read(EMAILLABS, Reply(400, {}, json.dumps(envelope(error))), secrets)
    change = Change(meaning.kind, doubt=False, sent=True, message=meaning.message)
    return str(public({"a": change}, {"a": password}, KEYS)["a"]["message"])


@pytest.mark.parametrize("offset", [0, 100, 460])
def test_an_echo_is_scrubbed(offset: int) -> None:
    """Catches: the password, quoted by the provider, in the result."""
    assert PASSWORD[:6] not in shown(PASSWORD, {"message": "x" * offset + PASSWORD + " is weak", "code": "E"})


@pytest.mark.parametrize(("field", "offset"), [("message", 480), ("code", 40)])
def test_a_cut_echo_is_scrubbed(field: str, offset: int) -> None:
    """Catches: most of a password in the result because the text was cut in the middle of it."""
    assert PASSWORD[:6] not in shown(PASSWORD, {field: "x" * offset + PASSWORD})


@pytest.mark.parametrize("password", ["two  spaces in-passw0rd", "a\u00a0hard-space-passw0rd"])
def test_an_echo_with_other_white_space_is_scrubbed(password: str) -> None:
    """Catches: an explicit password with white space in the result, since the folded text is another one."""
    assert "passw0rd" not in shown(password, {"message": f"'{password}' is weak"})


def test_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: an import error in place of a message where requests is missing."""
    assert report.missing("http") == []
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert report.missing("http") == ["requests"]
