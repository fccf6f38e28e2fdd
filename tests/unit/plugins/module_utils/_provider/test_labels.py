# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider import labels
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Listing, Request
from ansible_collections.mailops.smtp.plugins.module_utils._provider.labels import orphans, told
from ansible_collections.mailops.smtp.plugins.module_utils._provider.listing import Refused
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sections import REQUEST

NOW = datetime(2026, 11, 30, 12, 0, 0, tzinfo=timezone.utc)
ONE, TWO = "20261130T120000Z-0123456789ab", "20261130T130000Z-ba9876543210"
LABELLED = Listing(Request("GET", "/c"), "data", id="id", label="name")
DATED = Listing(Request("GET", "/c"), "data", id="id", created="created")


def labelled(known: Any, label: str) -> dict[str, Any]:
    return {"id": known, "name": f"made by mailops-{label}"}


def dated(known: Any, created: Any) -> dict[str, Any]:
    return {"id": known, "created": created}


def test_a_label_says_when_and_is_like_no_other() -> None:
    """Catches: two requests that are taken for one, a label that the store refuses, or that a provider cannot keep."""
    made = {labels.new_label(NOW.astimezone(timezone(timedelta(hours=5)))) for _n in range(100)}
    assert len(made) == 100
    assert all(REQUEST.fullmatch(label) and labels.requested_at(label) == NOW for label in made)
    names = [labels.named(label) for label in made]
    assert all(len(name) <= 40 and set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in names)


@pytest.mark.parametrize(
    ("items", "keep", "found"),
    [
        ([], (), {}),
        ([labelled(5, ONE.lower())], (), {"5": ONE}),
        # A provider may write a name in its own way.
        ([labelled("5", ONE), labelled("6", TWO.upper())], (), {"5": ONE, "6": TWO}),
        ([labelled(5, ONE)], ("5",), {}),
        ([labelled(5, ONE), labelled(6, ONE)], ("6",), {"5": ONE}),
        ([labelled(5, "20261130T120000Z-000000000000"), {"id": 6, "name": "by hand"}, {"id": 7}], (), {}),
        ([{"name": f"mailops-{ONE}"}], (), {}),
    ],
)
def test_orphans_by_label(items: list[Any], keep: tuple[str, ...], found: dict[str, str]) -> None:
    """Catches: a credential that nobody deletes, and one that is in use or somebody else's and is deleted."""
    assert orphans(items, LABELLED, [ONE, TWO], keep) == found


@pytest.mark.parametrize(
    "created",
    [
        "2026-11-30T12:00:30Z",
        "2026-11-30T12:00:30.1234567Z",
        "2026-11-30T13:00:30.1+01:00",
        "2026-11-30T07:00:30-0500",
        "2026-11-30 12:00:30",
        1796040030,
        1796040030.5,
        "1796040030",
        1796040030123,
        # The clocks may differ a little, and a call may have waited for its turn.
        "2026-11-30T11:58:30Z",
        "2026-11-30T12:14:30Z",
    ],
)
def test_orphans_by_time(created: Any) -> None:
    """Catches: a credential that is never found again, because its time is written in another way."""
    assert orphans([dated(5, created)], DATED, [ONE], ()) == {"5": ONE}
    assert orphans([dated(5, created)], DATED, [ONE], ("5",)) == {}


@pytest.mark.parametrize("created", ["2026-11-30T11:50:00Z", "2026-11-30T12:20:00Z", 0, "2026-11-29T12:00:00Z"])
def test_a_credential_of_another_time_is_no_orphan(created: Any) -> None:
    """Catches: somebody else's credential that is deleted."""
    assert orphans([dated(5, created)], DATED, [ONE], ()) == {}


@pytest.mark.parametrize("item", [{"id": 5}, dated(5, "yesterday"), dated(5, None), dated(5, "2026-13-40T12:00:00Z")])
def test_a_time_that_cannot_be_read_is_refused(item: Any) -> None:
    """Catches: an orphan that is forgotten, because it seems to be from another time."""
    with pytest.raises(Refused, match="the provider lists a credential with"):
        orphans([item], DATED, [ONE], ())


@pytest.mark.parametrize(
    ("items", "listing"),
    [
        ([labelled(5, ONE), labelled(6, ONE)], LABELLED),
        ([dated(5, "2026-11-30T12:00:01Z"), dated(6, "2026-11-30T12:00:02Z")], DATED),
    ],
)
def test_two_for_one_request_are_left_to_people(items: list[Any], listing: Listing) -> None:
    """Catches: a guess at which of two credentials is to be deleted."""
    with pytest.raises(Refused, match=r"^two credentials, 6 and 5, may come from the request of 2026-11-30T12:00:00Z"):
        orphans(items, listing, [TWO, ONE], ())


def test_how_long_a_request_may_be_late() -> None:
    """Catches: a credential that appears after it was looked for, and that nobody looks for again."""
    assert labels.may_be_late(ONE, NOW + timedelta(minutes=59))
    assert not labels.may_be_late(ONE, NOW + timedelta(minutes=61))


def test_what_is_there_in_words() -> None:
    """Catches: names and IDs of people's credentials that flood a message, or ours that are not known again."""
    items = [labelled(5, ONE), {"id": "x" * 100, "name": "by hand"}, {"name": "no id"}]
    assert told(items, LABELLED) == f"5 (made by this collection), {'x' * 80}"
    assert told([{"id": number} for number in range(13)], DATED).endswith(" 9 and 3 more".strip())
