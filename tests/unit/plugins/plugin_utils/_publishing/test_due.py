# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.due import Rules, due, lacking, waiting
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.targets import Target, targets_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Login
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.publication import mark, with_note
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NEW, NOW, OLD

MINUTE = timedelta(minutes=1)
LOGIN = Login("a", "h", "25")
# In the order of a life.
FIRST = Record(staged_password=NEW, staged_at=NOW)
STAGED = Record(password=OLD, changed_at=NOW - 9 * MINUTE, verified_at=NOW, staged_password=NEW, staged_at=NOW)
OPEN = Record(password=NEW, changed_at=NOW - 9 * MINUTE, effective_at=NOW + 6 * MINUTE)
OVER = Record(password=NEW, changed_at=NOW - 19 * MINUTE, effective_at=NOW - 4 * MINUTE)
TESTED = replace(OVER, verified_at=NOW)
BY_HAND = Record(password=NEW)
DOUBT = replace(TESTED, doubtful_passwords=(OLD,), staged_at=NOW)


def target(**more: Any) -> Target:
    return targets_of([{"kind": "aws_ssm", "path": "/{account}", **more}])[0]


def given(one: Target, record: Record, **rules: Any) -> str | None:
    """Return what a target gets of a record."""
    found = list(due([one], [LOGIN], {"a": record}, NOW, Rules(**{"moment": "verified", "tests": True, **rules})))
    return found[0].ciphertext if found else None


@pytest.mark.parametrize(
    ("record", "verified", "accepted", "staged"),
    [
        (Record(), None, None, None),
        (FIRST, None, None, NEW),
        (STAGED, None, OLD, NEW),
        (OPEN, None, NEW, NEW),
        (OVER, None, NEW, NEW),
        (TESTED, NEW, NEW, NEW),
        (BY_HAND, NEW, NEW, NEW),
        (DOUBT, None, NEW, NEW),
    ],
)
def test_when_a_target_gets_a_password(
    record: Record, verified: str | None, accepted: str | None, staged: str | None
) -> None:
    """Catches: a reader that logs in inside the window, or with a password that nobody has tested."""
    assert given(target(), record) == verified
    assert given(target(publish_when="accepted"), record) == accepted
    assert given(target(publish_when="staged"), record) == staged


def test_without_a_test() -> None:
    """Catches: a target that waits for a test which is never made; one that does not wait for the window."""
    assert given(target(), OVER, tests=False) == NEW
    assert given(target(), OPEN, tests=False) is None


def test_moment_of_the_run() -> None:
    """Catches: an old value that is published just before the new one, because the run looks at all targets early."""
    found = {
        (moment, when): given(target(publish_when=when), TESTED, moment=moment)
        for moment in ("staged", "accepted", "verified")
        for when in ("staged", "accepted", "verified")
    }
    early = {("staged", "accepted"), ("staged", "verified"), ("accepted", "verified")}
    assert {key for key, value in found.items() if value is None} == early


def test_account_in_use_of_a_sender() -> None:
    """Catches: with two accounts of a sender, one in use that waits for a test which it had before the switch."""
    assert given(target(), OVER, pairs=True) == NEW
    assert given(target(), Record(), pairs=True) is None


def test_what_it_has_is_not_published_again() -> None:
    """Catches: a new version in every run; a target that is believed when it should not be."""
    one = target()
    notes = with_note((), "aws_ssm", mark(NEW, one.shape(LOGIN)), NOW)
    assert given(one, replace(TESTED, published=notes)) is None
    assert given(one, replace(TESTED, published=notes), again=True) == NEW
    assert given(target(path="/x/{account}"), replace(TESTED, published=notes)) == NEW
    assert given(target(path={"b": "/x"}), TESTED) is None


def test_what_is_told_of_those_that_wait() -> None:
    """Catches: a target that is not in the summary although it has an older password."""
    rules, targets = Rules("verified", tests=True), [target(), target(name="early", publish_when="accepted")]
    assert waiting(targets, LOGIN, OPEN, NOW, rules) == [("aws_ssm", "after the window")]
    assert waiting(targets, LOGIN, OVER, NOW, rules) == [("aws_ssm", "after its test")]
    assert waiting(targets, LOGIN, TESTED, NOW, rules) == waiting(targets, LOGIN, Record(), NOW, rules) == []
    notes = with_note((), "aws_ssm", mark(NEW, targets[0].shape(LOGIN)), NOW)
    assert waiting(targets, LOGIN, replace(OVER, published=notes), NOW, rules) == []


def test_target_that_lacks_the_stored_password() -> None:
    """Catches: an old credential deleted while a reader has it, as the new one is not published yet for some reason."""
    every = [target(), target(name="b", path="/b/{account}")]
    has = TESTED
    for one in every:
        assert lacking(every, LOGIN, has)
        has = replace(has, published=with_note(has.published, one.name, mark(NEW, one.shape(LOGIN)), NOW))
    assert not lacking(every, LOGIN, has)
    assert lacking(every, LOGIN, DOUBT) and not lacking(every, LOGIN, Record())
