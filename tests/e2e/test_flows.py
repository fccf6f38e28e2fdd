# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module with providers that make the passwords: what is theirs alone, proved at the provider."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.faults import Fault
from support.controller import Ended
from support.flows import AHASEND, AHASEND_ONCE
from support.long import cases
from support.scene import OLD, Scene, a_scene

SET = "Set the passwords"
PROVIDERS = ["ahasend", "cloudflare"]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A provider that creates credentials."""
    with a_scene("ahasend", tmp_path) as made:
        yield made


@pytest.fixture
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    """One of the providers that make the passwords."""
    with a_scene(request.param, tmp_path) as made:
        yield made


def tasks(scene: Scene, *many: dict[str, Any]) -> list[dict[str, Any]]:
    """Run a task for each set of options in one play, which has to succeed, and return their results."""
    named = [
        {"name": f"task {number}", "mailops.smtp.smtp_account_password": scene.options(**over)}
        for number, over in enumerate(many)
    ]
    ended = scene.controller.tasks(named)
    assert ended.code == 0, ended.output
    return [ended.result(f"task {number}") for number in range(len(many))]


def actions(results: list[dict[str, Any]]) -> list[str]:
    return [result["accounts"][0]["action"] for result in results]


def test_old_credential_works_until_every_host_has_left_it(scene: Scene) -> None:
    """Catches: an old credential deleted while a host has it, or one that is never deleted."""
    now, always = {"keep_old": "0"}, {"rotate": "always", "keep_old": "0"}
    first, second = tasks(scene, now, {**always})
    before, after = first["accounts"][0]["username"], second["accounts"][0]["username"]
    record = scene.controller.decrypted()[scene.one]
    assert (record["username"], record["previous_username"]) == (after, before) and before != after
    old = (before, record["previous_password"])
    # Not tested, not settled: nothing is deleted, and no third one is made.
    hindered, kept, verified, settled, waits, retired = tasks(
        scene, always, now, {"state": "verified"}, {"state": "settled"}, {"keep_old": "1h"}, {"state": "staged", **now}
    )
    assert actions([hindered, kept, verified, settled, waits, retired]) == [
        *("unchanged", "unchanged", "verified", "settled", "unchanged", "unchanged")
    ]
    assert "a host may still use the credential before it" in hindered["accounts"][0]["reason"]
    assert "is kept until" in waits["accounts"][0]["reason"] or waits["accounts"][0]["action"] == "unchanged"
    assert scene.login(*old) == scene.stored_login(scene.one) == 235
    assert scene.provider.record.deletions() == []
    retired, again = tasks(scene, now, now)
    assert actions([retired, again]) == ["retired", "unchanged"]
    assert (scene.login(*old), scene.stored_login(scene.one)) == (535, 235)
    assert len(scene.provider.record.deletions(scene.one)) == 1
    # What was there before is not ours.
    assert scene.first_login(scene.one) == 235
    assert not {"previous_id", "previous_username"} & set(scene.controller.decrypted()[scene.one])


@pytest.mark.parametrize("either", cases(PROVIDERS, short=["cloudflare"]), indirect=True)
def test_answer_that_was_lost(either: Scene) -> None:
    """Catches: a second password made at once, one that is left at the provider, a request that is forgotten."""
    own = {"provider": None, "provider_definition": AHASEND} if either.profile.flow == "create" else {}
    either.provider.faults.push(Fault(kind="reset", when="after", operation=None, skip=0, account=either.one))
    ended = either.rotate(retries=3, **own)
    result = ended.result(SET)
    assert ended.code != 0 and result["accounts"][0]["action"] == "unknown"
    assert "The next run requests another new one" in result["msg"]
    assert len(either.provider.record.changes(either.one)) == 1
    record = either.controller.decrypted()[either.one]
    assert len(record["requests"]) == 1 and "password" not in record
    lost = either.newest(either.one)
    (told,) = tasks(either, own)
    assert told["accounts"][0]["action"] == "recovered"
    assert either.stored_login(either.one) == 235
    assert either.newest(either.one) == either.controller.decrypted()[either.one]["password"] != lost
    # Nothing is left of the one whose password nobody knows.
    assert len(either.provider.accounts.credentials(either.one)) == (2 if own else 1)


def test_answer_that_was_lost_is_asked_for_again_with_the_same_key(scene: Scene) -> None:
    """Catches: another credential where the provider would have told the first one again."""
    scene.provider.faults.push(Fault(kind="reset", when="after", account=scene.one))
    (told,) = tasks(scene, {"provider": None, "provider_definition": AHASEND_ONCE, "retries": 1})
    assert told["accounts"][0]["action"] == "rotated"
    assert scene.stored_login(scene.one) == 235
    assert len(scene.provider.record.changes()) == 1 and len(scene.changes()) == 2


@pytest.mark.parametrize("either", cases(PROVIDERS, short=["ahasend"]), indirect=True)
def test_staged_is_an_intent_and_present_requests_it(either: Scene) -> None:
    """Catches: a call by state=staged, an intent that is not on disk, or that makes two passwords."""
    staged, again = tasks(either, {"state": "staged"}, {"state": "staged"})
    assert actions([staged, again]) == ["staged", "unchanged"]
    assert either.provider.record.api_calls() == []
    assert len(either.controller.decrypted()[either.one]["requests"]) == 1
    (present,) = tasks(either, {})
    assert actions([present]) == ["recovered"] and len(either.provider.record.changes(either.one)) == 1
    assert either.stored_login(either.one) == 235


def test_new_credential_is_not_used_before_its_window_is_over(scene: Scene) -> None:
    """Catches: a test recorded, or hosts called settled, while the new credential does not work yet."""
    scene.provider.accounts.propagation = 600.0
    words = {"present": None, "verified": "takes effect at", "settled": "was not tested"}
    options = scene.options(propagation_seconds=600)
    named: list[dict[str, Any]] = [
        {"name": state, "ignore_errors": True, "mailops.smtp.smtp_account_password": {**options, "state": state}}
        for state in words
    ]
    ended = scene.controller.tasks(named)
    assert ended.result("present")["seconds_until_effective"] > 500
    assert all(part in ended.result(state)["msg"] for state, part in words.items() if part)
    assert (scene.stored_login(scene.one), scene.first_login(scene.one)) == (535, 235)


# Each with what the task is given, what the provider has or does before, and what the user is told.
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "calls of two flows": (
        {"provider": None, "provider_definition": {**AHASEND, "set_password": {"method": "PUT", "path": "/{account}"}}},
        "provider_definition.set_password: belongs to the flow set, but flow is create",
    ),
    "no place for the secret": (
        {"provider": None, "provider_definition": {**AHASEND, "issued": {"username": "username", "id": "id"}}},
        "provider_definition.issued.secret: is required",
    ),
    "no way to delete it": (
        {"provider": None, "provider_definition": {k: v for k, v in AHASEND.items() if k != "delete_credential"}},
        "provider_definition.delete_credential: is required with flow create",
    ),
    "one at a time": (
        {"provider": None, "provider_definition": {**AHASEND, "limit": {"credentials": 1}}},
        "provider_definition.limit.credentials: flow create needs two credentials side by side: the old one works "
        "until every host has the new one",
    ),
    "given password": (
        {"password": "Chosen-by-hand-0123"},
        "password: ahasend makes the passwords itself; remove the option",
    ),
    "missing setting": (
        {"provider_settings": {}},
        "provider_settings.account_id: is missing or empty; ahasend needs it",
    ),
    "unknown setting": (
        {"provider_settings": {"acount_id": "1"}},
        "provider_settings: ahasend has no setting 'acount_id'; it has: account_id",
    ),
}


def test_bad_input_changes_nothing(scene: Scene) -> None:
    """Catches: bad input that is accepted, explained badly, or noticed only after something has changed."""
    named = [
        {"name": name, "mailops.smtp.smtp_account_password": scene.options(**options), "ignore_errors": True}
        for name, (options, _words) in BAD.items()
    ]
    ended = scene.controller.tasks(named)
    assert {name: ended.result(name)["msg"] for name in BAD} == {name: words for name, (_options, words) in BAD.items()}
    assert scene.provider.record.events() == [] and not scene.controller.store.exists()


def refused(scene: Scene, **over: Any) -> str:
    """Run a task that has to fail, and return its message."""
    ended: Ended = scene.rotate(provider=None, provider_definition=AHASEND, retries=0, keep_old="0", **over)
    assert ended.code != 0
    message: str = ended.result(SET)["msg"]
    return message


def test_limit_that_is_reached_names_what_is_there_and_deletes_nothing(scene: Scene) -> None:
    """Catches: a credential of somebody else's deleted to make room, or a limit that nobody understands."""
    accounts = scene.provider.accounts
    scene.provider.api.most_credentials = 2
    accounts.create(scene.one, f"{scene.one} of the billing system")
    before = [one.id for one in accounts.credentials()]
    message = refused(scene)
    assert (
        "ahasend answered 400: The limit of 2 SMTP credentials is reached. No more credentials are possible." in message
    )
    assert "this collection deletes only what it made. No new password was made" in message
    assert all(one in message for one in before)
    assert [one.id for one in accounts.credentials()] == before and not scene.controller.store.exists()


def test_two_with_the_same_label_are_left_to_somebody_who_knows(scene: Scene) -> None:
    """Catches: the wrong one of two credentials deleted."""
    scene.provider.faults.push(Fault(kind="reset", when="after"))
    refused(scene)
    (label,) = scene.controller.decrypted()[scene.one]["requests"]
    copy, _password = scene.provider.accounts.create(scene.one, f"{scene.one} mailops-{label.lower()}, copied")
    before = scene.controller.store.read_text(), len(scene.provider.accounts.credentials())
    message = refused(scene)
    assert "two credentials, " in message and copy.id in message
    assert "may come from the request of " in message
    assert "delete the one that nobody uses at the provider, then run again" in message
    assert len(scene.provider.accounts.credentials()) == before[1] and scene.provider.record.deletions() == []
    assert label in scene.controller.decrypted()[scene.one]["requests"]
    scene.provider.accounts.delete(copy.id)
    assert scene.rotate(provider=None, provider_definition=AHASEND).code == 0
    assert len(scene.provider.accounts.credentials(scene.one)) == 2


@pytest.mark.parametrize(
    ("either", "status"),
    cases(itertools.product(PROVIDERS, [401, 403]), short=[("cloudflare", 401), ("ahasend", 403)]),
    indirect=["either"],
)
def test_keys_that_have_expired_or_are_not_enough(either: Scene, status: int) -> None:
    """Catches: keys that are refused and leave a request behind, or that are tried for every account."""
    if status == 401:
        ended = either.rotate(accounts=[either.one, either.two], api_key="expired", concurrency=1)
    else:
        either.provider.api.ip_authorised = False
        ended = either.rotate(accounts=[either.one, either.two], concurrency=1)
    message = ended.result(SET)["msg"]
    assert ended.code != 0 and f"{either.profile.provider} answered {status}" in message
    assert len(either.provider.record.api_calls()) == 1 and OLD not in message
    assert not either.controller.store.exists()
