# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.published import DONE, FAILED, WOULD
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps import publishing
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.checks import check, plan, published, stages
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.publishing import publish
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record as Entry
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import fleet
from ansible_collections.mailops.smtp.tests.unit.plugins.steps_scene import Stage, next_step, stage, store_of
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NOW

MODULE = "community.aws.ssm_parameter"
SSM: dict[str, Any] = {"kind": "aws_ssm", "path": "/mail/{account}"}
OWN: dict[str, Any] = {"kind": "tasks", "file": "own.yml"}
DOWN = {"failed": True, "msg": "no route to host."}


def a_stage(folder: Path, targets: list[dict[str, Any]], answers: Any = None, **more: Any) -> Stage:
    """Return a leader whose store has the passwords of its accounts, each of them its name."""
    accounts = more.pop("accounts", ["1"])
    leader = {"reached": 6, "accounts": accounts, "plan": {"users": {"a": accounts}, **more.pop("plan", {})}}
    store = more.pop("store", None) or store_of(folder / "s.yml", {one: f"password-{one}" for one in accounts})
    return stage(fleet("a", {"a": leader}, everyone="a"), answers, store=store, publish=targets, **more)


def results(one: Stage, **params: Any) -> list[tuple[str, str, str]]:
    """Publish, and return what became of it."""
    one.tools.params = {**one.tools.params, **params}
    record, _result = one.do(publish)
    one.tools.fleet = one.tools.fleet.with_record(record)
    return [(entry["account"], entry["target"], entry["result"]) for entry in record.publications]


def notes(one: Stage, account: str = "1") -> dict[str, str]:
    return dict(one.tools.store.read().document.record(account).published)


def test_one_password(tmp_path: Path) -> None:
    """Catches: a value that is not the stored one, or is not masked; a second call for the same value."""
    one = a_stage(tmp_path, [{**SSM, "value": "x{password}"}])
    assert results(one) == [("1", "aws_ssm", DONE)]
    assert one.asked(MODULE)["value"] == "xpassword-1"
    assert set(one.learnt) == {"password-1", "xpassword-1"}
    assert list(notes(one)) == ["aws_ssm"] and "password-1" not in (tmp_path / "s.yml").read_text()
    one.calls.clear()
    results(one)
    assert one.calls == []


def test_target_that_fails(tmp_path: Path) -> None:
    """Catches: targets after one that failed which get nothing; a failure that counts as published."""
    targets = [{**SSM, "name": "down"}, {**SSM, "name": "up"}]
    one = a_stage(tmp_path, targets, {MODULE: [DOWN, {}]})
    assert results(one) == [("1", "down", FAILED), ("1", "up", DONE)]
    assert notes(one)["down"] == "never" and notes(one)["up"] != "never"
    assert one.tools.fleet.own.publications[0]["reason"] == "no route to host"
    again = a_stage(tmp_path, targets, store=one.tools.store)
    assert results(again) == [("1", "down", DONE)]


def test_secrets_among_the_options(tmp_path: Path) -> None:
    """Catches: a token that a module echoes in its error and that is shown; a region that is masked everywhere."""
    one = a_stage(tmp_path, [{**SSM, "options": {"aws_secret_key": "k-secret", "region": "eu-central-1", "n_key": 5}}])
    results(one)
    assert "k-secret" in one.learnt and "eu-central-1" not in one.learnt


def test_words_of_a_program(tmp_path: Path) -> None:
    """Catches: an exit code without the reason; one that is cut, in which a secret would not be masked."""
    one = a_stage(
        tmp_path, [{"kind": "pass", "path": "x"}], {"ansible.builtin.command": {**DOWN, "stderr": "a\n b " * 200}}
    )
    results(one)
    reason = one.tools.fleet.own.publications[0]["reason"]
    assert reason == "no route to host.: " + " ".join(["a b"] * 200)


def test_target_that_is_down_for_long(tmp_path: Path) -> None:
    """Catches: a run that tries a thousand accounts at a server that does not answer."""
    accounts = [str(number) for number in range(6)]
    one = a_stage(tmp_path, [SSM], {MODULE: DOWN}, accounts=accounts)
    assert [result for _account, _target, result in results(one)] == [FAILED] * 6
    assert len(one.calls) == 3
    assert one.tools.fleet.own.publications[5]["reason"] == "not tried, because aws_ssm failed 3 times in a row"


def test_other_run_changed_it_meanwhile(tmp_path: Path) -> None:
    """Catches: an older password that is published after a newer one."""
    one = a_stage(tmp_path, [SSM])
    store, todo = one.tools.store, list(publishing._due(one.tools, one.tools.fleet.own, "verified"))
    store.write(store.read(), {"1": Entry(password=store.vault.encrypt("newer"))})
    (found,) = publishing._published(one.tools, todo, [])
    assert (found["result"], found["reason"]) == (FAILED, "another run has changed the password meanwhile")
    assert one.calls == []


def test_store_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a run that ends without its wait and its test because a note could not be written."""
    one = a_stage(tmp_path, [SSM])

    def refuse(*_arguments: Any, **_more: Any) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(one.tools.store, "write", refuse)
    assert results(one) == [("1", "aws_ssm", FAILED)]
    monkeypatch.undo()
    assert results(one) == [("1", "aws_ssm", DONE)]
    monkeypatch.setattr(one.tools.store, "read", refuse)
    assert results(one)[-1] == ("all accounts", "any target", FAILED)


def test_account_that_was_removed_meanwhile(tmp_path: Path) -> None:
    """Catches: an account that comes back to the store as nothing but a note."""
    one = a_stage(tmp_path, [SSM])
    publishing._note(one.tools, "gone", {"aws_ssm": None})
    assert "gone" not in (tmp_path / "s.yml").read_text()


def test_check_mode(tmp_path: Path) -> None:
    """Catches: a call or a write in check mode; a password that would change and is not told of."""
    one = a_stage(tmp_path, [SSM], check_mode=True, accounts=["1", "2"], plan={"changing": ["2"]})
    before = (tmp_path / "s.yml").read_bytes()
    record, result = one.do(publish)
    assert {(entry["account"], entry["result"]) for entry in record.publications} == {("1", WOULD), ("2", WOULD)}
    assert result["diff"][0]["after"] == "1: published to aws_ssm\n2: published to aws_ssm\n"
    assert one.calls == [] and (tmp_path / "s.yml").read_bytes() == before


def test_tasks_of_the_playbook(tmp_path: Path) -> None:
    """Catches: a password in what a host remembers; a failure of the tasks that counts as published."""
    one = a_stage(tmp_path, [OWN], accounts=["1", "2"])
    assert results(one) == []
    pending = one.tools.fleet.own.pending
    assert [entry["account"] for entry in pending] == ["1", "2"] and "password-1" not in str(pending)
    for number, trouble in enumerate(["it failed", None]):
        one.tools.params = {**one.tools.params, "number": number, "trouble": trouble}
        record, result = one.do(publishing.published)
        one.tools.fleet = one.tools.fleet.with_record(record)
        assert result["wrote"]
    assert [entry["result"] for entry in record.publications] == [FAILED, DONE]
    assert (notes(one)["tasks"], notes(one, "2")["tasks"] != "never") == ("never", True)


def test_account_in_use_of_each_sender(tmp_path: Path) -> None:
    """Catches: the account at rest, which no host uses yet; a login that does not belong to the password."""
    pairs = {"news": Sender(in_use="2", at_rest="1", switched_at=NOW)}
    store = store_of(tmp_path / "s.yml", {"1": "password-1", "2": "password-2"}, senders=pairs)
    target = {"kind": "vault_kv2", "path": "{sender}"}
    one = a_stage(
        tmp_path, [target], store=store, strategy="alternate", plan={"pairs": {"news": ["1", "2"], "new": ["3", "4"]}}
    )
    assert results(one) == [("2", "vault_kv2", DONE)]
    asked = one.asked("community.hashi_vault.vault_kv2_write")
    assert (asked["path"], asked["data"]["username"], asked["data"]["password"]) == ("news", "2", "password-2")


def test_another_host_publishes_nothing(tmp_path: Path) -> None:
    """Catches: every host of a play that publishes, instead of the one that leads."""
    led: dict[str, dict[str, Any]] = {"a": {"reached": 6, "plan": {"users": {"a": ["1"]}}}, "b": {"accounts": ["1"]}}
    one = stage(fleet("b", led, everyone="a b"), store=store_of(tmp_path / "s.yml", {"1": "p"}), publish=[SSM])
    _record, result = one.do(publish)
    assert result["skipped"] and one.calls == []


# -- before anything changes

QUIET = {"accounts": [{"account": "1", "action": "unchanged", "reason": "unchanged"}], "vault_file": "/s.yml"}
DUE = {"accounts": [{"account": "1", "action": "rotated", "reason": "it is due"}], "vault_file": "/s.yml"}


@pytest.mark.parametrize(
    ("targets", "missing", "message"),
    [
        ([{"kind": "aws_sm"}], "", "smtp_rotation_publish[0].kind must name a kind of target (did you mean aws_ssm?)."),
        (
            [OWN],
            "",
            "smtp_rotation_publish[0].file: own.yml is not a file; a relative path is relative to the playbook's",
        ),
        (
            [SSM],
            MODULE,
            f"kind aws_ssm needs the collection community.aws, and boto3. There is no module {MODULE} here",
        ),
    ],
)
def test_mistakes(targets: list[dict[str, Any]], missing: str, message: str) -> None:
    """Catches: a target that cannot work and is found when the password has changed."""
    one = stage(fleet(everyone="a"), publish=targets, missing=missing)
    _record, result = one.do(check)
    assert result["failed"] and message in result["msg"] and result["msg"].endswith("Nothing has been changed.")
    assert one.calls == []


def test_two_accounts_at_one_place() -> None:
    """Catches: two passwords of which the second overwrites the first."""
    one = stage(fleet(everyone="a"), publish=[{**SSM, "path": "/mail"}], accounts=["1", "2"])
    with pytest.raises(InputError, match=r"/mail for more than one account.* Nothing has been changed"):
        one.do(check)


@pytest.mark.parametrize(
    ("targets", "preview", "following", "inner"),
    [
        ([], QUIET, "", ""),
        ([SSM], QUIET, "publish_late", ""),
        ([SSM], DUE, "publish_late", "in_place"),
        ([{**SSM, "publish_when": "accepted"}], DUE, "publish_early", "in_place"),
        ([{**SSM, "publish_when": "staged"}], DUE, "publish_early", "stage"),
        ([{**SSM, "publish_when": "staged"}], QUIET, "publish_late", ""),
    ],
)
def test_what_comes_next(
    tmp_path: Path, targets: list[dict[str, Any]], preview: Any, following: str, inner: str
) -> None:
    """Catches: a target that stays behind because nothing else is due; a rotation without what is published in it."""
    store = store_of(tmp_path / "s.yml", {"1": "p"})
    one = stage(fleet(everyone="a"), {"smtp_account_password": preview}, store=store, publish=targets)
    record, result = one.do(check)
    assert result["next"] == following
    assert record.plan is not None and record.plan.inner == inner
    assert record.plan.goes_on == (preview is DUE)
    assert stages(one.tools) == (inner == "stage" or targets[:1] == [{**SSM, "publish_when": "staged"}])


def test_nothing_is_next_when_nothing_is_behind(tmp_path: Path) -> None:
    """Catches: tasks in every run although every target has its password; a value that cannot be written again."""
    store = store_of(tmp_path / "s.yml", {"1": "password-1"})
    assert results(a_stage(tmp_path, [SSM], store=store)) == [("1", "aws_ssm", DONE)]
    for again, following in ((False, ""), (True, "publish_late")):
        one = stage(
            fleet(everyone="a"), {"smtp_account_password": QUIET}, store=store, publish=[SSM], publish_again=again
        )
        assert one.do(check)[1]["next"] == following
    one = a_stage(tmp_path, [SSM], store=store, publish_again=True)
    assert results(one) == results(one) == [("1", "aws_ssm", DONE)]
    assert len(one.calls) == 1


def test_several_hosts(tmp_path: Path) -> None:
    """Catches: a plan of a fleet that publishes nothing, since only a host that is alone was thought of."""
    store = store_of(tmp_path / "s.yml", {"1": "p"})
    first = stage(fleet(everyone="a b"), {"smtp_account_password": QUIET}, store=store, publish=[SSM])
    _record, result = first.do(check)
    second = stage(next_step(first, result), {"smtp_account_password": QUIET}, store=store, publish=[SSM])
    record, _result = second.do(plan)
    assert record.plan is not None and record.plan.next == "publish_late"
    assert published(second.tools, record.plan, "in_place").inner == "in_place"
