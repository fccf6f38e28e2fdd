# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils import _document, _record
from ansible_collections.mailops.smtp.plugins.plugin_utils._document import HEADER, parse, rendered
from ansible_collections.mailops.smtp.plugins.plugin_utils._record import Record

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)
OLD = "$ANSIBLE_VAULT;1.1;AES256\n61616161\n6262"
NEW = "$ANSIBLE_VAULT;1.2;AES256;prod\n61616161\n6363"
STAGED = Record(staged_password=NEW, staged_at=NOW)
QUIET = settings(database=None, deadline=None, print_blob=True)


def vault(indent: int, ciphertext: str = OLD) -> str:
    return "!vault |\n" + "".join(f"{' ' * indent}{line}\n" for line in ciphertext.split("\n"))


def account(name: str, indent: int = 2, step: int = 2) -> str:
    pad, inner = " " * indent, " " * (indent + step)
    return f'{pad}{name}:\n{inner}password: {vault(indent + 2 * step)}{inner}changed_at: "2026-01-01T00:00:00Z"\n'


class Strict(yaml.SafeLoader):
    """What Ansible sees in a store: every value of Vault as its ciphertext."""


Strict.add_constructor("!vault", lambda _loader, node: node.value)


def seen(text: str) -> Any:
    return yaml.load(text, Loader=Strict)  # noqa: S506


def edited(text: str, **changes: Record) -> str:
    return rendered(parse(text, "S"), changes)


def refusal(text: str, name: str = "a") -> str:
    """Return why a store cannot be read or changed; a result that is not the store that was asked for is no answer."""
    with pytest.raises(StoreError) as caught:
        edited(text, **{name: _record.staged(parse(text, "S").record(name), NEW, NOW)})
    return str(caught.value)


def check_staged(text: str, name: str) -> str:
    """Stage a password and take it back: everything else stays, byte for byte or at least in what it says."""
    before = parse(text, "S")
    old = before.record(name)
    after = rendered(before, {name: _record.staged(old, NEW, NOW)})
    expected = seen(text) or {}
    expected = {**expected, "smtp_accounts": dict(expected.get("smtp_accounts") or {})}
    fields = {**(expected["smtp_accounts"].get(name) or {}), "staged_password": NEW + "\n"}
    expected["smtp_accounts"][name] = {**fields, "staged_at": "2026-11-23T13:00:00Z"}
    assert seen(after) == expected
    assert parse(after, "S").record(name) == _record.staged(old, NEW, NOW)
    lines = iter(after.splitlines())
    kept = [line for line in text.splitlines() if "smtp_accounts" not in line]
    assert all(line in lines for line in kept), "a line is gone, or moved"
    return rendered(parse(after, "S"), {name: _record.refused(_record.staged(old, NEW, NOW), NEW, doubt=False)})


ONE = "smtp_accounts:\n" + account("a")
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
        monkeypatch.setattr(_document, "_Loader", yaml.SafeLoader)
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
    "uneven": "smtp_accounts:\n" + account("a", 1, 3),
}
BADLY_INDENTED = pytest.mark.xfail(strict=True, reason="a new account goes two columns left of the first one's fields")


@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_odd_indentation_of_a_known_account(text: str) -> None:
    """Catches: fields put at columns where they mean something else."""
    assert check_staged(text, "a") == text


@BADLY_INDENTED
@pytest.mark.parametrize("text", ODD.values(), ids=ODD.keys())
def test_odd_indentation_and_a_new_account(text: str) -> None:
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
    "JSON": ('{"smtp_accounts": {}}\n', "smtp_accounts: {}\n"),
}


@pytest.mark.parametrize(("text", "dropped"), NEARLY.values(), ids=NEARLY.keys())
def test_stage_and_drop_where_it_cannot_be_the_same(text: str, dropped: str) -> None:
    """Catches: an empty store that cannot be begun, or is no store any more afterwards."""
    assert check_staged(text, "b") == dropped
    assert check_staged(dropped, "b") == dropped


@pytest.mark.xfail(strict=True, reason="the end of the last line is added even if nothing is written behind it")
def test_missing_end_of_the_last_line_is_kept() -> None:
    """Catches: a line changed that has nothing to do with the edit."""
    text = (ONE + account("c"))[:-1]
    assert check_staged(text, "a") == text


@pytest.mark.xfail(strict=True, reason="the end that the last line lacks is always added as LF")
def test_crlf_without_end_of_the_last_line() -> None:
    """Catches: one file with two kinds of line ends."""
    after = edited(ONE.replace("\n", "\r\n")[:-2], b=STAGED)
    assert after.count("\n") == after.count("\r\n")


@pytest.mark.xfail(strict=True, reason="the line is replaced as a whole, and its comment with it")
@pytest.mark.parametrize(
    "text",
    ["smtp_accounts: {}  # {mark}\n", "smtp_accounts:  # {mark}\n", "smtp_accounts:\n  a: # {mark}\n  b: {}\n"],
)
def test_comment_beside_an_empty_value_is_kept(text: str) -> None:
    """Catches: a comment lost with the first password of a store or an account."""
    assert "{mark}" in edited(text, a=STAGED)


def test_accepted_moves_the_ciphertext_byte_for_byte() -> None:
    """Catches: a value encrypted anew, wrapped anew or indented anew, where only its name changes."""
    text = edited(ONE, a=_record.staged(parse(ONE, "S").record("a"), NEW, NOW))
    record = _record.accepted(parse(text, "S").record("a"), NEW, NOW, timedelta(minutes=15))
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


@pytest.mark.xfail(strict=True, reason="an account that keeps only unknown fields counts as taken out: invalid YAML")
def test_refused_account_with_fields_of_the_users() -> None:
    """Catches: a first rotation that is refused, and a store that cannot be read any more."""
    text = "smtp_accounts:\n  a:\n    owner: ops\n"
    assert check_staged(text, "a") == text


def test_account_with_fields_of_the_users_stays() -> None:
    """Catches: what a user noted beside an account deleted with its record."""
    text = "smtp_accounts:\n" + account("a") + account("b") + "    owner: ops\n"
    assert rendered(parse(text, "S"), {"b": Record()}) == "smtp_accounts:\n" + account("a") + "  b:\n    owner: ops\n"


NOT_A_STORE = "S is not a store of mailops.smtp: it is not a YAML mapping with the key smtp_accounts"
PLAIN = "is not encrypted; put the output of 'ansible-vault encrypt_string' there"
HALF = "is not a whole value of Ansible Vault: it cannot be decrypted"
BAD = {
    "list": ("- a\n", NOT_A_STORE),
    "text": ("just words\n", NOT_A_STORE),
    "tab": ("smtp_accounts:\n\ta: 1\n", "S is not valid YAML (line 2): found character that cannot start any token"),
    "two documents": (ONE + "---\nx: 1\n", "S is not valid YAML (line 8): but found another document"),
    "NUL": ("smtp_accounts: {}\n#\x00\n", "S is not valid YAML: unreadable"),
    "accounts as list": ("smtp_accounts: [a]\n", "S: smtp_accounts must be a mapping from account to record"),
    "accounts as text": ("smtp_accounts: a\n", "S: smtp_accounts must be a mapping from account to record"),
    "record as text": (
        "smtp_accounts:\n  a: x\n",
        "S: smtp_accounts['a'] must be a mapping with fields such as password and changed_at",
    ),
    "account twice": (ONE + account("'a'"), "S: smtp_accounts['a'] stands there twice; remove one of the two"),
    "number twice": (
        "smtp_accounts:\n  1:\n  '1':\n",
        "S: smtp_accounts['1'] stands there twice; remove one of the two",
    ),
    "field twice": (
        ONE + "    changed_at: 1\n",
        "S: smtp_accounts['a'].changed_at stands there twice; remove one of the two",
    ),
    "field as alias": (
        ONE.replace("password:", "password: &p") + "    previous_password: *p\n",
        "S: smtp_accounts['a'].previous_password is a YAML alias; write the value itself",
    ),
    "merged fields": (
        "x: &x {y: 1}\n" + ONE + "    <<: *x\n",
        "S: smtp_accounts['a'].<< is a YAML alias; write the value itself",
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
        "smtp_accounts['a'] is written in braces ({…}); write it in lines, one field each",
    ),
    "accounts in braces": (
        "smtp_accounts: {a: {}}\n",
        "smtp_accounts['a'] is written in braces ({…}); write it in lines, one field each",
    ),
    "other account in braces": (
        "smtp_accounts: {c: {}}\n",
        "smtp_accounts is written in braces ({…}); write it in lines, one field each",
    ),
    "all in braces": (
        "{smtp_accounts: {c: {}}, x: 1}\n",
        "smtp_accounts is written in braces ({…}); write it in lines, one field each",
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_bad_store_is_refused(text: str, message: str) -> None:
    """Catches: a file that is not understood and is written all the same, or a message that names no place."""
    assert refusal(text) == message


def test_message_quotes_no_plain_password() -> None:
    """Catches: a password that somebody stored in clear, shown in the error about it."""
    assert "hunter22" not in refusal("smtp_accounts:\n  a:\n    password: hunter22\n")
    assert "hunter22" not in refusal("smtp_accounts:\n  a:\n    password: !vault hunter22\n")


def test_changes_elsewhere_do_not_touch_braces() -> None:
    """Catches: a record in braces that stops the rotation of all others."""
    text = "smtp_accounts:\n  c: {changed_at: '2026-01-01T00:00:00Z'}\n" + account("a")
    assert check_staged(text, "a") == text


HARMED = {
    "accounts twice": (ONE + "smtp_accounts:\n" + account("c"), "a"),
    "account as alias": ("smtp_accounts:\n" + account("a").replace(":", ": &x", 1) + "  b: *x\n", "b"),
    "all as alias": ("x: &x\n" + account("a") + "smtp_accounts: *x\n", "a"),
    "merged accounts": ("x: &x\n" + account("a") + "smtp_accounts:\n  <<: *x\n", "b"),
    "anchor that is used elsewhere": (ONE.replace("changed_at:", "staged_at: &x") + "x: *x\n", "a"),
    "alias in a list": (ONE.replace("password:", "password: &x") + "    doubtful_passwords:\n      - *x\n", "a"),
    "empty, among others, in braces": ("{smtp_accounts: {}, x: 1}\n", "a"),
    "null, among others, in braces": ("{x: 1, smtp_accounts: }\n", "a"),
    "question mark": ("smtp_accounts:\n  ? a\n  : staged_at: '2026-01-01T00:00:00Z'\n", "a"),
    "null on its own line": ("smtp_accounts:\n  a:\n    ~\n", "a"),
    "set": ("smtp_accounts: !!set\n  ? a\n  ? c\n", "a"),
    "line separator in a comment": ("# \u2028\n" + ONE, "a"),
    "next line in a comment": ("# \x85\n" + ONE, "a"),
    "lone carriage return": ("# \r# \n" + ONE, "a"),
    "line separator in a value": (ONE.replace("  a:\n", "  a:\n    note: 'x\u2028y'\n"), "a"),
}


@pytest.mark.xfail(
    strict=True, reason="edited by lines all the same, and what comes out is not read again before it is written"
)
@pytest.mark.parametrize(("text", "name"), HARMED.values(), ids=HARMED.keys())
def test_store_that_cannot_be_edited_by_lines_is_refused(text: str, name: str) -> None:
    """Catches: a store that is invalid afterwards, or says something else of another account or key."""
    try:
        before = parse(text, "S")
        wanted = _record.accepted(before.record(name), NEW, NOW, timedelta(minutes=15))
        after = rendered(before, {name: wanted})
    except StoreError:
        return
    assert {**seen(after), "smtp_accounts": 0} == {**seen(text), "smtp_accounts": 0}
    assert seen(after)["smtp_accounts"][name]["password"] == NEW + "\n"
    others = {other: entry.record for other, entry in before.entries.items() if other != name}
    assert {other: entry.record for other, entry in parse(after, "S").entries.items()} == {**others, name: wanted}


@pytest.mark.xfail(strict=True, reason="exceptions of other types, which end as an unexpected error")
@pytest.mark.parametrize(
    "text",
    [
        "smtp_accounts:\n  ? [a, b]\n  : {}\n",
        "smtp_accounts:\n  a:\n    ? {x: y}\n    : 1\n",
        ONE.replace("2026-01-01T00:00:00Z", "0001-01-01T00:00:00+10:00"),
    ],
)
def test_odd_keys_and_dates_are_refused(text: str) -> None:
    """Catches: an unexpected TypeError or OverflowError where a sentence is due."""
    assert refusal(text).startswith("S: smtp_accounts")


@pytest.mark.xfail(strict=True, raises=yaml.reader.ReaderError, reason="the pure loader reads in its constructor")
def test_control_character_without_libyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: an unexpected error on machines whose PyYAML has no C library."""
    monkeypatch.setattr(_document, "_Loader", yaml.SafeLoader)
    assert refusal("smtp_accounts: {}\n#\x01\n").startswith("S is not valid YAML")


@pytest.mark.xfail(strict=True, reason="a document without content is not taken for an empty store, if it has a marker")
@pytest.mark.parametrize("text", ["---\n", "---\n# Mail\n", "# Mail\n---\n...\n"])
def test_marker_and_nothing_else_is_an_empty_store(text: str) -> None:
    """Catches: the skeleton of a vars file refused as somebody else's."""
    assert seen(edited(text, a=STAGED))["smtp_accounts"]["a"]["staged_at"] == "2026-11-23T13:00:00Z"


@pytest.mark.xfail(strict=True, reason="the only field that may not be null")
def test_null_list() -> None:
    """Catches: a store refused after somebody has taken the last item out of a list by hand."""
    assert parse(ONE + "    doubtful_passwords:\n", "S").record("a").doubtful_passwords == ()


DEEP = """
from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._document import parse
try:
    parse("smtp_accounts: " + "[" * 100000, "S")
except StoreError as error:
    print(error)
"""


@pytest.mark.xfail(strict=True, reason="the C loader recurses without a bound: a segmentation fault")
def test_deep_nesting() -> None:
    """Catches: a file that crashes the interpreter."""
    path = ":".join(filter(None, sys.path))
    run = [sys.executable, "-c", DEEP]
    ended = subprocess.run(run, env={"PYTHONPATH": path}, capture_output=True, text=True, timeout=120, check=False)
    assert ended.stdout.startswith("S is not"), (ended.returncode, ended.stderr[-500:])


NAMES = st.text("abzAZ019._@+-eExXoOnNyY~", min_size=1, max_size=12) | st.sampled_from(
    [
        "123",
        "0x1F",
        "0o17",
        "017",
        "1e5",
        "1.5",
        "1_000",
        "null",
        "Null",
        "yes",
        "No",
        "on",
        "true",
        ".inf",
        "-",
        "~",
        "2026-11-23",
        "user@example.com",
        "1.acme.smtp",
        "@x",
        "-x",
        "+1",
        "_",
        "=",
        "1:2",
        "a b",
        'q"uo\\te',
        "é",
        "a: b",
    ]
)


@QUIET
@given(st.lists(NAMES, min_size=1, max_size=4, unique=True))
def test_any_account_is_written_so_that_it_is_read_back(names: list[str]) -> None:
    """Catches: an account such as 123 or null that Ansible reads as a number or as nothing."""
    text = rendered(parse("", "S"), dict.fromkeys(names, STAGED))
    assert list(parse(text, "S").entries) == list(seen(text)["smtp_accounts"]) == names
    assert rendered(parse(text, "S"), dict.fromkeys(names, Record())) == HEADER + "smtp_accounts: {}\n"


MOMENTS = st.none() | st.integers(0, 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds))
SECRETS = st.none() | st.sampled_from([OLD, NEW])
RECORDS = st.builds(
    Record,
    password=SECRETS,
    previous_password=SECRETS,
    staged_password=SECRETS,
    doubtful_passwords=st.lists(st.sampled_from([OLD, NEW]), max_size=2).map(tuple),
    changed_at=MOMENTS,
    effective_at=MOMENTS,
    verified_at=MOMENTS,
    staged_at=MOMENTS,
)
STEPS = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c", "new"]), RECORDS, max_size=3), max_size=5)
FRAME = (
    "# 1\nbefore: 1\nsmtp_accounts:  # 2\n  keeps:\n    owner: x\n    # 3\n" + account("b") + "  # 4\nafter: 1\n# 5\n"
)


@QUIET
@given(st.sampled_from([FRAME, FRAME.replace("\n", "\r\n"), ""]), STEPS)
def test_any_edits_say_what_was_asked_and_leave_the_rest(text: str, steps: list[dict[str, Record]]) -> None:
    """Catches: a sequence of edits after which the text and the records differ, or a line of the user's is gone."""
    users = [line for line in text.splitlines() if "#" in line or "fter" in line or "efore" in line or "owner" in line]
    known = {name: entry.record for name, entry in parse(text, "S").entries.items()}
    for changes in steps:
        text = rendered(parse(text, "S"), changes) if changes else text
        known = {name: record for name, record in {**known, **changes}.items() if record != Record() or name == "keeps"}
        assert {name: entry.record for name, entry in parse(text, "S").entries.items()} == known
        seen(text)
    assert [line for line in text.splitlines() if line in users] == users
