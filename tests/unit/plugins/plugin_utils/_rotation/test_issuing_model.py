# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a provider that makes the passwords really has, beside the store and what runs, kills and hosts do to both."""

from __future__ import annotations

import contextlib
import json
import os
import random
import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider import issue as issuing
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Reply
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Request
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.plugins.module_utils._provider.http import NoAnswer
from ansible_collections.mailops.smtp.plugins.module_utils._provider.issue import Job
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change, Patience
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.answers import Answers
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.tests.unit.plugins.rotation_scene import WINDOW, FakeStore, Scene, opened

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
COMMON = {"name": "acme", "api_url": "https://acme.example", "credentials": {"api_key": ""}}
ISSUED = {"issued": {"secret": "password", "username": "username", "id": "id"}}
CREATE = {
    "flow": "create",
    "create_credential": {"method": "POST", "path": "/c", "body": {"name": "{label}"}},
    "delete_credential": {"method": "DELETE", "path": "/c/{id}"},
    "list_credentials": {"method": "GET", "path": "/c", "items": "data", "id": "id", "label": "name"},
}
REGENERATE = {"flow": "regenerate", "regenerate_password": {"method": "POST", "path": "/{account}", "body": {}}}
OUTCOMES = ("accepted", "accepted", "lost answer", "lost call", "late", "refused", "slow down", "odd")


class Killed(BaseException):
    """The run ends here: nothing of it is written any more."""


class Provider:
    """Has credentials by their IDs, each with its label and its secret; C(late) ones appear later."""

    def __init__(self, *, beside: bool) -> None:
        self.beside = beside
        self.there: dict[str, tuple[str, str]] = {}
        self.late: list[tuple[str, tuple[str, str]]] = []
        self.made, self.makes, self.deletes = 0, "accepted", True

    def send(self, request: Request, values: Mapping[str, str]) -> Reply:
        if request.method == "GET":
            return self.reply(200, data=[{"id": known, "name": label} for known, (label, _s) in self.there.items()])
        if request.method == "DELETE":
            if not self.deletes:
                return self.reply(500)
            return self.reply(204 if self.there.pop(values["id"], None) else 404)
        return self.make(values.get("label", ""))

    def make(self, label: str) -> Reply:
        if self.makes in ("refused", "slow down"):
            return self.reply(400 if self.makes == "refused" else 429)
        if self.makes == "lost call":
            raise NoAnswer("the connection was lost")
        self.made += 1
        known, secret = str(self.made), f"secret {self.made}"
        if self.beside and self.makes == "late":
            self.late.append((known, (label, secret)))
        else:
            self.there = {**(self.there if self.beside else {}), known: (label, secret)}
        if self.makes == "odd":
            return self.reply(200, id=known, username="u")
        if self.makes != "accepted":
            raise NoAnswer("the connection was lost")
        return self.reply(201, id=known, username=f"u{known}", password=secret)

    def reply(self, status: int, **body: Any) -> Reply:
        return Reply(status, {}, json.dumps(body))

    def arrive(self) -> None:
        self.there.update(self.late)
        self.late.clear()


class Issued(RuleBasedStateMachine):
    """Runs on one account, killed anywhere, and hosts that switch to what is stored and tested."""

    DATA: Mapping[str, Any] = CREATE

    def __init__(self) -> None:
        super().__init__()
        self.provider, self.used = Provider(beside=self.DATA is CREATE), ""
        self.folder = tempfile.TemporaryDirectory()
        log: list[str] = []
        self.scene = Scene(FakeStore(Path(self.folder.name) / "smtp.yml", log), log)
        self.scene.issue = self.issue  # type: ignore[method-assign]
        self.connection = Connection(build({**COMMON, **ISSUED, **self.DATA}), {"api_key": "key"}, 10, True)
        self.event = ""

    def teardown(self) -> None:
        try:
            self.healthy_runs_converge()
        finally:
            self.folder.cleanup()

    @property
    def record(self) -> Record:
        return self.scene.store.record("a")

    def issue(self, jobs: Mapping[str, Job]) -> Mapping[str, Change]:
        """Do as the module does, with the provider of this model."""
        if self.event == "before the call":
            raise Killed
        with (
            mock.patch.object(issuing, "client_of", return_value=self.provider),
            mock.patch.object(issuing._Work, "_now", return_value=self.scene.now),
        ):
            found = issuing.issue(self.connection, jobs, patience=Patience(0, 60), concurrency=1)
        if self.event == "after the call":
            raise Killed
        return Answers(found)

    def run(self, **options: Any) -> None:
        beside = self.DATA is CREATE
        with contextlib.suppress(Killed, InputError):
            self.scene.run("a", **{"issued": True, "beside": beside, "keep_old": DAY, "max_age": 30 * DAY, **options})

    @rule(
        rotate=st.sampled_from(["always", "when_due", "never"]),
        keep_old=st.sampled_from([timedelta(0), DAY]),
        state=st.sampled_from(["present", "present", "present", "staged"]),
        makes=st.sampled_from(OUTCOMES),
        deletes=st.sampled_from([True, True, False]),
        event=st.sampled_from(["", "", "", "before the call", "after the call"]),
    )
    def rotates(self, *, makes: str, deletes: bool, event: str, **options: Any) -> None:
        self.provider.makes, self.provider.deletes, self.event = makes, deletes, event
        self.run(**options)

    @rule(minutes=st.integers(0, 90) | st.integers(1440, 50000))
    def time_passes(self, minutes: int) -> None:
        # No call is on its way for so long.
        if minutes > 10:
            self.provider.arrive()
        self.scene.now += minutes * MINUTE

    @rule()
    def a_late_call_lands(self) -> None:
        self.provider.arrive()

    @rule()
    def is_tested(self) -> None:
        self.run(state="verified")

    @rule()
    def hosts_switch(self) -> None:
        if self.record.is_verified:
            self.used = self.record.credential_id or ""

    @rule()
    def is_settled(self) -> None:
        if self.used and self.used == self.record.credential_id:
            self.run(state="settled")

    @invariant()
    def what_is_stored_works(self) -> None:
        record = self.record
        if record.password is None or (self.DATA is REGENERATE and record.is_begun):
            return
        secrets = {known: secret for known, (_label, secret) in self.provider.there.items()}
        assert secrets.get(record.credential_id or "") == opened(record.password)

    @invariant()
    def what_hosts_use_is_there(self) -> None:
        assert self.DATA is REGENERATE or not self.used or self.used in self.provider.there

    @invariant()
    def nothing_is_forgotten(self) -> None:
        record = self.record
        labels = {f"mailops-{label.lower()}" for label in record.requests}
        for known, (label, _secret) in [*self.provider.there.items(), *self.provider.late]:
            assert known in (record.credential_id, record.previous_id) or label in labels or record.is_begun

    def healthy_runs_converge(self) -> None:
        self.provider.arrive()
        self.provider.makes, self.provider.deletes, self.event = "accepted", True, ""
        for _n in range(4):
            self.run(rotate="when_due")
            self.scene.now += WINDOW
            self.is_tested()
            self.hosts_switch()
            self.is_settled()
            self.scene.now += 2 * DAY
        record = self.record
        assert not record.is_begun and record.is_verified and record.previous_id is None
        assert [*self.provider.there] == [record.credential_id]


class Regenerated(Issued):
    """The same, where a new password replaces the old one."""

    DATA = REGENERATE


SEED = int(os.environ.get("ROTATIONS_SEED") or random.SystemRandom().randrange(2**32))
CHOSEN = settings(database=None, deadline=None, max_examples=25, stateful_step_count=20, print_blob=True)


def test_no_credential_is_lost_forgotten_or_deleted_in_use() -> None:
    """Catches: an order of outcomes, kills, tests and switches after which hosts cannot log in, or an orphan stays.

    Another sequence each time; ROTATIONS_SEED in the environment repeats one that failed.
    """
    print(f"ROTATIONS_SEED={SEED}")
    run_state_machine_as_test(seed(SEED)(Issued), settings=CHOSEN)


def test_no_password_in_force_is_taken_for_another() -> None:
    """Catches: a stored password that is said to be in force although the provider has replaced it."""
    print(f"ROTATIONS_SEED={SEED}")
    run_state_machine_as_test(seed(SEED)(Regenerated), settings=CHOSEN)
