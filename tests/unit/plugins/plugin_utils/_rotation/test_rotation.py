# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.result import result_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import record as records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
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


def test_order_of_effects(scene: Scene) -> None:
    """Catches: a call before the new password is on disk, or a check after the first change."""
    scene.store.edit(a=stored(age=100 * DAY), b=stored())
    done = scene.run("a", "b", "c")
    assert scene.log == [
        "check the secrets",
        "check the file",
        "write a staged, c staged",
        "send a, c",
        "write a waiting, c waiting",
    ]
    assert done.actions == {"a": "rotated", "b": "unchanged", "c": "rotated"}
    assert done.reasons["a"] == "it was due at 2026-11-13T13:00:00Z" and done.changed
    assert values(scene.store.record("a")) == {"made 1", "old"}
    assert scene.store.record("c").effective_at == NOW + WINDOW
    assert list(Path(scene.store.path).parent.iterdir()) == [], "the lock file is gone"


def test_the_ciphertext_is_made_once(scene: Scene) -> None:
    """Catches: a value encrypted a second time when it becomes the password."""
    staged: list[str | None] = []
    scene.during_the_call = lambda: staged.append(scene.store.record("a").staged_password)
    scene.run("a")
    assert [scene.store.record("a").password] == staged


def test_nothing_to_do(scene: Scene) -> None:
    """Catches: a run without a change that calls, writes, locks, or reports a change."""
    scene.store.edit(a=stored())
    before = scene.store.text
    done = scene.run("a")
    assert (scene.log, scene.store.text, done.changed) == (["check the secrets"], before, False)
    assert scene.learnt == []


def test_staged_by_a_run_that_died(scene: Scene) -> None:
    """Catches: a second password made while the first may be in force."""
    scene.store.edit(a=records.staged(stored(), sealed("from before"), NOW - DAY))
    done = scene.run("a", rotate="always")
    assert scene.sent == [{"a": "from before"}] and scene.made == 0
    assert done.actions == {"a": "recovered"}
    assert opened(scene.store.record("a").password) == "from before"


def test_dead_between_call_and_commit(scene: Scene) -> None:
    """Catches: a run that dies after the call and leaves a store that does not know the password in force."""
    scene.store.edit(a=stored(age=100 * DAY))

    def dies() -> None:
        raise KeyboardInterrupt

    scene.during_the_call = dies
    with pytest.raises(KeyboardInterrupt):
        scene.run("a")
    assert values(scene.store.record("a")) == {"old", "made 1"}
    scene.during_the_call = lambda: None
    assert scene.run("a").actions == {"a": "recovered"}
    assert scene.sent == [{"a": "made 1"}, {"a": "made 1"}]


@pytest.mark.parametrize(
    ("options", "theirs", "sent", "action", "reason"),
    [
        (
            {"rotate": "always"},
            stored("theirs", age=timedelta(0)),
            [],
            "unchanged",
            "another run changed it while this one was waiting",
        ),
        ({}, stored("theirs", age=timedelta(0)), [], "unchanged", "it is due at 2027-02-21T13:00:00Z"),
        (
            {"explicit": {"a": "theirs"}},
            stored("theirs", age=timedelta(0)),
            [],
            "unchanged",
            "the password given is the stored one",
        ),
        (
            {"rotate": "always"},
            records.staged(stored(age=100 * DAY), sealed("theirs"), NOW),
            [{"a": "theirs"}],
            "recovered",
            "a password has been staged since 2026-11-23T13:00:00Z and may have reached the provider, so it is sent "
            "again",
        ),
        (
            {"explicit": {"a": "mine"}},
            stored("theirs", age=timedelta(0)),
            [{"a": "mine"}],
            "rotated",
            "the given password differs from the stored one",
        ),
    ],
)
def test_another_run_was_there_while_this_one_waited(
    scene: Scene, options: dict[str, Any], theirs: Record, sent: list[object], action: str, reason: str
) -> None:
    """Catches: two runs on one account that rotate it twice, or that set two passwords."""
    scene.store.edit(a=stored(age=100 * DAY))
    scene.store.events["read"] = [lambda: None, lambda: scene.store.edit(a=theirs)]
    done = scene.run("a", **options)
    assert (scene.sent, done.actions, done.reasons) == (sent, {"a": action}, {"a": reason})
    assert done.changed is bool(sent)
    assert "theirs" in values(scene.store.record("a"))


def test_explicit_password_replaces_a_staged_one(scene: Scene) -> None:
    """Catches: the staged password forgotten, which may have landed."""
    scene.store.edit(a=records.staged(stored(), sealed("from before"), NOW))
    scene.run("a", explicit={"a": "mine"})
    assert scene.sent == [{"a": "mine"}]
    assert values(scene.store.record("a")) == {"mine", "old", "from before"}


def test_stage_only(scene: Scene) -> None:
    """Catches: a call in a run that shall only stage, or a second value staged by the next."""
    assert scene.run("a", state="staged").actions == {"a": "staged"}
    assert (scene.sent, values(scene.store.record("a"))) == ([], {"made 1"})
    assert scene.run("a", state="staged").actions == {"a": "unchanged"}
    assert values(scene.store.record("a")) == {"made 1"}
    assert scene.run("a").actions == {"a": "recovered"}
    assert scene.sent == [{"a": "made 1"}]


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (Record(), "a: no password is stored in {}, so none can be verified"),
        (
            records.staged(stored(), sealed("new"), NOW),
            "a: its staged password was not sent yet; run state=present first",
        ),
        (
            stored(age=timedelta(minutes=14, seconds=59)),
            "a: its password takes effect at 2026-11-23T13:00:01Z; a test before then proves nothing. Wait, test it, "
            "then record the result",
        ),
    ],
)
def test_verified_is_refused(scene: Scene, record: Record, message: str) -> None:
    """Catches: a test send inside the window taken for a proof."""
    scene.store.edit(a=record, z=stored())
    with pytest.raises(InputError) as caught:
        scene.run("z", "a", state="verified")
    assert str(caught.value) == message.format(scene.store.name)
    assert scene.log == ["check the secrets"]


def test_verified(scene: Scene) -> None:
    """Catches: a test send that is not recorded, is recorded twice, or calls the provider."""
    scene.store.edit(a=replace(stored(age=WINDOW), verified_at=None, doubtful_passwords=(sealed("x"),)), b=stored())
    done = scene.run("a", "b", state="verified")
    assert done.actions == {"a": "verified", "b": "unchanged"} and done.changed
    assert scene.store.record("a").verified_at == NOW and values(scene.store.record("a")) == {"old"}
    assert scene.sent == [] and not scene.run("a", "b", state="verified").changed


def test_window_of_a_record_that_was_edited_by_hand(scene: Scene) -> None:
    """Catches: a login in the minutes after a change by hand, because nobody wrote when it is in force."""
    record = replace(stored(age=timedelta(minutes=5)), effective_at=None, verified_at=None)
    scene.store.edit(a=record)
    done = scene.run("a")
    result = result_of(done, max_age=90 * DAY, now=NOW)
    assert (result["seconds_until_effective"], result["unverified"]) == (600, ["a"])
    assert (result["effective_at"], result["seconds_to_wait"], result["changed"]) == (
        "2026-11-23T13:10:00Z",
        601,
        False,
    )
    with pytest.raises(InputError, match="takes effect at 2026-11-23T13:10:00Z"):
        scene.run("a", state="verified")
    assert scene.store.record("a") == record


def test_window_of_a_record_without_dates(scene: Scene) -> None:
    """Catches: a test of a password of which nobody knows since when it is set; it is changed, and then tested."""
    scene.store.edit(a=Record(password=sealed("old"), staged_at=NOW))
    result = result_of(scene.run("a", max_age=None), max_age=None, now=NOW)
    assert (result["unverified"], result["accounts"][0]["action"]) == ([], "unchanged")
    done = scene.run("a")
    assert done.actions == {"a": "rotated"} and done.after["a"].waits_at(NOW)


def test_window_is_written_with_the_test(scene: Scene) -> None:
    """Catches: a record that is wrong after its test, because it was read in another way than it is written."""
    scene.store.edit(a=replace(stored(), effective_at=None, verified_at=None))
    assert scene.run("a", state="verified").actions == {"a": "verified"}
    record = scene.store.record("a")
    assert (record.effective_at, record.verified_at) == (NOW - DAY + WINDOW, NOW)


def test_failed_test_send_is_recorded(scene: Scene) -> None:
    """Catches: a failure that only the log of a job knows of, and that costs those their record that worked."""
    untested = replace(stored(), verified_at=None)
    scene.store.edit(a=untested, b=untested)
    for check_mode in (True, False):
        done = scene.run("a", "b", state="verified", failures={"b": "auth_rejected"}, check_mode=check_mode)
        assert done.actions == {"a": "verified", "b": "test_failed"} and done.changed
    assert scene.store.record("a") == replace(untested, verified_at=NOW)
    assert scene.store.record("b") == replace(untested, failed_at=NOW, failure="auth_rejected")
    scene.run("b", state="verified")
    assert scene.store.record("b") == replace(untested, verified_at=NOW)


@pytest.mark.parametrize(
    "record",
    [
        Record(),
        replace(stored(age=WINDOW / 2), verified_at=None),
        records.staged(replace(stored(), verified_at=None), sealed("new"), NOW),
    ],
    ids=["removed", "waiting", "staged"],
)
def test_failed_test_of_a_password_that_another_run_has_changed(scene: Scene, record: Record) -> None:
    """Catches: a failure that is recorded of a password that nobody has tested, or an error that costs the others."""
    scene.store.edit(a=record, b=replace(stored(), verified_at=None))
    done = scene.run("a", "b", state="verified", failures={"a": "auth_rejected"})
    assert done.actions == {"a": "unchanged", "b": "verified"}
    assert done.reasons["a"] == "its failed test is not recorded because its password has changed since"
    assert scene.store.record("a") == record


def test_order_of_the_result(scene: Scene) -> None:
    """Catches: accounts that come back in another order than they were asked for."""
    scene.store.edit(b=stored(), c=stored())
    assert list(scene.run("d", "c", "a", "b").after) == ["d", "c", "a", "b"]


def test_what_sends_is_imported_only_to_send() -> None:
    """Catches: a run in which nothing is due and that compiles all the code that it does not run.

    Ansible compiles a collection's files anew in each run.
    """
    package = "ansible_collections.mailops.smtp.plugins"
    sending = [
        f"{package}.plugin_utils.{name}"
        for name in ("_rotation.remote_calls", "_rotation.stage_and_send", "_store.edit", "_store.lock", "_threads")
    ]
    sending += [f"{package}.module_utils._provider.{name}" for name in ("answer", "retry", "rate_limit")]
    look = f"sys.exit(' '.join(set({sending!r}) & set(sys.modules)) or None)"
    code = f"import sys; sys.path[:] = {sys.path!r}; import {package}.action.smtp_account_password; {look}"
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
