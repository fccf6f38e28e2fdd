# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import yaml

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import document as documents
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import edit as edits
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import record as records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import parse
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NEW, NOW, ONE, STAGED, account, edited, rendered


def refusal(text: str, name: str = "a") -> str:
    """Return why a store cannot be read or changed; a result that is not the store that was asked for is no answer."""
    with pytest.raises(StoreError) as caught:
        edited(text, **{name: records.staged(parse(text, "S").record(name), NEW, NOW)})
    return str(caught.value)


NOT_A_STORE = "S is not a store of mailops.smtp: it is not a YAML mapping with the key smtp_accounts"
PLAIN = "is not encrypted; replace it with the output of 'ansible-vault encrypt_string'"
ALIAS = "S uses YAML anchors or aliases, which cannot be edited safely; write the values out"
HALF = "is not a complete Ansible Vault value and cannot be decrypted"
BAD = {
    "list": ("- a\n", NOT_A_STORE),
    "text": ("just words\n", NOT_A_STORE),
    "tab": ("smtp_accounts:\n\ta: 1\n", "S is not valid YAML (line 2): found character that cannot start any token"),
    "two documents": (ONE + "---\nx: 1\n", "S is not valid YAML (line 8): but found another document"),
    "NUL": ("smtp_accounts: {}\n#\x00\n", "S is not valid YAML: unreadable"),
    "accounts as list": ("smtp_accounts: [a]\n", "S: smtp_accounts must map each account to a record"),
    "accounts as text": ("smtp_accounts: a\n", "S: smtp_accounts must map each account to a record"),
    "record as text": (
        "smtp_accounts:\n  a: x\n",
        "S: smtp_accounts['a'] must be a mapping with fields such as password and changed_at",
    ),
    "account twice": (ONE + account("'a'"), "S: smtp_accounts['a'] is defined twice; remove one of them"),
    "number twice": (
        "smtp_accounts:\n  1:\n  '1':\n",
        "S: smtp_accounts['1'] is defined twice; remove one of them",
    ),
    "field twice": (
        ONE + "    changed_at: 1\n",
        "S: smtp_accounts['a'].changed_at is defined twice; remove one of them",
    ),
    "field as alias": (ONE.replace("password:", "password: &p") + "    previous_password: *p\n", ALIAS),
    "merged fields": ("x: &x {y: 1}\n" + ONE + "    <<: *x\n", ALIAS),
    "anchor that nobody uses": ("x: &x 1\n" + ONE, ALIAS),
    "account as alias": ("smtp_accounts:\n" + account("a").replace(":", ": &x", 1) + "  b: *x\n", ALIAS),
    "all as alias": ("x: &x\n" + account("a") + "smtp_accounts: *x\n", ALIAS),
    "anchor that is used elsewhere": (ONE.replace("changed_at:", "staged_at: &x") + "x: *x\n", ALIAS),
    "alias in a list": (ONE.replace("password:", "password: &x") + "    doubtful_passwords:\n      - *x\n", ALIAS),
    "accounts twice": (
        ONE + "smtp_accounts:\n" + account("c"),
        "S: smtp_accounts is defined twice; remove one of them",
    ),
    "list as an account": (
        "smtp_accounts:\n  ? [a]\n  : {}\n",
        "S: a key of smtp_accounts is not the name of an account",
    ),
    "mapping as a field": (
        "smtp_accounts:\n  a:\n    ? {x: y}\n    : 1\n",
        "S: smtp_accounts['a']: a key is not the name of a field",
    ),
    "date before the calendar": (
        ONE.replace("2026-01-01T00:00:00Z", "0001-01-01T00:00:00+10:00"),
        "S: smtp_accounts['a'].changed_at: '0001-01-01T00:00:00+10:00' is not a date such as 2026-01-31T12:00:00Z",
    ),
    "plain password": ("smtp_accounts:\n  a:\n    password: x\n", f"S: smtp_accounts['a'].password {PLAIN}"),
    "password as list": (
        "smtp_accounts:\n  a:\n    password: [x]\n",
        "S: smtp_accounts['a'].password must be a single value",
    ),
    "doubtful as text": (
        "smtp_accounts:\n  a:\n    doubtful_passwords: x\n",
        "S: smtp_accounts['a'].doubtful_passwords must be a list",
    ),
    "plain doubtful": (
        "smtp_accounts:\n  a:\n    doubtful_passwords: [x]\n",
        f"S: smtp_accounts['a'].doubtful_passwords {PLAIN}",
    ),
    "half a value": (ONE.replace("      6262\n", "      6\n"), f"S: smtp_accounts['a'].password {HALF}"),
    "merge conflict": (ONE.replace("6262", "<<<<<<< HEAD"), f"S: smtp_accounts['a'].password {HALF}"),
    "folded value": (ONE.replace("|", ">"), f"S: smtp_accounts['a'].password {HALF}"),
    "date": (
        ONE.replace("2026-01-01T00:00:00Z", "soon"),
        "S: smtp_accounts['a'].changed_at: 'soon' is not a date such as 2026-01-31T12:00:00Z",
    ),
    "date without a zone": (
        ONE.replace("T00:00:00Z", "T00:00:00"),
        "S: smtp_accounts['a'].changed_at: '2026-01-01T00:00:00' is not a date such as 2026-01-31T12:00:00Z",
    ),
    "record in braces": (
        "smtp_accounts:\n  a: {changed_at: '2026-01-01T00:00:00Z'}\n",
        "smtp_accounts['a'] uses YAML flow style ({…}); write one field per line",
    ),
    "accounts in braces": (
        "smtp_accounts: {a: {}}\n",
        "smtp_accounts['a'] uses YAML flow style ({…}); write one field per line",
    ),
    "other account in braces": (
        "smtp_accounts: {c: {}}\n",
        "smtp_accounts uses YAML flow style ({…}); write one field per line",
    ),
    "all in braces": (
        "{smtp_accounts: {c: {}}, x: 1}\n",
        "S uses YAML flow style ({…}); write one key per line",
    ),
    "all in braces, and empty": (
        "{x: 1, smtp_accounts: }\n",
        "S uses YAML flow style ({…}); write one key per line",
    ),
    "JSON": ('{"smtp_accounts": {}}\n', "S uses YAML flow style ({…}); write one key per line"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_bad_store_is_refused(text: str, message: str) -> None:
    """Catches: a file that is not understood and is written all the same, or a message that names no place."""
    assert refusal(text) == message


def test_message_quotes_no_plain_password() -> None:
    """Catches: a password that somebody stored in clear, shown in the error about it."""
    assert "hunter22" not in refusal("smtp_accounts:\n  a:\n    password: hunter22\n")
    assert "hunter22" not in refusal("smtp_accounts:\n  a:\n    password: !vault hunter22\n")


UNEDITABLE = {
    "question mark": "smtp_accounts:\n  ? a\n  : staged_at: '2026-01-01T00:00:00Z'\n",
    "null on its own line": "smtp_accounts:\n  a:\n    ~\n",
    "set": "smtp_accounts: !!set\n  ? a\n  ? c\n",
    "end of a document without content": "# Mail\n---\n...\n",
}


@pytest.mark.parametrize("text", UNEDITABLE.values(), ids=UNEDITABLE.keys())
def test_store_that_cannot_be_edited_by_lines_is_refused(text: str) -> None:
    """Catches: a store that is invalid afterwards, or says something else of another account or key."""
    assert refusal(text) == (
        "the store uses YAML syntax that cannot be edited safely; write it as in the README, one field per line"
    )


def test_edit_that_would_harm_others_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: an edit that reaches into a neighbour or a key of the user's, written all the same."""
    text = "before: 1\n" + ONE + "    owner: ops\n" + account("c") + "after: 1\n"
    plain = edits._edited
    harms = [
        ("before: 1", "before: 2"),
        ("after: 1\n", ""),
        ("owner: ops", "owner: dev"),
        ("  c:\n", "  d:\n"),
        ("6262", "6363"),
        ("before: 1\n", "before: 1\nbefore: [\n"),
    ]
    for old, new in harms:
        assert old in text

        def harming(*given: Any, old: str = old, new: str = new) -> str:
            return plain(*given).replace(old, new)

        monkeypatch.setattr(edits, "_edited", harming)
        with pytest.raises(StoreError, match=r"^S uses YAML syntax that cannot be edited safely; write it"):
            rendered(parse(text, "S"), {"a": STAGED}, "S")


def test_control_character_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: an unexpected error on machines whose PyYAML has no C library."""
    monkeypatch.setattr(documents, "_Loader", yaml.SafeLoader)
    assert refusal("smtp_accounts: {}\n#\x01\n").startswith("S is not valid YAML")


@pytest.mark.parametrize("loader", ["C", "Python"])
def test_many_brackets_are_not_deep_ones(monkeypatch: pytest.MonkeyPatch, loader: str) -> None:
    """Catches: a store of a thousand accounts, each with a short list of the user's, called nested too deeply."""
    if loader == "Python":
        monkeypatch.setattr(documents, "_Loader", yaml.SafeLoader)
    text = "smtp_accounts:\n" + "".join(f"  a{n}:\n    hosts: [{{x: {n}}}]\n" for n in range(1000))
    assert len(parse(text, "S").entries) == 1000


DEEP = """
import sys, yaml
from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import document as documents
if sys.argv[1] == "Python":
    documents._Loader = yaml.SafeLoader
steps = "".join(" " * n + "x:\\n" for n in range(1000))
deep = "- " * 100000 + "a"
for text in ["[" * 100000, "{a: " * 100000, "\\n  " + deep, "\\n  " + deep.replace("-", "?"), "\\n" + steps]:
    try:
        documents.parse("x: " + text, "S")
    except StoreError as error:
        print(error)
"""


@pytest.mark.parametrize("loader", ["C", "Python"])
def test_deep_nesting(loader: str) -> None:
    """Catches: a file that crashes the interpreter."""
    path = ":".join(filter(None, sys.path))
    run = [sys.executable, "-c", DEEP, loader]
    ended = subprocess.run(run, env={"PYTHONPATH": path}, capture_output=True, text=True, timeout=120, check=False)
    assert ended.stdout.splitlines() == ["S is not a store of mailops.smtp: it is nested too deeply"] * 5, ended.stderr
