# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.advice import Step, Wish, advise, unfinished
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NOW

DAY = timedelta(days=1)
WINDOW = timedelta(minutes=15)
DUE, ALWAYS, NEVER, AGELESS = (
    Wish("when_due", 90 * DAY),
    Wish("always", None),
    Wish("never", None),
    Wish("when_due", None),
)
PAIR = Sender(in_use="a", at_rest="b", switched_at=NOW - 10 * DAY)
LEAVING = Sender(in_use="a", leaving="b", switched_at=NOW)


def changed(ago: timedelta, *, tested: bool = True) -> Record:
    at = NOW - ago
    return Record("x", changed_at=at, effective_at=at + WINDOW, verified_at=at + WINDOW if tested else None)


FRESH, OLD = changed(DAY), changed(100 * DAY)
WAITING, UNTESTED, READY = changed(WINDOW / 3, tested=False), changed(DAY, tested=False), changed(DAY)
STAGED = replace(OLD, staged_password="y", staged_at=NOW)
DOUBT = replace(FRESH, staged_at=NOW, doubtful_passwords=("z",))
WHEN = "2026-11-23T13:10:00Z"
TABLE = {
    "fresh": (PAIR, FRESH, OLD, DUE, "nothing", None, "a (in use) is due at 2027-02-20T13:00:00Z"),
    "due": (
        PAIR,
        OLD,
        OLD,
        DUE,
        "rotate",
        "b",
        "a (in use) was due at 2026-11-13T13:00:00Z: b (at rest) needs a new password",
    ),
    "due at this second": (
        PAIR,
        changed(90 * DAY),
        OLD,
        DUE,
        "rotate",
        "b",
        "a (in use) was due at 2026-11-23T13:00:00Z: b (at rest) needs a new password",
    ),
    "always": (PAIR, FRESH, OLD, ALWAYS, "rotate", "b", "rotate is always: b (at rest) needs a new password"),
    "never": (PAIR, Record(), OLD, NEVER, "nothing", None, "rotate is never"),
    "no age": (PAIR, OLD, OLD, AGELESS, "nothing", None, "a password is stored for a (in use), and max_age is not set"),
    "none stored": (
        PAIR,
        Record(),
        Record(),
        AGELESS,
        "rotate",
        "b",
        "no password is stored for a (in use): b (at rest) needs a new password",
    ),
    "age unknown": (
        PAIR,
        Record("x"),
        OLD,
        DUE,
        "rotate",
        "b",
        "the password of a (in use) has no changed_at, so its age is unknown: b (at rest) needs a new password",
    ),
    "in doubt": (
        PAIR,
        DOUBT,
        OLD,
        DUE,
        "rotate",
        "b",
        "a refused password of a (in use) may still be in force: b (at rest) needs a new password",
    ),
    "in use waits": (
        PAIR,
        WAITING,
        OLD,
        ALWAYS,
        "nothing",
        None,
        f"rotate is always, but the change waits until {WHEN}: a (in use) was changed too, and the two accounts never "
        f"change in the same window",
    ),
    "in use waits and is not due": (
        PAIR,
        WAITING,
        OLD,
        DUE,
        "nothing",
        None,
        "a (in use) is due at 2027-02-21T12:55:00Z",
    ),
    "staged": (
        PAIR,
        OLD,
        STAGED,
        NEVER,
        "finish",
        "b",
        "b (at rest): a password is staged and may have reached the provider: send it again",
    ),
    "waiting": (
        PAIR,
        OLD,
        WAITING,
        NEVER,
        "finish",
        "b",
        f"b (at rest): its new password takes effect at {WHEN}: wait until then and test it",
    ),
    "untested": (
        PAIR,
        OLD,
        UNTESTED,
        NEVER,
        "finish",
        "b",
        "b (at rest): its password has not been tested: test it",
    ),
    "ready": (PAIR, OLD, READY, NEVER, "switch", "b", "b has a verified new password: deploy it"),
    "ready, always": (PAIR, FRESH, READY, ALWAYS, "switch", "b", "b has a verified new password: deploy it"),
    "changed before the switch": (
        PAIR,
        FRESH,
        changed(11 * DAY, tested=False),
        DUE,
        "nothing",
        None,
        "a (in use) is due at 2027-02-20T13:00:00Z",
    ),
    "at rest in doubt, due": (
        PAIR,
        OLD,
        DOUBT,
        DUE,
        "rotate",
        "b",
        "a (in use) was due at 2026-11-13T13:00:00Z: b (at rest) needs a new password",
    ),
    "at rest in doubt, not due": (
        PAIR,
        FRESH,
        DOUBT,
        DUE,
        "nothing",
        None,
        "a (in use) is due at 2027-02-20T13:00:00Z",
    ),
    "in use staged": (
        PAIR,
        STAGED,
        OLD,
        ALWAYS,
        "finish",
        "a",
        "a (in use): a password is staged and may have reached the provider: send it again; then deploy it again",
    ),
    "both staged": (
        PAIR,
        STAGED,
        STAGED,
        ALWAYS,
        "finish",
        "b",
        "b (at rest): a password is staged and may have reached the provider: send it again",
    ),
    "in use staged, the other one ready": (
        PAIR,
        STAGED,
        READY,
        DUE,
        "switch",
        "b",
        "b has a verified new password: deploy it",
    ),
    "leaving": (
        LEAVING,
        OLD,
        STAGED,
        ALWAYS,
        "settle",
        "a",
        "a is in use, but a host may still use b: deploy and test a on every host, then record it with state=settled",
    ),
}


@pytest.mark.parametrize(
    ("pair", "used", "rest", "wish", "step", "account", "reason"), TABLE.values(), ids=TABLE.keys()
)
def test_advice(
    pair: Sender, used: Record, rest: Record, wish: Wish, step: str, account: str | None, reason: str
) -> None:
    """Catches: a step out of its turn, one about the wrong account, a reason that is not the reason."""
    told = advise(pair, used, rest, wish, NOW)
    assert (told.step.value, told.account, told.reason) == (step, account, reason)


def test_every_step_is_told() -> None:
    """Catches: a step that nothing leads to."""
    assert {row[4] for row in TABLE.values()} == {step.value for step in Step}


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (Record(), "no password is stored"),
        (DOUBT, "a refused password may still be in force: set a new one"),
        (Record("x"), "its password has not been tested: test it"),
        (FRESH, None),
    ],
)
def test_unfinished(record: Record, words: str | None) -> None:
    """Catches: an account that is relied on although it may not work."""
    assert unfinished(record, NOW) == words
