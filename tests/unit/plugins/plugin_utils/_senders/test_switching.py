# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.advice import Wish
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.result import diff_of, result_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.switching import Done, Request, run
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import document
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import sender as sender_records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.tests.unit.plugins.plugin_utils._store.test_lock import OtherRun
from ansible_collections.mailops.smtp.tests.unit.plugins.rotation_scene import DAY, NOW, Scene, stored

NEWS = Sender(in_use="a", at_rest="b", switched_at=NOW - DAY)
LEAVING = Sender(in_use="b", leaving="a", switched_at=NOW)


def task(scene: Scene, state: str = "present", *, check_mode: bool = False, **over: Any) -> Done:
    options: dict[str, Any] = {"senders": {"s": ("a", "b")}, "wish": Wish("when_due", 90 * DAY), "lock_timeout": 0}
    request = Request(state=state, **{**options, **over})
    return run(request, scene.store, lambda: NOW, check_mode=check_mode)


def senders(scene: Scene) -> dict[str, Sender]:
    return document.parse(scene.store.text or "", "S").senders


def begin(scene: Scene, pair: Sender = NEWS, **records: Record) -> None:
    """Let the store know a sender and its accounts."""
    scene.store.edit(**records)
    scene.store.write(scene.store.read(), {}, senders={"s": pair})
    scene.log.clear()


def test_adoption_is_written_once(scene: Scene) -> None:
    """Catches: a sender that is adopted again each time, with another date."""
    assert task(scene).changes == {"s": Sender("a", "b", None, NOW)} == senders(scene)
    assert task(scene).changes == {} and len(scene.log) == 2, "one check and one writing"


@pytest.mark.parametrize("state", ["present", "switched", "settled"])
def test_check_mode_writes_nothing(scene: Scene, state: str) -> None:
    """Catches: a file or a lock that check mode leaves."""
    if state != "present":
        begin(scene, LEAVING if state == "settled" else NEWS, a=stored(age=2 * DAY), b=stored(age=DAY / 2))
    text = scene.store.text
    assert task(scene, state, check_mode=True).changes
    assert scene.store.text == text and scene.log == []


def test_switch_and_settle(scene: Scene) -> None:
    """Catches: roles that are exchanged twice, or not at all."""
    begin(scene, a=stored(age=2 * DAY), b=stored(age=DAY / 2))
    for _n in range(2):
        assert task(scene, "switched").after == {"s": LEAVING} == senders(scene)
    for _n in range(2):
        assert task(scene, "settled").after == {"s": Sender("b", "a", None, NOW)} == senders(scene)
    assert task(scene, "switched").changes == {}, "the account in use is the newer one already"
    assert scene.log.count("write ") == 2


WAITING = stored(age=timedelta(minutes=5))
REFUSED = {
    "not known": (None, {}, "these senders are not in the store: s; run state=present first"),
    "nothing stored": (NEWS, {}, "no password is stored"),
    "not changed": (
        NEWS,
        {"b": stored(age=2 * DAY)},
        "its password was set before the sender was last switched or added: set a new one",
    ),
    "not tested": (
        NEWS,
        {"b": Record("$ANSIBLE_VAULT;1.1;AES256\n61\n62", changed_at=NOW)},
        "its password has not been tested",
    ),
    "waiting": (NEWS, {"b": WAITING}, "its new password takes effect at 2026-11-23T13:10:00Z"),
}


@pytest.mark.parametrize(("pair", "records", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_switch_is_refused(scene: Scene, pair: Sender | None, records: dict[str, Record], words: str) -> None:
    """Catches: hosts that get a password which is not proved."""
    if pair:
        begin(scene, pair, **records)
    text = scene.store.text
    with pytest.raises(InputError, match=words):
        task(scene, "switched")
    assert scene.store.text == text


def test_one_refusal_stops_all_of_the_task(scene: Scene) -> None:
    """Catches: a task that fails and has switched half of its senders."""
    begin(scene, a=stored(age=2 * DAY), b=stored(age=DAY / 2))
    task(scene, senders={"t": ("c", "d")})
    with pytest.raises(InputError, match=r"^'t' cannot be switched to d: no password is stored"):
        task(scene, "switched", senders={"s": ("a", "b"), "t": ("c", "d")})
    assert senders(scene)["s"] == NEWS


def test_settled_only_with_the_account_that_was_deployed(scene: Scene) -> None:
    """Catches: a slow run that calls an account at rest which another run has put in use meanwhile."""
    begin(scene, LEAVING)
    with pytest.raises(InputError, match=r"^'s' was deployed with a, but another run has since switched to b"):
        task(scene, "settled", deployed={"s": Sender(in_use="a")})
    assert senders(scene)["s"] == LEAVING
    assert task(scene, "settled", deployed={"s": Sender(in_use="b")}).changes


def test_settled_only_with_the_switch_that_was_deployed(scene: Scene) -> None:
    """Catches: a slow run that deployed the same account before it was left, and put in use again."""
    begin(scene, LEAVING)
    with pytest.raises(
        InputError,
        match=r"^'s' was deployed with b, but other runs have since switched it back and "
        r"forth",
    ):
        task(scene, "settled", deployed={"s": Sender(in_use="b", switched_at=NOW - DAY)})
    assert senders(scene)["s"] == LEAVING
    assert task(scene, "settled", deployed={"s": Sender(in_use="b", switched_at=NOW)}).changes


def test_each_switch_has_a_date_of_its_own() -> None:
    """Catches: two switches in one second, that nobody can tell apart."""
    assert sender_records.switched(Sender("a", "b", None, NOW), Record(), NOW).switched_at == NOW + timedelta(seconds=1)


def test_what_another_run_did_meanwhile_counts(scene: Scene) -> None:
    """Catches: two runs that adopt one sender in two ways."""

    def other_run() -> None:
        scene.store.write(scene.store.read(), {}, senders={"s": Sender("b", "a", None, NOW - DAY)})

    scene.store.events["read"] += [lambda: None, other_run]
    done = task(scene)
    assert done.changes == {} and senders(scene)["s"].in_use == "b"


def test_waits_for_a_run_that_changes_an_account(scene: Scene) -> None:
    """Catches: a sender that is adopted between the staging and the end of a rotation."""
    other = OtherRun(Path(scene.store.path), "b")
    assert other.says() == "held"
    with pytest.raises(StoreError, match="another run has been working on the account b"):
        task(scene)
    assert scene.store.text is None
    other.lets_go()
    assert task(scene).changes


def test_rotation_refuses_what_a_sender_depends_on(scene: Scene) -> None:
    """Catches: a pair rule that the rotation does not ask, or asks after it has staged."""
    begin(scene, a=stored(age=100 * DAY), b=stored(age=100 * DAY))
    text = scene.store.text
    with pytest.raises(InputError, match="only one may change at a time"):
        scene.run("a", "b")
    with pytest.raises(InputError, match="only one may change at a time"):
        scene.run("a", "b", check_mode=True)
    assert scene.store.text == text and scene.sent == []
    assert scene.run("b").actions == {"b": "rotated"}
    with pytest.raises(InputError, match="was changed and takes effect at 2026-11-23T13:15:00Z"):
        scene.run("a")


def test_rotation_only_of_an_account_at_rest(scene: Scene) -> None:
    """Catches: a second run that sets a second password, or one for the account that is in use by now."""
    begin(scene, a=stored(age=100 * DAY), b=stored(age=100 * DAY))
    assert scene.run("a", "b", rotate="always", only_at_rest=True).actions == {"a": "unchanged", "b": "rotated"}
    second = scene.run("b", rotate="always", only_at_rest=True)
    assert second.reasons == {"b": "another run has already changed it for the next switch"}
    assert len(scene.sent) == 1


def test_result_and_diff(scene: Scene) -> None:
    """Catches: a result whose fields are not the documented ones, a diff that shows what did not change."""
    begin(scene, a=stored(age=2 * DAY), b=stored(age=DAY / 2))
    done = task(scene, "switched", check_mode=True)
    assert result_of(done) == {
        "changed": True,
        "senders": [
            {
                "sender": "s",
                "in_use": "b",
                "at_rest": None,
                "leaving": "a",
                "switched_at": "2026-11-23T13:00:00Z",
                "step": "settle",
                "account": "b",
                "reason": "b is in use, but a host may still use a: deploy and test b on every host, then record it "
                "with state=settled",
            }
        ],
    }
    assert diff_of(done, "S") == {
        "before_header": "S",
        "after_header": "S",
        "before": "s:\n  in_use: a\n  at_rest: b\n  switched_at: 2026-11-22T13:00:00Z\n",
        "after": "s:\n  in_use: b\n  leaving: a\n  switched_at: 2026-11-23T13:00:00Z\n",
    }
    nothing = task(scene)
    assert (result_of(nothing)["changed"], diff_of(nothing, "S")["after"]) == (False, "")
