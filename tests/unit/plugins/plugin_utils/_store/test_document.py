# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import yaml

from ansible_collections.mailops.smtp.plugins.plugin_utils._store import document as documents
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import record as records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import HEADER, parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import (
    NEW,
    NOW,
    OLD,
    ONE,
    STAGED,
    account,
    check_staged,
    edited,
    rendered,
    seen,
    vault,
)

SAME = {
    "one account": ONE,
    "two accounts": ONE + account("c"),
    "with its header": HEADER + "---\n" + ONE,
    "end of the document": ONE + "...\n",
    "comments": "# 1\n---\n# 2\nsmtp_accounts:  # 3\n  # 4\n"
    + account("a").replace(":", ":  # 5", 1)
    + "    # 6\n  # 7\n# 8\n",
    "blank lines": "\n\nsmtp_accounts:\n\n" + account("c") + "\n\n" + account("a") + "\n  \n\n",
    "other keys": "before: [1, 2]\n" + ONE + "after:\n  smtp_accounts: {a: 1}\n",
    "unknown fields": ONE
    + "    owner: {team: mail,\n      who: x}\n    hosts:\n      - mx1\n\n      # 1\n      - mx2\n",
    "unknown block": ONE + "    note: |\n      smtp_accounts:\n        a:\n\n      end\n\n\n" + account("c") + "# x\n",
    "value on its own line": "smtp_accounts:\n  a:\n    changed_at:\n      '2026-01-01T00:00:00Z'\n    x: y\n",
    "other order": "smtp_accounts:\n  a:\n    changed_at: 2026-01-01T00:00:00Z\n    password: "
    + vault(7)
    + "    zzz: 1\n",
    "quoted keys": "'smtp_accounts':\n  'a':\n    \"password\": "
    + vault(6)
    + "  \"b\":\n    changed_at: '2026-01-01T00:00:00Z'\n",
    "chomping": ONE.replace("|", "|-"),
    "indicator": ONE.replace("|", "|2"),
    "quoted ciphertext": 'smtp_accounts:\n  a:\n    password: !vault "' + OLD.replace("\n", "\\n") + '"\n',
    "list without indentation": ONE + "    doubtful_passwords:\n    - " + vault(8) + "    - " + vault(8),
    "empty list": ONE + "    doubtful_passwords: []\n",
    "null fields": ONE + "    verified_at:\n    effective_at: null\n    previous_password: ~\n",
    "null neighbour": "smtp_accounts:\n  c:\n" + account("a") + "  d: ~  # 1\n  e: {}\n  f: null\n",
    "number": "smtp_accounts:\n" + account("123") + account("a"),
    "byte order mark": "\ufeff" + ONE,
    "tag": "smtp_accounts: !!map\n" + account("a"),
    "no accounts": "x: 1\nsmtp_accounts: {}\ny: 1\n",
}


@pytest.mark.parametrize("loader", ["C", "Python"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("name", ["a", "b"])
@pytest.mark.parametrize("text", SAME.values(), ids=SAME.keys())
def test_stage_and_drop_is_the_same_text(
    monkeypatch: pytest.MonkeyPatch, text: str, name: str, ends: str, loader: str
) -> None:
    """Catches: noise in git, lost comments, and neighbours harmed by an edit of one account."""
    if loader == "Python":
        monkeypatch.setattr(documents, "_Loader", yaml.SafeLoader)
    text = text.replace("\n", ends)
    assert check_staged(text, name) == text


@pytest.mark.parametrize("name", ["a", "b"])
@pytest.mark.parametrize("text", SAME.values(), ids=SAME.keys())
def test_crlf_stays_throughout(text: str, name: str) -> None:
    """Catches: one file with two kinds of line ends."""
    after = edited(text.replace("\n", "\r\n"), **{name: STAGED})
    assert after.count("\n") == after.count("\r\n")


ODD = {
    "four": "smtp_accounts:\n" + account("a", 4, 4),
    "one": "smtp_accounts:\n" + account("a", 1, 1),
    "three": "smtp_accounts:\n" + account("a", 3, 3),
    "wide fields": "smtp_accounts:\n" + account("a", 2, 6),
    "line separator in a comment": "# \u2028\n" + ONE,
    "next line in a comment": "# \x85\n" + ONE,
    "lone carriage return": "# \r# \n" + ONE,
    "line separator in a value": ONE.replace("  a:\n", "  a:\n    note: 'x\u2028y'\n"),
    "uneven": "smtp_accounts:\n" + account("a", 1, 3),
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_odd_layout_of_a_known_account(text: str) -> None:
    """Catches: fields put at columns or lines where they mean something else."""
    assert check_staged(text, "a") == text


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_odd_layout_and_a_new_account(text: str) -> None:
    """Catches: a new account that makes the file invalid, or that stands beside smtp_accounts instead of in it."""
    assert check_staged(text, "b") == text


NEARLY = {
    "null": ("smtp_accounts:\n", "smtp_accounts: {}\n"),
    "tilde": ("smtp_accounts: ~\nx: 1\n", "smtp_accounts: {}\nx: 1\n"),
    "quoted": ("'smtp_accounts': {}\n", "smtp_accounts: {}\n"),
    "comment below": ("smtp_accounts:\n  # 1\nx: 1\n", "smtp_accounts: {}\n  # 1\nx: 1\n"),
    "comments only": ("# 1\n\n", "# 1\n\nsmtp_accounts: {}\n"),
    "nothing": ("", HEADER + "smtp_accounts: {}\n"),
    "without end": (ONE[:-1], ONE),
    "null without end": ("smtp_accounts:", "smtp_accounts: {}\n"),
    "end": ("---\nsmtp_accounts:\n...\n", "---\nsmtp_accounts: {}\n...\n"),
}


@pytest.mark.parametrize(("text", "dropped"), NEARLY.values(), ids=NEARLY.keys())
def test_stage_and_drop_where_it_cannot_be_the_same(text: str, dropped: str) -> None:
    """Catches: an empty store that cannot be begun, or is no store any more afterwards."""
    assert check_staged(text, "b") == dropped
    assert check_staged(dropped, "b") == dropped


def test_crlf_without_end_of_the_last_line() -> None:
    """Catches: one file with two kinds of line ends."""
    after = edited(ONE.replace("\n", "\r\n")[:-2], b=STAGED)
    assert after.count("\n") == after.count("\r\n")


@pytest.mark.parametrize(
    "text",
    [
        "smtp_accounts: {}  # [1]: x\n",
        "smtp_accounts: ~ # [1]: x\ny: 1\n",
        "---\nsmtp_accounts:  # [1]: x",
        "smtp_accounts:\n  a: # [1]: x\n  b: {}\n",
        "smtp_accounts:\n  a: {}\t# [1]: x\n",
        "smtp_accounts:\n  a: null  # [1]: x\n  b: {}\n",
    ],
)
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_comment_beside_an_empty_value_is_kept(text: str, ends: str) -> None:
    """Catches: a comment lost with the first password of a store or an account, or with the last one."""
    after = edited(text.replace("\n", ends), a=STAGED)
    assert f"# [1]: x{ends}" in after and after.count("# [1]: x") == 1
    assert after.count("\n") == after.count(ends)
    gone = edited(after, a=Record(), b=Record())
    assert seen(gone)["smtp_accounts"] == {} and ("# [1]: x" in gone or "  a:" in text)


def test_accepted_moves_the_ciphertext_byte_for_byte() -> None:
    """Catches: a value encrypted anew, wrapped anew or indented anew, where only its name changes."""
    text = edited(ONE, a=records.staged(parse(ONE, "S").record("a"), NEW, NOW))
    record = records.accepted(parse(text, "S").record("a"), NEW, NOW, timedelta(minutes=15))
    assert edited(text, a=record) == (
        f"smtp_accounts:\n  a:\n    password: {vault(6, NEW)}    previous_password: {vault(6)}"
        '    changed_at: "2026-11-23T13:00:00Z"\n    effective_at: "2026-11-23T13:15:00Z"\n'
    )


def test_blank_lines_after_a_ciphertext_stay() -> None:
    """Catches: a block's blank lines taken for a part of it, and removed or moved with it."""
    text = f"smtp_accounts:\n  a:\n    password: {vault(6)}\n \n  # 1\n" + account("c")
    assert edited(text, a=Record(password=NEW)) == text.replace(vault(6), vault(6, NEW), 1)
    staged = edited(text, a=Record(password=OLD, staged_at=NOW))
    assert staged == text.replace("6262\n", '6262\n    staged_at: "2026-11-23T13:00:00Z"\n', 1)


def test_new_store() -> None:
    """Catches: another layout than the one that the README shows."""
    doubtful = replace(STAGED, doubtful_passwords=(OLD,))
    assert rendered(parse("", "S"), {"1.acme.smtp": doubtful}) == (
        f"{HEADER}smtp_accounts:\n  1.acme.smtp:\n    staged_password: {vault(6, NEW)}"
        f'    doubtful_passwords:\n      - {vault(8)}    staged_at: "2026-11-23T13:00:00Z"\n'
    )


def test_many_changes_at_once() -> None:
    """Catches: line numbers that the first edit makes wrong for the second."""
    text = "smtp_accounts:\n" + "".join(account(name) for name in "abcd") + "x: 1\n"
    changes = {"d": STAGED, "new": STAGED, "b": Record(), "a": STAGED, "newer": STAGED, "gone": Record()}
    after = parse(rendered(parse(text, "S"), changes), "S")
    assert list(after.entries) == ["a", "c", "d", "new", "newer"]
    assert [after.record(name) for name in ("a", "d", "new", "newer")] == [STAGED] * 4
    assert after.record("c") == parse(text, "S").record("c") and after.text.endswith("\nx: 1\n")


def test_all_accounts_taken_out() -> None:
    """Catches: a key without a value, or lines of a removed record left."""
    text = f"# 1\nsmtp_accounts:\n{account('a')}  # 2\n{account('c')}x: 1\n"
    assert rendered(parse(text, "S"), {"a": Record(), "c": Record()}) == "# 1\nsmtp_accounts: {}\n  # 2\nx: 1\n"


def test_refused_account_with_fields_of_the_users() -> None:
    """Catches: a first rotation that is refused, and a store that cannot be read any more."""
    text = "smtp_accounts:\n  a:\n    owner: ops\n"
    assert check_staged(text, "a") == text


def test_account_with_fields_of_the_users_stays() -> None:
    """Catches: what a user noted beside an account deleted with its record."""
    text = "smtp_accounts:\n" + account("a") + account("b") + "    owner: ops\n"
    assert rendered(parse(text, "S"), {"b": Record()}) == "smtp_accounts:\n" + account("a") + "  b:\n    owner: ops\n"


@pytest.mark.parametrize("noted", ["", "    owner: ops\n    tags:\n      - web\n    note: " + vault(6)])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_removed_account_leaves_nothing(noted: str, place: int) -> None:
    """Catches: a field of an account that is gone, or one of its neighbours that goes with it."""
    entries = [account("a"), account("b") + "    owner: dev\n", account("c")]
    entries[place] = account("abc"[place]) + noted
    left = "".join(entry for number, entry in enumerate(entries) if number != place)
    document = parse("# 1\nsmtp_accounts:\n" + "".join(entries) + "other: 1\n", "S")
    assert rendered(document, {"abc"[place]: None}) == "# 1\nsmtp_accounts:\n" + left + "other: 1\n"
    assert rendered(document, dict.fromkeys("abcd")) == "# 1\nsmtp_accounts: {}\nother: 1\n"


def test_account_that_is_not_there_is_removed_by_doing_nothing() -> None:
    """Catches: an entry without fields for an account that should be gone."""
    assert rendered(parse(ONE, "S"), {"b": None}) == ONE
    assert rendered(parse(ONE, "S"), {}, senders={"news": None}) == ONE


def test_changes_elsewhere_do_not_touch_braces() -> None:
    """Catches: a record in braces that stops the rotation of all others."""
    text = "smtp_accounts:\n  c: {changed_at: '2026-01-01T00:00:00Z'}\n" + account("a")
    assert check_staged(text, "a") == text


@pytest.mark.parametrize("text", ["---\n", "---\n# Mail\n", "# Mail\n"])
def test_marker_and_nothing_else_is_an_empty_store(text: str) -> None:
    """Catches: the skeleton of a vars file refused as somebody else's."""
    assert seen(edited(text, a=STAGED))["smtp_accounts"]["a"]["staged_at"] == "2026-11-23T13:00:00Z"


def test_null_list() -> None:
    """Catches: a store refused after somebody has taken the last item out of a list by hand."""
    assert parse(ONE + "    doubtful_passwords:\n", "S").record("a").doubtful_passwords == ()
