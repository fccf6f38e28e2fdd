# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.pairs import check_changes, not_at_rest, paired
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NOW

DAY = timedelta(days=1)
PAIR = Sender(in_use="a", at_rest="b", switched_at=NOW - DAY)
LEAVING = Sender(in_use="a", leaving="b", switched_at=NOW - DAY)
GOOD = Record("x", changed_at=NOW - 2 * DAY, effective_at=NOW - 2 * DAY, verified_at=NOW - 2 * DAY)
WAITING = replace(GOOD, changed_at=NOW, effective_at=NOW + timedelta(minutes=15), verified_at=None)
STAGED = replace(GOOD, staged_password="y", staged_at=NOW)
DOUBT = replace(GOOD, changed_at=NOW, staged_at=NOW, doubtful_passwords=("z",))


def refusal(pair: Sender, records: dict[str, Record], *, new: str = "", again: str = "") -> str | None:
    """Return why a task on some accounts, one letter each, is refused; None if it is not."""
    known = {"a": GOOD, "b": GOOD, **records}
    try:
        check_changes({"s": pair}, lambda name: known.get(name, Record()), new=set(new), again=set(again), now=NOW)
    except InputError as error:
        return str(error)
    return None


BOTH = (
    "a and b are the two accounts of sender 's', and only one may change at a time; change b first, and the other one "
    "once the hosts use b"
)
SETTLE = (
    ": its sender 's' was switched to a, but a host may still use b; deploy and test a on every host, record that "
    "with smtp_sender (state=settled), and run again"
)
WINDOW = (
    "{}: {}, the other account of its sender 's', was changed and takes effect at 2026-11-23T13:15:00Z; run again "
    "after that"
)
PARTNER = (
    "{}: {}, the other account of its sender 's', has a staged password that may be in force; run with {} first to "
    "send it again"
)
TABLE = {
    "nothing": (PAIR, {"a": WAITING, "b": STAGED}, "", "", None),
    "others": (PAIR, {"a": WAITING, "b": STAGED}, "cd", "e", None),
    "at rest": (PAIR, {}, "b", "", None),
    "in use, in place": (PAIR, {}, "a", "", None),
    "both new": (PAIR, {}, "ab", "", BOTH),
    "both again": (PAIR, {"a": STAGED, "b": STAGED}, "", "ab", BOTH),
    "one new, one again": (PAIR, {"a": STAGED}, "b", "a", BOTH),
    "window of the one in use": (PAIR, {"a": WAITING}, "b", "", WINDOW.format("b", "a")),
    "window of the one at rest": (PAIR, {"b": WAITING}, "a", "", WINDOW.format("a", "b")),
    "own window": (PAIR, {"b": WAITING}, "b", "", None),
    "again in the partner's window": (PAIR, {"a": WAITING, "b": STAGED}, "", "b", WINDOW.format("b", "a")),
    "in use is staged": (PAIR, {"a": STAGED}, "b", "", PARTNER.format("b", "a", "a")),
    "at rest is staged": (PAIR, {"b": STAGED}, "a", "", PARTNER.format("a", "b", "b")),
    "again, and the partner is staged too": (PAIR, {"a": STAGED, "b": STAGED}, "", "a", None),
    "another one given, and the partner is not staged": (PAIR, {"b": STAGED}, "b", "", None),
    "leaving": (LEAVING, {}, "b", "", "b" + SETTLE),
    "leaving, again": (LEAVING, {"b": STAGED}, "", "b", "b" + SETTLE),
    "in use, while the other one leaves": (LEAVING, {}, "a", "", "a" + SETTLE),
    "in use again, while the other one leaves": (LEAVING, {"a": STAGED}, "", "a", None),
}


@pytest.mark.parametrize(("pair", "records", "new", "again", "message"), TABLE.values(), ids=TABLE.keys())
def test_pair_rule(pair: Sender, records: dict[str, Record], new: str, again: str, message: str | None) -> None:
    """Catches: a sender without an account that works, a task that is refused without need or without a way out."""
    assert refusal(pair, records, new=new, again=again) == message


def test_only_at_rest() -> None:
    """Catches: a second run that sets a second password, or one for the account that is in use by now."""
    records = {"b": GOOD, "d": replace(GOOD, changed_at=NOW), "f": STAGED, "h": DOUBT}
    pairs = {"s": PAIR, "u": replace(LEAVING, in_use="j", leaving="k")}
    pairs |= {at: Sender(f"in {at}", at, None, NOW - DAY) for at in "dfh"}
    assert not_at_rest(pairs, lambda name: records.get(name, Record()), ["a", "b", "d", "f", "h", "j", "k", "z"]) == {
        "a": "it is not at rest but in use",
        "d": "another run has already changed it for the next switch",
        "f": "another run has already changed it for the next switch",
        "j": "it is not at rest but in use",
        "k": "it is not at rest but leaving",
        "z": "it belongs to no sender in the store",
    }


def test_known_senders_keep_their_roles_and_unknown_ones_are_adopted() -> None:
    """Catches: roles exchanged by the order in which a play names the accounts."""
    found = paired({"s": ["b", "a"], "new": ["c", "d"]}, {"s": PAIR}, lambda _name: Record(), NOW)
    assert found == {"s": PAIR, "new": Sender("c", "d", None, NOW)}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (
            {"s": ["a", "c"]},
            "senders: 's' has the accounts a and c, but the store has a (in use) and b; list those, or remove the "
            "sender with state=absent to add it anew",
        ),
        (
            {"t": ["c", "b"]},
            "senders: b of 't' belongs to the sender 's' in the store; give each sender its own accounts",
        ),
    ],
)
def test_contradictions(wanted: dict[str, list[str]], message: str) -> None:
    """Catches: an account that two senders share, so that one switch breaks the other sender."""
    with pytest.raises(InputError) as caught:
        paired(wanted, {"s": PAIR}, lambda _name: Record(), NOW)
    assert str(caught.value) == message
