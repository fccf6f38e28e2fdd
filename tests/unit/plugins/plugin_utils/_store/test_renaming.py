# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import Document, parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.edit import edited
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.renaming import pending, renamed
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NOW, OLD, STAGED, account

PAIR = Sender(in_use="a", at_rest="b", switched_at=NOW)
STORE = edited(parse("", "S"), {"a": STAGED, "b": Record(password=OLD), "c": Record()}, "S", senders={"news": PAIR})


@pytest.mark.parametrize(
    ("names", "left"),
    [({}, {}), ({"a": "x"}, {"a": "x"}), ({"x": "a"}, {}), ({"a": "x", "y": "b"}, {"a": "x"})],
)
def test_pending(names: dict[str, str], left: dict[str, str]) -> None:
    """Catches: a second run that fails, an account that is staged and can therefore never be renamed."""
    assert pending(STORE, names, "S") == left


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"a": "b"}, "renamed: S has both a and b; remove one of them first"),
        ({"a": "a"}, "renamed: S has both a and a; remove one of them first"),
        ({"a": "b", "b": "z"}, "renamed: S has both a and b; remove one of them first"),
        ({"y": "z"}, "renamed: S has no account y"),
    ],
)
def test_refusals(names: dict[str, str], message: str) -> None:
    """Catches: an account that replaces another one, a misspelt name that changes nothing and is not noticed."""
    with pytest.raises(InputError) as caught:
        pending(STORE, names, "S")
    assert str(caught.value) == message


def test_both_in_a_sender() -> None:
    """Catches: a sender with one account twice."""
    without = edited(STORE, {"b": None}, "S")
    with pytest.raises(InputError, match="renamed: a and b both belong to a sender in S; remove one of them first"):
        pending(without, {"a": "b"}, "S")


def test_everything_stays_but_the_name() -> None:
    """Catches: a history that is lost, a sender that still has the old name, another order."""
    after = renamed(STORE, {"a": "x: y", "b": "null"}, "S")
    assert after.record("x: y") == STAGED and after.record("null") == Record(password=OLD)
    assert after.senders == {"news": replace(PAIR, in_use="x: y", at_rest="null")}
    assert list(after.entries) == ["x: y", "null"]
    back = renamed(after, {"x: y": "a", "null": "b"}, "S")
    assert back.text == STORE.text


@pytest.mark.parametrize("key", ["a b", "'a b'", '"a b"', '"a b" ', "a b  "])
def test_forms_of_a_name(key: str) -> None:
    """Catches: a name in quotes that is not found, a comment that goes."""
    text = "# ours\nsmtp_accounts:\n" + account(key).replace(":\n", ":  # the first\n", 1) + "other: 1\n"
    after = renamed(parse(text, "S"), {"a b": "c"}, "S")
    assert after.text == text.replace(key.rstrip(), "c", 1)


@pytest.mark.parametrize("text", ["smtp_accounts:\n  ? a\n  : changed_at: '2026-11-23T13:00:00Z'\n"])
def test_form_that_is_refused(text: str) -> None:
    """Catches: a store that is damaged because YAML allows what nobody writes."""
    with pytest.raises(StoreError, match="S uses YAML syntax that cannot be edited safely"):
        renamed(parse(text, "S"), {"a": "b"}, "S")


def test_flow_style_keeps_its_form() -> None:
    """Catches: an entry in one line that cannot be renamed."""
    text = "smtp_accounts:\n  a: {changed_at: '2026-11-23T13:00:00Z'}\n"
    document: Document = renamed(parse(text, "S"), {"a": "b"}, "S")
    assert document.text == text.replace("  a:", "  b:")
