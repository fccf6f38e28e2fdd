# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import sender as sender_records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import HEADER, parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NOW, ONE, STAGED, account, rendered, seen

NEWS = Sender(in_use="1.acme.smtp", at_rest="2.acme.smtp", switched_at=NOW)
WRITTEN = """\
smtp_senders:
  newsletter:
    in_use: 1.acme.smtp
    at_rest: 2.acme.smtp
    switched_at: "2026-11-23T13:00:00Z"
"""


def with_sender(text: str, pair: Sender = NEWS, name: str = "newsletter") -> str:
    return rendered(parse(text, "S"), {}, "S", senders={name: pair})


PLACES = {
    "nothing": ("", HEADER + WRITTEN),
    "accounts": (ONE, ONE + WRITTEN),
    "comment of the accounts": (ONE + "  # 1\n", ONE + "  # 1\n" + WRITTEN),
    "comment below": (ONE + "# 1\n", ONE + WRITTEN + "# 1\n"),
    "key below": ("a: 1\n" + ONE + "b: 1\n", "a: 1\n" + ONE + WRITTEN + "b: 1\n"),
    "end of the document": (ONE + "...\n", ONE + WRITTEN + "...\n"),
    "no accounts": ("smtp_accounts: {}  # 1\nb: 1\n", "smtp_accounts: {}  # 1\n" + WRITTEN + "b: 1\n"),
    "accounts in braces": ("smtp_accounts: {a: {}}\n", "smtp_accounts: {a: {}}\n" + WRITTEN),
    "no end of the line": (ONE[:-1], ONE + WRITTEN),
    "empty senders": (ONE + "smtp_senders: {}  # 1\n", ONE + WRITTEN.replace(":", ":  # 1", 1)),
    "null senders": ("smtp_senders:\n" + ONE, WRITTEN + ONE),
    "sender without fields": ("smtp_senders:\n  newsletter: ~  # 1\n", WRITTEN.replace("letter:", "letter:  # 1")),
    "sender with a field of the user's": (
        "smtp_senders:\n  newsletter:\n    owner: ops\n",
        WRITTEN.replace("newsletter:\n", "newsletter:\n    owner: ops\n"),
    ),
    "another sender": (
        WRITTEN.replace("newsletter", "'a'").replace("acme", "b") + "x: 1\n",
        WRITTEN.replace("newsletter", "'a'").replace("acme", "b") + WRITTEN.split("\n", 1)[1] + "x: 1\n",
    ),
    "four columns": (
        "smtp_senders:\n    a:\n        in_use: a\n        at_rest: b\n        switched_at: 2026-01-01T00:00:00Z\n",
        "smtp_senders:\n    a:\n        in_use: a\n        at_rest: b\n        switched_at: 2026-01-01T00:00:00Z\n"
        '    newsletter:\n        in_use: 1.acme.smtp\n        at_rest: 2.acme.smtp\n        switched_at: "2026-11-23T'
        '13:00:00Z"\n',
    ),
}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize(("text", "after"), PLACES.values(), ids=PLACES.keys())
def test_new_sender(text: str, after: str, ends: str) -> None:
    """Catches: senders put where they belong to something else, or a comment or key of the user's gone."""
    if text:
        assert with_sender(text.replace("\n", ends)) == after.replace("\n", ends if "\n" in text else "\n")
    else:
        assert with_sender(text) == after
    assert parse(after, "S").senders["newsletter"] == NEWS


def test_switch_and_settle_change_the_lines_of_one_sender() -> None:
    """Catches: noise in git, and a comment or another sender harmed by a switch."""
    other = WRITTEN.split("\n", 1)[1].replace("newsletter", "z").replace("acme", "b")
    text = ONE + WRITTEN.replace("1.acme.smtp\n", "1.acme.smtp  # 1\n    # 2\n    owner: x\n") + "  # 3\n" + other
    switched = sender_records.switched(NEWS, Record(), NOW + timedelta(minutes=1))
    after = with_sender(text, switched)
    assert after == (
        f"{ONE}smtp_senders:\n  newsletter:\n    in_use: 2.acme.smtp  # 1\n    # 2\n    owner: x\n"
        f'    leaving: 1.acme.smtp\n    switched_at: "2026-11-23T13:01:00Z"\n  # 3\n{other}'
    )
    settled = with_sender(after, sender_records.settled(switched))
    assert settled == after.replace("leaving:", "at_rest:")
    assert with_sender(settled, NEWS).replace("    at_rest", "    at_rest") == text


def test_template_finds_the_password_of_the_account_in_use() -> None:
    """Catches: a name in smtp_senders that is not the account's name in smtp_accounts, such as a number."""
    for name in ("123", "null", "1.acme.smtp", "é"):
        text = rendered(parse("", "S"), {name: STAGED}, senders={"s": Sender(name, "x", None, NOW)})
        store = seen(text)
        assert store["smtp_accounts"][store["smtp_senders"]["s"]["in_use"]]["staged_at"] == "2026-11-23T13:00:00Z"


def test_accounts_and_senders_in_one_edit() -> None:
    """Catches: line numbers that the edits of one section make wrong for the other one."""
    text = "smtp_accounts:\n" + account("a") + WRITTEN + "x: 1\n"
    pair = sender_records.switched(NEWS, Record(), NOW)
    after = rendered(parse(text, "S"), {"a": STAGED, "b": STAGED}, senders={"newsletter": pair, "new": NEWS_TOO})
    assert parse(after, "S").senders == {"newsletter": pair, "new": NEWS_TOO}
    assert parse(after, "S").record("b") == STAGED == parse(after, "S").record("a")
    assert after.endswith("x: 1\n")


NEWS_TOO = Sender(in_use="c", leaving="d", switched_at=NOW)


def test_account_is_added_to_a_store_that_has_only_senders() -> None:
    """Catches: a store of senders that is refused as not ours, or an account that is put among the senders."""
    after = rendered(parse(WRITTEN, "S"), {"a": STAGED})
    assert list(seen(after)) == ["smtp_senders", "smtp_accounts"] and parse(after, "S").record("a") == STAGED
    assert rendered(parse(after, "S"), {"a": Record()}) == WRITTEN + "smtp_accounts: {}\n"


def test_all_senders_taken_out() -> None:
    """Catches: a key without a value, or lines of a removed sender left."""
    assert with_sender(ONE + WRITTEN + "x: 1\n", Sender()) == ONE + "smtp_senders: {}\nx: 1\n"


WHOLE = "must have switched_at and two accounts: one in_use, the other at_rest or leaving"
BAD = {
    "list": ("smtp_senders: [a]\n", "S: smtp_senders must map each sender to a record"),
    "text": (
        "smtp_senders:\n  a: b\n",
        "S: smtp_senders['a'] must be a mapping with fields such as in_use and at_rest",
    ),
    "list of accounts": (
        "smtp_senders:\n  a: [b, c]\n",
        "S: smtp_senders['a'] must be a mapping with fields such as in_use and at_rest",
    ),
    "mapping as a sender": ("smtp_senders:\n  {a: b}: c\n", "S: a key of smtp_senders is not the name of a sender"),
    "twice": (
        WRITTEN + WRITTEN.split("\n", 1)[1],
        "S: smtp_senders['newsletter'] is defined twice; remove one of them",
    ),
    "section twice": (WRITTEN + WRITTEN, "S: smtp_senders is defined twice; remove one of them"),
    "no date": (WRITTEN.split("    switched_at", 1)[0], f"S: smtp_senders['newsletter'] {WHOLE}"),
    "one account": (WRITTEN.replace("at_rest", "rest"), f"S: smtp_senders['newsletter'] {WHOLE}"),
    "the same twice": (WRITTEN.replace("2.acme", "1.acme"), f"S: smtp_senders['newsletter'] {WHOLE}"),
    "three": (WRITTEN + "    leaving: c\n", f"S: smtp_senders['newsletter'] {WHOLE}"),
    "none in use": (WRITTEN.replace("in_use", "leaving"), f"S: smtp_senders['newsletter'] {WHOLE}"),
    "role as list": (
        WRITTEN.replace("1.acme.smtp", "[a]"),
        "S: smtp_senders['newsletter'].in_use must be a single value",
    ),
    "bad date": (
        WRITTEN.replace('"2026-11-23T13:00:00Z"', "soon"),
        "S: smtp_senders['newsletter'].switched_at: 'soon' is not a date such as 2026-01-31T12:00:00Z",
    ),
    "account of two": (
        WRITTEN + WRITTEN.split("\n", 1)[1].replace("newsletter", "b").replace("1.acme", "3.acme"),
        "S: 2.acme.smtp belongs to two senders in smtp_senders, 'newsletter' and 'b'; give each sender its own "
        "accounts",
    ),
    "in braces": ("{smtp_senders: {}}\n", "S uses YAML flow style ({…}); write one key per line"),
    "alias": (
        WRITTEN.replace("1.acme", "&a 1.acme"),
        "S uses YAML anchors or aliases, which cannot be edited safely; write the values out",
    ),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD.keys())
def test_bad_senders_are_refused(text: str, message: str) -> None:
    """Catches: roles that are not clear and are guessed, or a message that names no place."""
    with pytest.raises(StoreError) as caught:
        parse(text, "S")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "smtp_senders:\n  newsletter: {in_use: a, at_rest: b, switched_at: '2026-01-01T00:00:00Z'}\n",
            "smtp_senders['newsletter'] uses YAML flow style ({…}); write one field per line",
        ),
        (
            "smtp_senders: {a: {in_use: a, at_rest: b, switched_at: '2026-01-01T00:00:00Z'}}\n",
            "smtp_senders uses YAML flow style ({…}); write one field per line",
        ),
        (
            "smtp_senders:\n  newsletter:\n    ~\n",
            "S uses YAML syntax that cannot be edited safely; write it as in the README, one field per line",
        ),
    ],
)
def test_sender_that_cannot_be_edited_by_lines_is_refused(text: str, message: str) -> None:
    """Catches: a store that is invalid after a switch, or says something else."""
    with pytest.raises(StoreError) as caught:
        with_sender(text)
    assert str(caught.value) == message


def test_senders_in_braces_do_not_hinder_the_accounts() -> None:
    """Catches: a rotation that fails because of how somebody wrote the senders."""
    text = ONE + "smtp_senders: {a: {in_use: a, at_rest: b, switched_at: '2026-01-01T00:00:00Z'}}\n"
    assert parse(rendered(parse(text, "S"), {"b": STAGED}), "S").record("b") == STAGED
