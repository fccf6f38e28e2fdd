# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.parallel import MOST_FAILURES, NOT_SENT, NOT_TAKEN
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.tests.unit.plugins.rotation_scene import DAY, Scene, came_to, sealed, stored

NAMES = [f"{number}.acme.smtp" for number in range(1, 241)]
FIRST = 128


def states(scene: Scene) -> set[str]:
    """Return what the accounts' records have."""
    return {("staged" if record.staged_password else "settled") for record in records(scene).values()}


def records(scene: Scene) -> dict[str, Record]:
    """Return what the store keeps of each account."""
    document = parse(scene.store.text or "", scene.store.name)
    return {name: document.record(name) for name in NAMES}


def test_a_batch_is_on_disk_before_it_is_sent_and_settled_before_the_next(scene: Scene) -> None:
    """Catches: a password that is sent before it is stored, or a batch that is settled at the very end only.

    The scene itself holds each password that is sent against the store.
    """
    done = scene.run(*NAMES)
    writes = [line for line in scene.log if line.startswith(("write", "send"))]
    assert len(scene.sent) > 1 and len(writes) == 2 * len(scene.sent) + 1
    assert [name for batch in scene.sent for name in batch] == NAMES
    second = writes[2]
    assert second.count("waiting") == FIRST and second.count("staged") == len(scene.sent[1])
    assert set(done.actions.values()) == {"rotated"} and states(scene) == {"settled"}
    assert scene.made == len(NAMES)
    assert list(done.taken) == NAMES, "a wait that is a second longer than it has to be"


def test_progress_is_told_between_batches(scene: Scene) -> None:
    """Catches: no line, one after the last batch, or an account's name in it."""
    scene.run(*NAMES)
    assert len(scene.told) == len(scene.sent) - 1
    assert scene.told[0].startswith(f"mailops.smtp: {FIRST} of {len(NAMES)} accounts are done")
    scene.told.clear()
    scene.run("other.acme.smtp")
    assert scene.told == []


def test_dead_between_batches(scene: Scene) -> None:
    """Catches: accounts of a later batch that the store takes for staged, or those of an earlier one that are lost."""

    def die() -> None:
        if len(scene.sent) == 2:
            raise SystemExit

    scene.during_the_call = die
    with pytest.raises(SystemExit):
        scene.run(*NAMES)
    first, second = scene.sent
    for name, record in records(scene).items():
        assert (record.password is not None) == (name in first)
        assert (record.staged_password is not None) == (name in second)
    scene.during_the_call = lambda: None
    done = scene.run(*NAMES, max_age=90 * DAY)
    assert {name for name, action in done.actions.items() if action == "recovered"} == set(second)
    assert states(scene) == {"settled"}
    again = {name: plain for batch in scene.sent[2:] for name, plain in batch.items()}
    assert {name: again[name] for name in second} == second


def test_what_was_found_staged_is_sent_first(scene: Scene) -> None:
    """Catches: a recovery that has to wait for new passwords, and may not be reached."""
    scene.store.edit(**{NAMES[-1]: Record(staged_password=sealed("from before"))})
    scene.run(*NAMES)
    assert next(iter(scene.sent[0].items())) == (NAMES[-1], "from before")


@pytest.mark.parametrize(
    "halt",
    [
        Change(Kind.REFUSED_ACCESS, doubt=False, sent=True, message="wrong keys", stop=True),
        Change(Kind.REFUSED_ACCESS, doubt=False, sent=False, message="requests is missing"),
    ],
)
def test_a_refusal_of_the_keys_ends_it(scene: Scene, halt: Change) -> None:
    """Catches: thousands of calls with keys that the provider has refused, or accounts of which nothing is told."""
    old = stored("old", age=100 * DAY)
    scene.store.edit(**dict.fromkeys(NAMES, old))
    scene.answers[NAMES[5]] = halt
    done = scene.run(*NAMES)
    assert len(scene.sent) == 1
    rest = NAMES[FIRST:]
    assert {done.actions[name] for name in rest} == {"refused"}
    assert {done.reasons[name] for name in rest} == {NOT_SENT.message if halt.sent else halt.message}
    assert {record for name, record in records(scene).items() if name in rest} == {old}


def test_a_batch_without_an_answer_does_not_stop_the_next(scene: Scene) -> None:
    """Catches: a module that died in the middle of a long list, and with it all that had not begun."""
    scene.answers = {name: came_to(Kind.UNKNOWN) for name in NAMES[:FIRST]}
    done = scene.run(*NAMES)
    assert {done.actions[name] for name in NAMES[:FIRST]} == {"unknown"}
    assert {done.actions[name] for name in NAMES[FIRST:]} == {"rotated"}


def test_a_provider_that_is_down_is_left_alone(scene: Scene) -> None:
    """Catches: a count that begins anew with every batch, each of which is shorter; and a staged value that is lost."""
    waiting = Record(staged_password=sealed("from before"))
    scene.store.edit(**dict.fromkeys(NAMES, waiting))
    scene.calling = 48.0
    scene.answers = {name: came_to(Kind.UNKNOWN) for name in NAMES[FIRST - 5 :]}
    done = scene.run(*NAMES)
    sizes = [len(batch) for batch in scene.sent]
    rest = NAMES[sum(sizes) :]
    assert (
        sizes[0] == FIRST
        and len(sizes) > 1
        and max(sizes[1:]) < MOST_FAILURES
        and MOST_FAILURES <= 5 + sum(sizes[1:]) < 40
    )
    assert {(done.actions[name], done.reasons[name]) for name in rest} == {("unknown", NOT_TAKEN.message)}
    assert {record for name, record in records(scene).items() if name in rest} == {waiting}


def test_a_provider_that_comes_back_is_not_left_alone(scene: Scene) -> None:
    """Catches: accounts that are counted though others were taken between them."""
    scene.calling = 48.0
    scene.answers = {name: came_to(Kind.UNKNOWN) for name in NAMES[::2]}
    done = scene.run(*NAMES)
    assert len(scene.sent) > 3 and set(done.actions.values()) == {"rotated", "unknown"}


def test_a_limit_that_is_told_shapes_the_next_batches(scene: Scene) -> None:
    """Catches: a limit that nobody hands on to what decides how many accounts go at a time."""
    scene.calling, scene.allowed = 7.0, 19.6
    scene.run(*[f"{number}.acme.smtp" for number in range(400)])
    assert [len(batch) for batch in scene.sent] == [FIRST, 120, 400 - FIRST - 120]


def test_staging_alone_is_one_write(scene: Scene) -> None:
    """Catches: only the first batch staged where nothing is sent."""
    scene.run(*NAMES, state="staged")
    assert scene.sent == [] and states(scene) == {"staged"}
    assert sum(line.startswith("write") for line in scene.log) == 1


def test_given_passwords_keep_their_accounts(scene: Scene) -> None:
    """Catches: a password of one account that is encrypted beside others and ends with another account."""
    given = {name: f"given to {name}" for name in NAMES}
    scene.run(*NAMES, explicit=given)
    assert {name: plain for batch in scene.sent for name, plain in batch.items()} == given
