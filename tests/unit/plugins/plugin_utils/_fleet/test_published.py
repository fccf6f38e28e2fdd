# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.published import (
    DONE,
    FAILED,
    WAITS,
    failures,
    gives_up,
    merged,
    noted,
    table,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Record

GOOD, BAD = noted("a", "prod", DONE), noted("b", "prod", FAILED, "it is down.")


def test_table() -> None:
    """Catches: an account or a target that nobody is told of; a reason that is left out."""
    own = Record(publications=[GOOD, BAD, noted("c", "prod", WAITS, "after its test")])
    assert table(own, everything=False) == [
        "ACCOUNT  PUBLISHED TO  RESULT",
        "a        prod          published",
        "b        prod          failed",
        "c        prod          not yet, after its test",
    ]
    assert table(Record(), everything=False) == []


def test_table_of_many() -> None:
    """Catches: a thousand lines that hide the two that matter."""
    own = Record(publications=[noted(str(number), "prod", DONE) for number in range(30)] + [BAD])
    assert table(own, everything=False) == [
        "31 publications: 30 published, 1 failed. -v shows all.",
        "ACCOUNT  PUBLISHED TO  RESULT",
        "b        prod          failed",
    ]
    assert len(table(own, everything=True)) == 32


def test_failures() -> None:
    """Catches: a failure of which the user does not learn what is in force and what comes next."""
    assert list(failures(Record(publications=[GOOD, BAD]))) == [
        "The password of b was not published to prod: it is down. The store has it, and the next run publishes it."
    ]
    many = [noted(str(number), "prod", FAILED, "down") for number in range(12)]
    assert [*failures(Record(publications=many))][10:] == [
        "2 more passwords were not published; run with -v to see all of them."
    ]


def test_last_result_counts() -> None:
    """Catches: a failure that is told although a later attempt of the same run succeeded."""
    assert merged([BAD, GOOD], [noted("b", "prod", DONE)]) == [noted("b", "prod", DONE), GOOD]


def test_target_that_is_given_up() -> None:
    """Catches: a thousand attempts at a server that is down; a target that is given up for another one."""
    assert not gives_up([BAD, BAD, GOOD, BAD], "prod")
    assert gives_up([GOOD, BAD, noted("b", "other", DONE), BAD, BAD], "prod")
    assert not gives_up([BAD, BAD, BAD], "other")
