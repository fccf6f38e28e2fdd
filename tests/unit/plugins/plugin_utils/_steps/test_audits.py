# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.audit import AUDITED
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Audit
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps import audits, checks, proofs
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record as Entry
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Store
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import utc_now, whole_second
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import TOKEN, fleet
from ansible_collections.mailops.smtp.tests.unit.plugins.steps_scene import Stage, stage, store_of
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import OLD, VAULT

PLAN: dict[str, Any] = {
    "users": {"a": ["1"], "b": ["2"]},
    "testers": {"1": "a", "2": "a"},
    "goes_on": True,
    "next": "audit",
}
LEADER: dict[str, Any] = {"reached": 2, "accounts": ["1"], "plan": PLAN}
NO = {"authenticated": False, "reason": "auth_rejected", "msg": "535 no."}
OK = {"authenticated": True}
LONG_AGO = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


def kept(path: Path, **accounts: Mapping[str, Any]) -> Store:
    """Return a store whose records are given by the fields, passwords in clear."""

    def sealed(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(VAULT.encrypt(one) for one in value)
        return VAULT.encrypt(value) if isinstance(value, str) else value

    records = {
        name.lstrip("_"): Entry(**{field: sealed(value) for field, value in fields.items()})
        for name, fields in accounts.items()
    }
    return store_of(path / "s.yml", {}, records=records)


def scene(store: Store, answers: Any = None, here: str = "a", check_mode: bool = False, **options: Any) -> Stage:
    """Return two hosts of which one has to log in with the accounts of both."""
    known: dict[str, Any] = {"a": LEADER, "b": {"reached": 2, "accounts": ["2"]}}
    seen = fleet(here, known, everyone="a b")
    results = {"smtp_test_send": answers} if answers else {}
    return stage(seen, results, store=store, check_mode=check_mode, state=AUDITED, **options)


def told(*results: Mapping[str, Any]) -> dict[str, Any]:
    return {"results": [*results]}


def tried(one: Stage) -> list[dict[str, str]]:
    """Return the passwords of each task of logins, by account."""
    return [
        {login["username"]: login["password"] for login in options["accounts"]}
        for name, options in one.calls
        if name == "smtp_test_send"
    ]


# -- the logins


def test_one_login_each_and_no_message(tmp_path: Path) -> None:
    """Catches: a task for each account, a message, a secret in what is registered."""
    store = kept(tmp_path, _1={"password": "first"}, _2={"password": "second", "changed_at": LONG_AGO})
    one = scene(store, told(OK, NO), test_sender="")
    result = audits.audit(one.tools)
    asked = one.asked("smtp_test_send")
    assert asked["send"] is False and asked["concurrency"] == 4 and tried(one) == [{"1": "first", "2": "second"}]
    works, refused = result.pop("entries")
    assert result == {"item": "a", "token": TOKEN, "changed": False, "msg": "1 of 2 stored passwords work"}
    server = "smtp.acme.example:587"
    known = {"tester": "a", "server": server}
    assert works == {"account": "1", "result": "works", "since": ["", ""], **known}
    assert refused == {
        "account": "2",
        "result": "refused",
        "reason": "auth_rejected",
        "msg": "535 no.",
        "since": ["2026-01-01T00:00:00Z", ""],
        **known,
    }
    assert sorted(one.learnt) == ["first", "second"]


def test_host_without_accounts_to_check(tmp_path: Path) -> None:
    """Catches: a second login from every host that has the account; one that is not known to be done."""
    one = scene(kept(tmp_path, _2={"password": "second"}), here="b")
    assert audits.audit(one.tools) == {
        "item": "b",
        "token": TOKEN,
        "changed": False,
        "entries": [],
        "skipped": True,
    }
    assert one.calls == []


def test_accounts_that_are_left_alone(tmp_path: Path) -> None:
    """Catches: a login inside a window, in check mode, or with nothing."""
    now = whole_second(utc_now())
    store = kept(tmp_path, _1={"password": "first", "changed_at": now, "effective_at": now + timedelta(minutes=15)})
    one = scene(store)
    entries = audits.audit(one.tools)["entries"]
    assert [entry["result"] for entry in entries] == ["skipped", "skipped"]
    assert entries[0]["msg"].startswith("logging in is not allowed until 20")
    assert entries[1]["msg"] == "no password is stored: a rotation sets the first one"
    pretended = scene(kept(tmp_path, _1={"password": "a"}, _2={"password": "b"}), check_mode=True)
    assert {one["msg"] for one in audits.audit(pretended.tools)["entries"]} == {"no login is tried in check mode"}
    assert one.calls == pretended.calls == []


def test_other_values_as_often_as_allowed(tmp_path: Path) -> None:
    """Catches: a wrong login too many, one that was tried already, a value after one that works."""
    many = {
        "password": "p",
        "staged_password": "s",
        "staged_at": LONG_AGO,
        "doubtful_passwords": ("d", "p"),
        "previous_password": "v",
    }
    fine = {"password": "q", "previous_password": "w"}
    answers = [told(NO, OK), told(NO), told(OK)]
    one = scene(kept(tmp_path, _1=many, _2=fine), answers, audit_attempts=10)
    entries = audits.audit(one.tools)["entries"]
    assert tried(one) == [{"1": "p", "2": "q"}, {"1": "s"}, {"1": "d"}]
    assert entries[0]["tried"] == ["staged_password", "doubtful_passwords[0]"]
    assert entries[0]["found"] == "doubtful_passwords[0]"
    assert entries[0]["staged"] and entries[1]["result"] == "works"
    twice = scene(kept(tmp_path, _1=many, _2=fine), [told(NO, NO)] * 9, audit_attempts=2)
    assert audits.audit(twice.tools)["entries"][0]["tried"] == ["staged_password"]
    assert tried(twice) == [{"1": "p", "2": "q"}, {"1": "s", "2": "w"}]
    used_up = scene(
        kept(tmp_path, _1=many, _2=fine), [told(NO, NO), told(NO, NO), told(NO), told(NO)], audit_attempts=9
    )
    audits.audit(used_up.tools)
    assert tried(used_up)[2:] == [{"1": "d"}, {"1": "v"}]


def test_value_of_a_vault_identity_that_is_gone(tmp_path: Path) -> None:
    """Catches: an audit that ends because an old value cannot be read any more."""
    store = kept(tmp_path, _1={"password": "p", "previous_password": "v"}, _2={"password": "q"})
    snapshot = store.read()
    record = replace(snapshot.document.record("1"), staged_password=OLD, staged_at=LONG_AGO)
    store.write(snapshot, {"1": record})
    one = scene(store, [told(NO, OK), told(OK)], audit_attempts=2)
    assert audits.audit(one.tools)["entries"][0]["found"] == "previous_password"


def test_host_that_cannot_be_reached(tmp_path: Path) -> None:
    """Catches: an unreachable host that counts as a refused password; further logins from it."""
    store = kept(tmp_path, _1={"password": "p", "previous_password": "v"}, _2={"password": "q"})
    one = scene(store, {"unreachable": True, "msg": "no route"}, audit_attempts=5)
    entries = audits.audit(one.tools)["entries"]
    assert {(entry["result"], entry["reason"], entry["msg"]) for entry in entries} == {
        ("could not be checked", "no answer", "no route")
    }
    assert len(one.calls) == 1


# -- the leader


def entry(account: str, **more: Any) -> dict[str, Any]:
    said = {"server": "s:587", "since": ["", ""]}
    return {"account": account, "result": "refused", "reason": "auth_rejected", "msg": "535", **said, **more}


def judging(tmp_path: Path, entries: Any, answers: Any = None, here: str = "a", **options: Any) -> Stage:
    known: dict[str, Any] = {"a": {**LEADER, "audits": [{"entries": entries}]}, "b": {"accounts": ["2"]}}
    store = kept(tmp_path, _1={"password": "p", "previous_password": "v"}, _2={"password": "q"})
    seen = fleet(here, known, everyone="a b")
    return stage(seen, answers, store=store, **{"state": AUDITED, "reconcile": True, **options})


LOOK = {"accounts": [{"account": "2", "action": "would_rotate", "reason": "rotate is always"}], "vault_file": "s.yml"}
ADOPTED = {"changed": True, "accounts": [], "vault_file": "s.yml"}


@pytest.mark.parametrize("options", [{"reconcile": False}, {}])
def test_nothing_is_put_right_unless_asked_and_needed(tmp_path: Path, options: dict[str, Any]) -> None:
    """Catches: a change in an audit that only looks; a plan of a rotation in which nothing is to be done."""
    entries = [entry("1"), entry("2")] if options else [entry("1", result="works"), entry("2", result="works")]
    one = judging(tmp_path, entries, **options)
    record, result = one.do(audits.judge)
    assert one.calls == [] and result["changed"] is False
    assert record.audit == Audit(entries=entries) and record.plan and not record.plan.reconciles
    # The others have nothing to do.
    assert judging(tmp_path, entries, here="b").do(audits.judge)[0].audit is None


def test_one_is_adopted_and_one_is_rotated(tmp_path: Path) -> None:
    """Catches: an account that is rotated although a value works; a plan that leaves one of them out."""
    entries = [entry("1", found="previous_password"), entry("2")]
    one = judging(tmp_path, entries, {"smtp_account_password": [LOOK, ADOPTED]}, rotate="never", password="x")
    record, result = one.do(audits.judge)
    (_name, look), (_name, adopted) = one.calls
    assert one.pretended == ["smtp_account_password"]
    assert (look["accounts"], look["state"], look["rotate"]) == (["2"], "present", "always")
    assert (adopted["state"], adopted["passwords"], adopted["propagation_seconds"]) == ("adopted", {"1": "v"}, 0)
    assert record.plan and record.audit
    assert (record.plan.due, record.plan.finishing, record.plan.changing) == (["2"], ["1"], ["2"])
    assert (record.plan.work, record.plan.reconciles, record.plan.then) == (["2", "1"], True, "in_place")
    assert (record.audit.adopted, record.audit.rotated, record.audit.trouble) == (["1"], ["2"], "")
    assert result["changed"] is True and "v" in one.learnt


def test_what_is_put_right_is_published(tmp_path: Path) -> None:
    """Catches: targets that keep the wrong password until somebody runs a rotation without the audit."""
    target = {"kind": "aws_ssm", "path": "/{account}"}
    one = judging(tmp_path, [entry("2")], {"smtp_account_password": LOOK}, publish=[target])
    plan = one.do(audits.judge)[0].plan
    assert plan and (plan.then, plan.inner, plan.reconciles) == ("publish_late", "in_place", True)


def test_store_that_is_saved_elsewhere_first(tmp_path: Path) -> None:
    """Catches: a new password that is sent before the playbook's own tasks have saved it."""
    one = judging(tmp_path, [entry("2")], {"smtp_account_password": LOOK}, persist_tasks="save.yml")
    record, result = one.do(audits.judge)
    assert record.plan and record.plan.then == "stage" and result["changed"] is False


def test_what_cannot_be_put_right_is_kept_for_the_end(tmp_path: Path) -> None:
    """Catches: a table that is not shown because the API has no key; an account adopted beside one that fails."""
    bad = {"failed": True, "msg": "the key is missing."}
    one = judging(tmp_path, [entry("1", found="previous_password"), entry("2")], {"smtp_account_password": bad})
    record, _result = one.do(audits.judge)
    assert record.audit and record.audit.trouble == "the key is missing" and record.audit.adopted == []
    assert record.plan and not record.plan.reconciles and len(one.calls) == 1


def test_account_that_another_run_has_changed(tmp_path: Path) -> None:
    """Catches: a password that a run of somebody else has just set, replaced by an old one."""
    moved = entry("1", found="previous_password", since=["2026-01-01T00:00:00Z", ""])
    one = judging(tmp_path, [moved])
    record, _result = one.do(audits.judge)
    assert one.calls == [] and record.audit
    assert record.audit.trouble == "another run has changed 1 in the meantime"


# -- around it


def test_plan(tmp_path: Path) -> None:
    """Catches: an audit that needs API keys or looks at mail programs; one without a store that is green."""
    store = kept(tmp_path, _1={"password": "p"})
    options: dict[str, Any] = {"state": AUDITED, "consumer": "exim"}
    alone = stage(fleet("a", {}, everyone="a"), store=store, **options)
    record, result = alone.do(checks.check)
    assert alone.calls == [] and result["next"] == "audit"
    assert record.plan and (record.plan.testers, record.plan.due, record.plan.work) == ({"1": "a"}, [], [])
    empty = stage(fleet("a", {}, everyone="a"), store=Store(str(tmp_path / "no.yml"), VAULT), **options)
    with pytest.raises(InputError, match="does not exist, so there is no password to check"):
        empty.do(checks.check)


def test_plan_of_an_audit_that_may_rotate(tmp_path: Path) -> None:
    """Catches: a missing key that is seen only when drift was found; a mail program that is looked at too late."""
    store = kept(tmp_path, _1={"password": "p"})
    options: dict[str, Any] = {"state": AUDITED, "reconcile": True}
    one = stage(fleet("a", {}, everyone="a"), store=store, **options)
    one.do(checks.check)
    (asked,) = [options for name, options in one.calls if name == "smtp_account_password"]
    assert (asked["state"], asked["rotate"], one.pretended) == ("present", "never", ["smtp_account_password"])
    bad = {"smtp_account_password": {"failed": True, "msg": "no key"}}
    with pytest.raises(InputError, match="no key"):
        stage(fleet("a", {}, everyone="a"), bad, store=store, **options).do(checks.check)


def test_report() -> None:
    """Catches: a green job in which a password was refused; a table that only the eye can read."""
    seen = {"entries": [entry("1"), entry("2", result="works")]}
    one = stage(fleet("a", {"a": {**LEADER, "audit": seen}}, everyone="a b"), state=AUDITED)
    result = proofs.report(one.tools)
    assert result["failed"] and "1: the server refuses the stored password" in result["msg"]
    assert result["audit"] == seen["entries"] and one.told[0].startswith("ACCOUNT") and len(one.told) == 3
    other = stage(fleet("b", {"a": {**LEADER, "audit": seen}, "b": {}}, everyone="a b"), state=AUDITED)
    result = proofs.report(other.tools)
    assert "failed" not in result and "audit" not in result and other.told == []


def test_each_value_with_its_own_user_name(tmp_path: Path) -> None:
    """Catches: the old credential's password tried with the new one's user name."""
    store = kept(tmp_path, _1={"password": "p", "previous_password": "v"}, _2={"password": "q"})
    snapshot = store.read()
    names = {"username": "user2", "previous_username": "user1", "previous_id": "1"}
    store.write(snapshot, {"1": replace(snapshot.document.record("1"), **names)})
    one = scene(store, [told(NO, OK), told(OK)], audit_attempts=2)
    assert audits.audit(one.tools)["entries"][0]["found"] == "previous_password"
    assert tried(one) == [{"user2": "p", "2": "q"}, {"user1": "v"}]


def test_account_that_cannot_be_rotated_yet(tmp_path: Path) -> None:
    """Catches: a refused password told as put right, although an old credential is in the way."""
    why = "rotate is always, but a host may still use the credential before it, 1"
    look = {"accounts": [{"account": "2", "action": "unchanged", "reason": why}], "vault_file": "s.yml"}
    record, _result = judging(tmp_path, [entry("2")], {"smtp_account_password": look}).do(audits.judge)
    assert record.audit and (record.audit.rotated, record.audit.trouble) == ([], f"2: {why}")
