# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import endings
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import ENDED, ENDS, HOLDS, REGISTERED
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import fleet

FINE: dict[str, Any] = {"born": "x", "ended": {}}
STOPPED: dict[str, Any] = {"born": "x", "stopped": True}
TOLD: dict[str, Any] = {**FINE, "collected": {"a": "x"}}


@pytest.mark.parametrize(
    ("known", "active", "how"),
    [
        (FINE, True, endings.DONE),
        ({"born": "x", "ended": {"failed": True, "msg": "no"}}, False, endings.REPORTED),
        ({"born": "x", "failed": "no", "stopped": True}, False, endings.FAILED),
        (STOPPED, False, endings.STOPPED),
        # It failed before it could remember anything: what it registered is no record.
        ({"begun": False, "stopped": True}, False, endings.STOPPED),
        ({"born": "x"}, False, endings.LOST),
        ({"begun": False}, False, endings.LOST),
        ({"begun": False}, True, endings.COMING),
        ({"born": "x"}, True, endings.COMING),
    ],
)
def test_how_a_host_ended(known: dict[str, Any], active: bool, how: str) -> None:
    """Catches: a host that is lost or stopped and counts as done, or one that is still to come as lost."""
    seen = fleet("a", {"b": known}, active="a b c" if active else "a c")
    assert endings.ending_of(seen, "b").how == how


def test_report_of_an_earlier_rotation_of_the_play() -> None:
    """Catches: a role that is applied twice, and whose second application ends as the first one did."""
    seen = fleet("a", {"a": {**FINE, "born": "second"}})
    seen.hostvars["a"][ENDED]["born"] = "first"
    assert endings.ending_of(seen, "a").how == endings.STOPPED
    seen.hostvars["a"][ENDS]["born"] = "first"
    assert endings.ending_of(seen, "a").how == endings.COMING


@pytest.mark.parametrize(("step", "reason"), [({"step": "hold"}, "held badly"), ({}, endings.STOPPED_BY)])
def test_only_our_own_messages_are_repeated(step: dict[str, str], reason: str) -> None:
    """Catches: a password in the message of a template that failed; a loop whose failure nobody finds."""
    seen = fleet("a", {"a": STOPPED})
    item = {"failed": True, "msg": "held badly", **step}
    variables: Any = seen.hostvars["a"]
    variables[HOLDS] = {"failed": True, "results": [{"item": "b"}, item]}
    assert endings.ending_of(seen, "a").reason == reason
    variables[REGISTERED].update(failed=True, msg="a template with 'secret'")
    assert endings.ending_of(seen, "a").reason == reason


@pytest.mark.parametrize(
    ("seen", "teller", "hosts"),
    [
        # All in one batch: the first tells, of those that are lost too.
        (fleet("a", {"a": FINE, "b": FINE, "c": FINE}), "a", ["a", "b", "c"]),
        (fleet("a", {"a": STOPPED, "b": FINE, "c": FINE}, active="b c"), "a", ["a", "b", "c"]),
        (fleet("b", {"a": {"born": "x"}, "b": FINE, "c": FINE}, active="b c"), "b", ["a", "b", "c"]),
        (fleet("a", {"a": STOPPED, "b": STOPPED, "c": STOPPED}, active="b", batch="b"), "a", ["a", "b", "c"]),
        # Of several batches, each tells of its own hosts.
        (fleet("a", {"a": FINE}, batch="a"), "a", ["a"]),
        (fleet("b", {"a": TOLD, "b": FINE}, batch="b"), "b", ["b"]),
        (fleet("b", {"a": TOLD, "b": STOPPED, "c": FINE}, active="a c", batch="c"), "b", ["b", "c"]),
        # In the first batch everyone failed: the play ends, and the others' turn does not come.
        (
            Fleet(fleet("a", active="b c").play.__class__("a", ["a", "b"], ["b"], []), {"a": {}, "b": {}}),
            "",
            ["a", "b"],
        ),
        # Nobody has come to the end.
        (fleet("a", {"a": {"born": "x"}}, batch="a"), "", []),
    ],
)
def test_one_host_of_a_batch_tells(seen: Fleet, teller: str, hosts: list[str]) -> None:
    """Catches: a message from each host, one of hosts that an earlier batch told of, or none as the first is lost."""
    assert endings.teller(seen) == teller
    assert endings.to_be_told(seen) == hosts


@pytest.mark.parametrize(
    ("seen", "waits"),
    [
        (fleet("a", {"a": FINE, "b": FINE, "c": FINE}), False),
        (fleet("a", {"a": FINE, "b": {}, "c": FINE}), True),
        (fleet("a", {"a": STOPPED, "b": FINE, "c": {}}, active="b c"), True),
        # The first one tells.
        (fleet("b", {"a": FINE, "b": FINE, "c": {}}), False),
        # It may be lost yet.
        (fleet("b", {"a": {}, "b": FINE, "c": FINE}), True),
        (fleet("b", {"a": {}, "b": FINE, "c": FINE}, active="b c"), False),
        (fleet("a", {"a": FINE, "b": {}}, batch="a"), False),
    ],
)
def test_who_waits_for_whom(seen: Fleet, waits: bool) -> None:
    """Catches: a message before the others have ended, hosts that wait for each other, or for one that is lost."""
    assert endings.awaits(seen) is waits
