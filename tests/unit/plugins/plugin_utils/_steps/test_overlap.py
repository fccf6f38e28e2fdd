# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._steps import changes, overlap, proofs
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record as Entry
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import written
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import fleet, works
from ansible_collections.mailops.smtp.tests.unit.plugins.steps_scene import Stage, stage, store_of
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NOW, VAULT

LATER = NOW + timedelta(minutes=1)
MADE = "2026-11-23T13:00:00Z"
PLAN: dict[str, Any] = {"users": {"a": ["1", "2"], "b": ["1"]}, "way": "overlap"}
LEADER: dict[str, Any] = {"reached": 7, "accounts": ["1", "2"], "plan": PLAN, "outcome": {}, "verdict": {}}
TESTED = Entry(
    password=VAULT.encrypt("new"),
    previous_password=VAULT.encrypt("old"),
    changed_at=NOW,
    verified_at=LATER,
    username="user2",
    credential_id="2",
    previous_username="user1",
    previous_id="1",
)
UNTESTED = replace(TESTED, verified_at=None)
SETTLED = replace(TESTED, settled_at=LATER)
ALONE = replace(TESTED, previous_username=None, previous_id=None)


def scene(path: Path, first: Entry, own: Any = None, answers: Any = None, **options: Any) -> Stage:
    """Return what the leader works with: the account C(1) as given, C(2) settled."""
    store = store_of(path / "s.yml", {}, records={"1": first, "2": SETTLED})
    more = {name: options.pop(name) for name in ("here", "hosts", "params", "check_mode") if name in options}
    known = {"a": {**LEADER, **(own or {})}, "b": {"reached": 7, "accounts": ["1"], **more.pop("hosts", {})}}
    seen = fleet(more.pop("here", "a"), known, everyone="a b")
    return stage(seen, answers, store=store, **more, **options)


@pytest.mark.parametrize(
    ("first", "kept", "beside"),
    [
        (TESTED, [], ["1"]),
        (UNTESTED, ["1"], []),
        (SETTLED, [], []),
        # Of which at most something may still appear that nobody has.
        (replace(TESTED, requests=("20261130T001500Z-3f9a1c2b4d5e",)), [], ["1"]),
        (ALONE, [], []),
        (replace(TESTED, requests=("20261130T001500Z-3f9a1c2b4d5e",), staged_at=LATER), [], []),
        (replace(SETTLED, changed_at=LATER + timedelta(hours=1)), ["1"], []),
    ],
)
def test_which_are_given_and_which_overlap(tmp_path: Path, first: Entry, kept: Any, beside: Any) -> None:
    """Catches: a host that gets a login nobody has seen to work; an old one settled never, or too early."""
    one = scene(tmp_path, first)
    snapshot = one.tools.store.read()
    assert overlap.untested(one.tools, snapshot, ["1", "2"]) == kept
    assert overlap.overlapping(snapshot, ["1", "2"]) == beside
    assert overlap.made_at(snapshot, ["1", "9"]) == {"1": written(first.changed_at or NOW), "9": ""}
    in_place = scene(tmp_path, first, {"plan": {**PLAN, "way": "in_place"}})
    assert overlap.untested(in_place.tools, snapshot, ["1", "2"]) == []


@pytest.mark.parametrize(
    ("first", "ready", "given", "logins"),
    [(TESTED, True, {"1": MADE, "2": MADE}, ["user2", "user2"]), (UNTESTED, False, {"2": MADE}, ["user2"])],
)
def test_deploy_to_a_program(tmp_path: Path, first: Entry, ready: bool, given: Any, logins: Any) -> None:
    """Catches: an untested login that a program gets; one that works and that it does not get because of the other."""
    one = scene(tmp_path, first, {"programs": ["exim"]}, {"mail_program": {"changed": True}}, consumer="exim")
    record, result = one.do(changes.deploy)
    assert (record.trouble, record.handed, result["ready"]) == ("", given, ready)
    assert [login["username"] for login in one.asked("mail_program")["logins"]] == logins
    assert all(login["replaces"][0] == "user1" for login in one.asked("mail_program")["logins"])


@pytest.mark.parametrize(("first", "written", "given"), [(TESTED, 1, {"1": MADE, "2": MADE}), (UNTESTED, 0, {})])
@pytest.mark.parametrize("options", [{"consumer": "template"}, {"deploy_tasks": "d.yml"}])
def test_deploy_of_a_file(tmp_path: Path, first: Entry, written: int, given: Any, options: Any) -> None:
    """Catches: a file with an untested login; a host that counts as given what its file does not have."""
    one = scene(tmp_path, first, params={"content": "x"}, **options)
    record, result = one.do(changes.deploy)
    assert (record.trouble, record.handed, result["ready"]) == ("", given, bool(written))
    assert len(one.calls) == (written if "consumer" in options else 0)


def test_host_that_is_given_nothing(tmp_path: Path) -> None:
    """Catches: a host that runs the role, gives nothing to anybody, and settles what others still have to get."""
    one = scene(tmp_path, TESTED, {"bare": True}, persist_tasks="p.yml")
    assert one.do(changes.deploy)[0].handed == {}


@pytest.mark.parametrize(
    ("answer", "given", "trouble"),
    [
        ({"results": [{"username": "user2", "authenticated": True}]}, {"1": MADE}, False),
        ({"failed": True, "results": [{"username": "user2", "reason": "rejected", "msg": "535"}]}, {}, True),
    ],
)
def test_login_from_each_host(tmp_path: Path, answer: Any, given: Any, trouble: bool) -> None:
    """Catches: an old credential that is deleted while the new one does not work from a host."""
    one = scene(tmp_path, TESTED, {"handed": {"1": MADE}}, {"smtp_test_send": answer})
    record, _result = one.do(proofs.try_login)
    assert (record.given, bool(record.trouble)) == (given, trouble)
    assert one.asked("smtp_test_send")["accounts"] == [{"username": "user2", "password": "new"}]


def test_no_login_where_nothing_overlaps(tmp_path: Path) -> None:
    """Catches: a login from every host in every night."""
    one = scene(tmp_path, SETTLED, {"handed": {"1": MADE, "2": MADE}})
    record, _result = one.do(proofs.try_login)
    assert one.calls == [] and record.given == {"1": MADE, "2": MADE}


def test_hosts_go_on_when_the_results_are_recorded(tmp_path: Path) -> None:
    """Catches: hosts out of step that wait for a switch which there is none of."""
    one = scene(tmp_path, TESTED, {"reached": 5, "tests": [works("1")], "outcome": {"untested": ["1"]}})
    assert one.do(proofs.record)[0].reached == 7


@pytest.mark.parametrize(
    ("first", "own", "hosts", "asked"),
    [
        (TESTED, {"1": MADE}, {"given": {"1": MADE}}, ["1"]),
        (TESTED, {"1": MADE}, {"given": {}}, []),
        (TESTED, {"1": MADE}, {"given": {"1": "2026-11-22T13:00:00Z"}}, []),
        (UNTESTED, {"1": MADE}, {"given": {"1": MADE}}, []),
        (SETTLED, {"1": MADE}, {"given": {"1": MADE}}, []),
    ],
)
def test_settle(tmp_path: Path, first: Entry, own: Any, hosts: Any, asked: list[str]) -> None:
    """Catches: a credential settled that a host has not got; what is settled already, recorded every night."""
    answers = {"smtp_account_password": {"changed": True}}
    one = scene(tmp_path, first, {"given": own}, answers, hosts=hosts, keep_old="1h")
    _record, result = one.do(proofs.retire)
    assert result["skipped"] == (not asked) and result["changed"] == bool(asked)
    if asked:
        known = one.asked("smtp_account_password")
        assert (known["state"], known["accounts"], known["keep_old"]) == ("settled", asked, "1h")
    assert len(one.told) == (first == TESTED)


@pytest.mark.parametrize(
    ("outside", "settles"),
    [
        ({"smtp_rotation_accounts": ["1"], "smtp_rotation_consumer": "postfix"}, False),
        # What the whole inventory has says little of a host that has nothing to send with.
        ({"smtp_rotation_accounts": ["1"]}, True),
        ({"smtp_rotation_accounts": ["9"], "smtp_rotation_consumer": "postfix"}, True),
    ],
)
def test_host_of_another_play(tmp_path: Path, outside: Any, settles: bool) -> None:
    """Catches: an old credential deleted while a host of another play logs in with it."""
    given = {"given": {"1": MADE}}
    variables = {"groups": {"all": ["a", "b", "z"]}}
    one = scene(tmp_path, TESTED, given, {"smtp_account_password": {"changed": True}}, hosts=given)
    seen = one.tools.fleet
    one.tools.fleet = type(seen)(seen.play, {**seen.hostvars, "z": outside})
    one.tools.variables = {**one.tools.variables, **variables}
    _record, result = one.do(proofs.retire)
    assert result["skipped"] is not settles
    assert any("because z may still use it" in line for line in one.told) is not settles


def test_settle_that_fails(tmp_path: Path) -> None:
    """Catches: a run that is green although nothing was recorded; a line that says it was."""
    given = {"given": {"1": MADE}}
    one = scene(tmp_path, TESTED, given, {"smtp_account_password": {"failed": True, "msg": "no."}}, hosts=given)
    _record, result = one.do(proofs.retire)
    assert (result["failed"], result["msg"], one.told) == (True, "no.", [])


def test_nothing_is_settled_in_check_mode_or_twice(tmp_path: Path) -> None:
    """Catches: a store that check mode writes, or every host of a batch."""
    given = {"given": {"1": MADE}}
    assert scene(tmp_path, TESTED, given, hosts=given, check_mode=True).do(proofs.retire)[1]["skipped"]
    other = scene(tmp_path, TESTED, given, hosts=given, here="b")
    assert other.do(proofs.retire)[1]["skipped"] and other.calls == []


def test_credential_that_is_still_to_be_published(tmp_path: Path) -> None:
    """Catches: an old credential that is deleted while a secret manager still has it."""
    given = {"given": {"1": MADE}}
    publish = [{"kind": "tasks", "name": "vault", "file": "p.yml", "path": "smtp/{account}", "value": "{user}"}]
    one = scene(tmp_path, TESTED, given, hosts=given, publish=publish)
    _record, result = one.do(proofs.retire)
    assert result["skipped"] and one.calls == []
