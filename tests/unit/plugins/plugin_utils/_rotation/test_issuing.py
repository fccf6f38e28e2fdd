# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.issue import Made
from ansible_collections.mailops.smtp.plugins.module_utils._provider.labels import new_label
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.result import result_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Done
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.tests.unit.plugins.rotation_scene import (
    DAY,
    NOW,
    WINDOW,
    Scene,
    opened,
    sealed,
    stored,
    values,
)

OLD = new_label(NOW - DAY)
REGENERATE: dict[str, Any] = {"issued": True}
CREATE: dict[str, Any] = {"issued": True, "beside": True, "keep_old": DAY}
MADE = replace(stored("old", age=100 * DAY), username="u0", credential_id="0")
LOST = Made(Kind.UNKNOWN, True, True, "no answer in time")
REFUSED = Made(Kind.REFUSED_ACCESS, False, True, "the provider said no")


def refused(scene: Scene, **more: Any) -> None:
    """Have the provider refuse what it is asked for next."""

    def note() -> None:
        (label,) = (job.label for job in scene.jobs[-1].values())
        scene.issues = {"a": replace(REFUSED, idle=[label], **more)}

    scene.during_the_call = note


def words(done: Done) -> str:
    return str(result_of(done, max_age=None, now=NOW)["msg"])


@pytest.mark.parametrize("options", [REGENERATE, CREATE])
def test_a_password_is_made_and_kept(scene: Scene, options: dict[str, Any]) -> None:
    """Catches: a password that is in nobody's hands, without its user name, or that is shown."""
    done = scene.run("a", **options)
    record = scene.store.record("a")
    assert (opened(record.password), record.username, record.credential_id) == ("made 1", "u1", "1")
    assert (record.requests, record.is_begun, record.effective_at) == ((), False, NOW + WINDOW)
    assert done.actions == {"a": "rotated"} and scene.learnt == ["made 1"]
    assert scene.log[-3:] == ["write a staged", "issue a", "write a waiting"]


def test_a_password_in_place_of_the_old_one(scene: Scene) -> None:
    """Catches: an old password that is to be deleted at a provider which has replaced it; a host's entry not found."""
    scene.store.edit(a=MADE)
    scene.run("a", **REGENERATE)
    record = scene.store.record("a")
    assert (opened(record.previous_password), record.previous_id, record.previous_username) == ("old", None, "u0")
    assert (record.username, record.credential_id) == ("u1", "1")


def test_a_password_whose_answer_has_no_user_name(scene: Scene) -> None:
    """Catches: a user name that is lost, or that stays although the provider went back to the account's name."""
    scene.store.edit(a=MADE)
    for name, kept in ((None, "u0"), ("u9", "u9"), ("a", None)):
        scene.issues = {"a": Made(Kind.ACCEPTED, False, True, "", secret="new", username=name)}
        scene.run("a", **REGENERATE, rotate="always")
        assert scene.store.record("a").username == kept


def test_a_credential_beside_the_old_one(scene: Scene) -> None:
    """Catches: an old credential that is forgotten, deleted while hosts use it, or never deleted."""
    scene.store.edit(a=MADE)
    scene.run("a", **CREATE)
    record = scene.store.record("a")
    assert (record.previous_username, record.previous_id, opened(record.previous_password)) == ("u0", "0", "old")
    assert scene.jobs[-1]["a"].delete == []
    # Not while hosts may use it, and not before the time is over.
    assert scene.run("a", **CREATE, rotate="always").actions == {"a": "unchanged"}
    scene.store.edit(a=replace(record, effective_at=NOW, verified_at=NOW))
    assert scene.run("a", **CREATE, state="settled").actions == {"a": "settled"}
    assert scene.run("a", **CREATE, rotate="always").actions == {"a": "unchanged"}
    done = scene.run("a", **{**CREATE, "keep_old": timedelta(0)})
    assert done.actions == {"a": "retired"} and done.changed
    after = scene.store.record("a")
    assert (scene.jobs[-1]["a"].delete, scene.jobs[-1]["a"].label) == (["0"], "")
    assert (after.previous_id, after.previous_username, after.previous_password) == (None, None, None)
    assert opened(after.password) == "made 1" and len(scene.jobs) == 2


def test_a_credential_of_an_account_whose_id_nobody_knows(scene: Scene) -> None:
    """Catches: the old login that a host has to be rid of, lost with the change."""
    scene.store.edit(a=replace(MADE, credential_id=None))
    scene.run("a", **CREATE)
    record = scene.store.record("a")
    assert (record.previous_username, record.previous_id) == ("u0", None)


def test_the_old_one_goes_before_another_is_made(scene: Scene) -> None:
    """Catches: a third credential, and an old one that is taken for deleted although it is not."""
    scene.store.edit(a=replace(MADE, previous_id="p", settled_at=NOW - DAY))
    refused(scene)
    done = scene.run("a", **CREATE)
    assert scene.jobs[0]["a"].delete == ["p"] and set(scene.jobs[0]["a"].keep) == {"0", "p"}
    assert done.actions == {"a": "refused"} and scene.store.record("a").previous_id == "p"
    refused(scene, deleted=["p"])
    scene.run("a", **CREATE)
    assert (scene.store.record("a").previous_id, scene.store.record("a").requests) == (None, ())


@pytest.mark.parametrize("options", [REGENERATE, CREATE])
def test_a_lost_answer_is_asked_for_by_the_next_run(scene: Scene, options: dict[str, Any]) -> None:
    """Catches: a request that is forgotten, or a password that is taken for the one in force."""
    scene.store.edit(a=MADE)
    scene.issues = {"a": LOST}
    done = scene.run("a", **options)
    record = scene.store.record("a")
    assert done.actions == {"a": "unknown"} and record.is_requested and opened(record.password) == "old"
    scene.issues = {}
    done = scene.run("a", **options, rotate="never")
    assert done.actions == {"a": "recovered"}
    assert list(scene.jobs[-1]["a"].sweep) == list(record.requests) and scene.jobs[-1]["a"].label not in record.requests
    assert not scene.store.record("a").requests and opened(scene.store.record("a").password) == "made 1"


@pytest.mark.parametrize(
    ("record", "options", "what"),
    [
        (MADE, REGENERATE, "The stored password may not work any more; run again, which requests another new one."),
        (MADE, CREATE, "The stored password is still in force, and the next run requests another new one."),
        (Record(), CREATE, "The next run requests another new one."),
    ],
)
def test_what_is_said_of_a_lost_answer(scene: Scene, record: Record, options: dict[str, Any], what: str) -> None:
    """Catches: a message that does not say which password is in force."""
    scene.store.edit(a=record)
    scene.issues = {"a": LOST}
    assert words(scene.run("a", **options)) == f"1 of 1 accounts failed. a: no answer in time. {what}"


@pytest.mark.parametrize(
    ("record", "what"),
    [
        (MADE, "No new password was made; the stored one is still in force."),
        (Record(), "No new password was made."),
        (
            replace(MADE, previous_id="p", settled_at=NOW - DAY),
            "No new password was made; the stored one is still in force, and the next run tries again.",
        ),
    ],
)
def test_what_is_said_of_a_refusal(scene: Scene, record: Record, what: str) -> None:
    """Catches: a stored password that is said to be in force where none is stored."""
    scene.store.edit(a=record)
    refused(scene)
    assert words(scene.run("a", **CREATE)) == f"1 of 1 accounts failed. a: the provider said no. {what}"
    assert scene.store.record("a") == record


def test_a_credential_that_may_still_appear(scene: Scene) -> None:
    """Catches: a credential of a slow call that nobody looks for any more, or an account that stays begun for it."""
    scene.store.edit(a=replace(MADE, requests=(OLD,), staged_at=NOW - DAY))
    scene.issues = {"a": Made(Kind.ACCEPTED, False, True, "", secret="new", username="u", id="9", late=[OLD])}
    scene.run("a", **CREATE)
    record = scene.store.record("a")
    assert (record.requests, record.is_begun, record.previous_id) == ((OLD,), False, "0")
    settled = replace(record, effective_at=NOW, verified_at=NOW, settled_at=NOW - DAY, changed_at=NOW - DAY)
    scene.store.edit(a=settled)
    scene.issues = {"a": Made(Kind.ACCEPTED, False, True, "", idle=[OLD], deleted=["0"])}
    assert scene.run("a", **CREATE).actions == {"a": "retired"}
    assert list(scene.jobs[-1]["a"].sweep) == [OLD] and scene.store.record("a").requests == ()


def test_a_refusal_settles_what_was_looked_for(scene: Scene) -> None:
    """Catches: an account that stays begun, although what its request made was deleted or is not there."""
    scene.store.edit(a=replace(MADE, requests=(OLD,), staged_at=NOW - DAY))
    refused(scene, late=[OLD])
    scene.run("a", **CREATE)
    record = scene.store.record("a")
    assert (record.requests, record.staged_at, record.is_begun) == ((OLD,), None, False)


def test_only_the_request_is_written(scene: Scene) -> None:
    """Catches: a call in the step that only notes it, and a second note for the same password."""
    for _n in range(2):
        scene.run("a", **CREATE, state="staged")
    assert scene.jobs == [] and len(scene.store.record("a").requests) == 1
    assert scene.run("a", **CREATE).actions == {"a": "recovered"}


def test_check_mode_asks_nobody(scene: Scene) -> None:
    """Catches: a dry run that changes something, or that does not say what would happen."""
    scene.store.edit(
        a=MADE,
        b=replace(MADE, requests=(OLD,), staged_at=NOW),
        c=replace(MADE, changed_at=NOW - 2 * DAY, previous_id="p", settled_at=NOW - DAY),
    )
    before = scene.store.text
    done = scene.run("a", "b", "c", check_mode=True, **CREATE)
    assert done.actions == {"a": "would_rotate", "b": "would_rotate", "c": "would_retire"} and done.changed
    assert scene.store.text == before and scene.jobs == []
    assert done.after["b"].effective_at == NOW + WINDOW and done.after["c"].previous_id is None


def test_edits_during_the_call_are_kept(scene: Scene) -> None:
    """Catches: a password that is lost because its account was edited or taken out of the store during the call."""
    scene.store.edit(a=MADE, z=stored())
    scene.during_the_call = lambda: scene.store.edit(a=Record(), z=stored("new"))
    done = scene.run("a", **CREATE)
    assert values(scene.store.record("a")) == {"made 1"} and values(scene.store.record("z")) == {"new"}
    assert done.warnings == [
        "a: its record was edited while this run changed the password; the password that the provider accepted was "
        "stored, and the other edits were kept"
    ]


def test_a_store_that_became_unreadable_during_the_call(scene: Scene) -> None:
    """Catches: a message that promises to send a password again which nobody has."""

    def broken() -> None:
        scene.store.text = "smtp_accounts: [\n"

    scene.during_the_call = broken
    with pytest.raises(StoreError) as caught:
        scene.run("a", **CREATE)
    assert str(caught.value).endswith(
        "The provider has accepted new passwords for: a. These passwords could not be stored and are lost. Every "
        "request is noted in the store; mend it and run again, which requests other passwords"
    )


def test_one_account_s_end_is_not_the_others(scene: Scene) -> None:
    """Catches: a lost answer that takes the passwords of the other accounts with it."""
    scene.issues = {"b": LOST}
    assert scene.run("a", "b", "c", **CREATE).actions == {"a": "rotated", "b": "unknown", "c": "rotated"}
    assert values(scene.store.record("c")) == {"made 2"} and scene.store.record("b").is_requested


def test_a_refused_key_stops_the_other_batches(scene: Scene) -> None:
    """Catches: requests that stay open for accounts which nobody has asked for."""
    names = [f"a{number}" for number in range(300)]
    scene.issues = {"a0": replace(REFUSED, stop=True)}
    done = scene.run(*names, **CREATE)
    assert len(scene.jobs) == 1 and scene.store.record("a299") == Record()
    assert done.actions["a299"] == "refused"


def test_two_runs_make_one_password(scene: Scene) -> None:
    """Catches: a second password by a run that waited for the first one."""
    scene.store.edit(a=MADE)
    other = replace(MADE, password=sealed("by another run"), changed_at=NOW, effective_at=NOW, verified_at=NOW)
    scene.store.events["read"] = [lambda: None, lambda: scene.store.edit(a=other)]
    assert scene.run("a", **REGENERATE, rotate="always").actions == {"a": "unchanged"}
    assert scene.jobs == []


def test_the_other_account_of_a_sender_waits(scene: Scene) -> None:
    """Catches: both accounts of a sender with a password that nobody knows."""
    scene.store.edit(a=MADE, b=replace(MADE, requests=(OLD,), staged_at=NOW - DAY))
    scene.store.write(scene.store.read(), {}, senders={"news": Sender(in_use="b", at_rest="a", switched_at=NOW - DAY)})
    with pytest.raises(InputError, match=r"b, the other account .*, has a requested password .* to request it again"):
        scene.run("a", **REGENERATE)


@pytest.mark.parametrize("options", [REGENERATE, CREATE])
def test_a_staged_password_of_another_flow(scene: Scene, options: dict[str, Any]) -> None:
    """Catches: a password in force that is lost with the change of the flow, or that stays staged for ever."""
    scene.store.edit(a=replace(MADE, changed_at=NOW, staged_password=sealed("sent?"), staged_at=NOW - DAY))
    refused(scene)
    scene.run("a", **options)
    assert values(scene.store.record("a")) == {"old", "sent?"} and scene.store.record("a").is_begun
    scene.issues, scene.during_the_call = {}, lambda: None
    scene.run("a", **options)
    record = scene.store.record("a")
    assert values(record) == {"old", "sent?", "made 1"} and not record.is_begun and not record.in_doubt


def test_back_to_passwords_of_our_own(scene: Scene) -> None:
    """Catches: the login of a created credential that is kept with a password of the account's own."""
    scene.store.edit(a=replace(MADE, requests=(OLD,), staged_at=NOW - DAY))
    assert scene.run("a").actions == {"a": "rotated"}
    record = scene.store.record("a")
    assert (record.username, record.credential_id, record.requests) == (None, None, ())
    assert (record.previous_username, record.previous_id, values(record)) == ("u0", "0", {"old", "made 1"})


def test_a_refused_request_leaves_what_is_in_doubt(scene: Scene) -> None:
    """Catches: a test that deletes a doubtful password, because a request in between was refused."""
    scene.store.edit(a=replace(MADE, doubtful_passwords=(sealed("maybe"),), staged_at=NOW - DAY))
    refused(scene)
    scene.run("a", **REGENERATE)
    assert scene.store.record("a").in_doubt


def test_a_test_while_a_request_is_open(scene: Scene) -> None:
    """Catches: a proof of a password that the provider may have replaced, and none of one that it has not."""
    scene.store.edit(a=replace(MADE, verified_at=None, requests=(OLD,), staged_at=NOW - DAY))
    with pytest.raises(InputError, match="the stored one may not be in force any more; run state=present first"):
        scene.run("a", **REGENERATE, state="verified")
    assert scene.run("a", **CREATE, state="verified").actions == {"a": "verified"}
    assert scene.run("a", **CREATE, state="settled").actions == {"a": "settled"}
    assert scene.store.record("a").is_settled and scene.store.record("a").is_requested


def test_settled_only_after_a_test(scene: Scene) -> None:
    """Catches: the only credential that works, deleted for one that nobody has tried."""
    scene.store.edit(a=replace(MADE, verified_at=None, previous_id="p"))
    with pytest.raises(InputError, match="a: its stored password was not tested since it was changed"):
        scene.run("a", **CREATE, state="settled")
    scene.store.edit(a=replace(MADE, previous_id="p"))
    before = scene.store.text
    assert scene.run("a", **CREATE, state="settled", check_mode=True).actions == {"a": "would_settle"}
    assert scene.store.text == before
    assert scene.run("a", **CREATE, state="settled").actions == {"a": "settled"}
    assert scene.run("a", **CREATE, state="settled").actions == {"a": "unchanged"}


def test_settled_by_a_clock_that_is_behind(scene: Scene) -> None:
    """Catches: an old credential that stays for ever, because it was settled 'before' the change."""
    ahead = NOW + timedelta(minutes=3)
    scene.store.edit(a=replace(MADE, changed_at=ahead, effective_at=ahead, verified_at=ahead, previous_id="p"))
    scene.run("a", **CREATE, state="settled")
    assert scene.store.record("a").is_settled
