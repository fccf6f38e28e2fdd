# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for any names and any edits. Hypothesis draws others each time, and prints what repeats a failure."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.module_utils._text import has_control
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.canonical import parts_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import HEADER, _parsed_by_yaml, parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NEW, NOW, OLD, STAGED, account, rendered, seen

QUIET = settings(database=None, deadline=None, print_blob=True)
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


ANYTHING = (
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
    | st.text("aé\"\\ :#{}[]!&*|>%@`',?-=/~\U0001f4ee\u00a0\ufeff\u202e", min_size=1, max_size=8)
    | st.sampled_from(["ü" * 320, '"' * 320, "\\" * 320, "<<", "a: b # c", "- a", "? a", "!vault x", "\\u0041"])
)


@QUIET
@given(st.lists(ANYTHING, min_size=2, max_size=4, unique=True))
def test_any_text_is_a_name(names: list[str]) -> None:
    """Catches: a name that YAML or Ansible reads as another one, and two readers of the store that do not agree."""
    pair = Sender(in_use=names[0], at_rest=names[1], switched_at=NOW)
    text = rendered(parse("", "S"), dict.fromkeys(names, STAGED), senders={names[0]: pair})
    assert list(seen(text)["smtp_accounts"]) == names
    assert seen(text)["smtp_senders"][names[0]]["in_use"] == names[0]
    assert parts_of(text) == _parsed_by_yaml(text, "S").parts
    assert list(parse(text, "S").entries) == names and parse(text, "S").senders == {names[0]: pair}
    again = rendered(parse(text, "S"), {names[1]: Record(password=OLD)})
    assert parse(again, "S").record(names[1]) == Record(password=OLD)
    assert list(seen(again)["smtp_accounts"]) == names


def test_a_name_that_nobody_can_see_is_shown() -> None:
    """Catches: two accounts that look alike in a review, because one has a character without width or a direction."""
    text = rendered(parse("", "S"), dict.fromkeys(["a\u200bb", "a\u202eb", "a\u00a0b", "zażółć", "\U000e0041"], STAGED))
    keys = [line.strip() for line in text.splitlines() if line.startswith('  "')]
    assert keys == ['"a\\u200bb":', '"a\\u202eb":', '"a\\u00a0b":', '"zażółć":', '"\\U000e0041":']


def test_a_name_too_long_for_a_key_is_refused() -> None:
    """Catches: a key that the fast reader takes and YAML, which is what Ansible reads with, does not."""
    with pytest.raises(StoreError):
        rendered(parse("", "S"), {"\u200b" * 320: STAGED})


LINES = (
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(lambda text: not has_control(text))
    | NAMES
    | st.sampled_from(["x" * 2000, " a", "a ", "!vault x", "<<", "12", "0x5", "a # b", "\u202e", "\ufeff"])
)
LABELS = st.integers(0, 2**48 - 1).map(lambda number: f"20261123T130000Z-{number:012x}")


@QUIET
@given(LINES)
def test_any_login_or_id_is_read_back(text: str) -> None:
    """Catches: a user name or an ID that is another one in the store, and a store that cannot be written for it."""
    record = Record(password=OLD, username=text, credential_id=text, previous_username=text, previous_id=text)
    written = rendered(parse("", "S"), {"a": record})
    assert parse(written, "S").record("a") == record
    found = seen(written)["smtp_accounts"]["a"]
    assert (found["username"], found["credential_id"]) == (text, text)
    assert parts_of(written) in (None, _parsed_by_yaml(written, "S").parts)


@pytest.mark.parametrize("escape", ["\\u0007", "\\u000a", "\\u0085", "\\u0000"])
def test_a_control_character_in_a_login_is_refused(escape: str) -> None:
    """Catches: a line break in a login that one of the two readers of the store lets through."""
    text = f'smtp_accounts:\n  a:\n    username: "a{escape}b"\n'
    with pytest.raises(StoreError, match=r"must be one line of text|is not valid YAML"):
        parse(text, "S")


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
    failed_at=MOMENTS,
    username=st.none() | LINES,
    credential_id=st.none() | LINES,
    previous_username=st.none() | LINES,
    previous_id=st.none() | LINES,
    settled_at=MOMENTS,
    requests=st.lists(LABELS, max_size=2).map(tuple),
    failure=st.none() | st.sampled_from(["connect", "auth_rejected", "null", "yes", "no"]),
    published=st.dictionaries(
        st.sampled_from(["prod", "null", "123", "yes", "a-b.c_d", "1e3"]),
        st.sampled_from(["never", "2026-11-23T13:15:10Z 3f5a9c0e1b2d-9ab0c1d2e3f4"]),
    ).map(lambda notes: tuple(sorted(notes.items()))),
)
CHANGES = st.dictionaries(st.sampled_from(["a", "b", "c", "new"]), RECORDS, max_size=3)
STEPS = st.lists(CHANGES, max_size=5)
FRAME = (
    "# 1\nbefore: 1\nsmtp_accounts:  # 2\n  keeps:\n    owner: x\n    # 3\n" + account("b") + "  # 4\nafter: 1\n# 5\n"
)


SENDER = "  s:  # 6\n    in_use: c  # 7\n    # 8\n    leaving: d\n    owner: y\n    switched_at: 2026-01-01T00:00:00Z\n"
FRAMES = [
    FRAME,
    "",
    FRAME.replace("after: 1", "smtp_senders: # 9\n" + SENDER + "after: 1"),
    "smtp_senders:\n" + SENDER + "# 10\n" + FRAME,
    FRAME + "smtp_senders: {}  # 11\n",
    "smtp_senders:\n" + SENDER + "  # 12\n# 13\nafter: 2\n",
]
FRAMES += [text.replace("\n", "\r\n") for text in FRAMES]


def pair(name: str, *, leaving: bool, number: int) -> Sender:
    """Return a sender of accounts that no other one has."""
    other = {"leaving" if leaving else "at_rest": f"{name} 2"}
    return Sender(in_use=f"{name}{number}", switched_at=NOW + timedelta(seconds=number), **other)


SENDER_STEPS = st.lists(
    st.sampled_from(["s", "t", "123", "null"]).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.just(Sender()) | st.builds(pair, st.just(name), leaving=st.booleans(), number=st.integers(0, 3)),
        )
    ),
    max_size=3,
).map(dict)


@QUIET
@given(st.sampled_from(FRAMES), st.lists(st.tuples(st.just({}) | CHANGES, SENDER_STEPS), max_size=4))
def test_any_edits_of_both_sections_say_what_was_asked_and_leave_the_rest(
    text: str, steps: list[tuple[dict[str, Record], dict[str, Sender]]]
) -> None:
    """Catches: an edit of one section that reaches into the other one, or a section that is put where it harms."""
    users = [line for line in text.splitlines() if "after" in line or "before" in line or "owner" in line]
    users += [line.strip() for line in text.splitlines() if line.strip().startswith("#")]
    known = {name: entry.record for name, entry in parse(text, "S").entries.items()}
    senders = parse(text, "S").senders
    for changes, pairs in steps:
        text = rendered(parse(text, "S"), changes, senders=pairs) if changes or pairs else text
        known = {name: record for name, record in {**known, **changes}.items() if record != Record() or name == "keeps"}
        senders = {name: sender for name, sender in {**senders, **pairs}.items() if sender != Sender()}
        after = parse(text, "S")
        assert {name: entry.record for name, entry in after.entries.items()} == known
        assert after.senders == senders
        told = (seen(text) or {}).get("smtp_senders") or {}
        assert {name: pair["in_use"] for name, pair in told.items() if "in_use" in pair} == {
            name: sender.in_use for name, sender in senders.items()
        }
    left = [line.strip() for line in text.splitlines()]
    assert all(left.count(line.strip()) == 1 for line in users if "owner: y" not in line or "s" in senders)
    assert text.count("\r\n") in (0, text.count("\n"))


@QUIET
@given(st.sampled_from(FRAMES))
def test_both_sections_are_edited_at_once(text: str) -> None:
    """Catches: line numbers that the edits of one section make wrong for the other one."""
    once = rendered(parse(text, "S"), {"b": STAGED}, senders={"t": pair("t", leaving=False, number=1)})
    first = rendered(parse(text, "S"), {"b": STAGED})
    assert parse(once, "S").record("b") == STAGED
    assert parse(rendered(parse(first, "S"), {}, senders={"t": pair("t", leaving=False, number=1)}), "S").senders == (
        parse(once, "S").senders
    )


def test_new_section_begins_after_the_new_entry_of_the_last_one() -> None:
    """Catches: a sender that lands below the accounts, since both belong on the line after the last."""
    text = rendered(parse("", "S"), {}, senders={"t": pair("t", leaving=False, number=0)})
    text = rendered(parse(text, "S"), {"a": STAGED}, senders={"s": pair("s", leaving=False, number=0)})
    assert (list(parse(text, "S").senders), list(parse(text, "S").entries)) == (["t", "s"], ["a"])


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
