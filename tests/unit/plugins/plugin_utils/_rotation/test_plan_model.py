# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the provider really has in force, beside the record and what runs, kills, edits and test sends do to it."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import datetime, timedelta, timezone

from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from ansible_collections.mailops.smtp.plugins.module_utils._provider import retry
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, Meaning
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Patience
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.outcome import settled
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.plan import Step, Wish, decide
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import record as records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record

NOW = datetime(2026, 11, 23, 13, tzinfo=timezone.utc)
WINDOW = timedelta(minutes=15)
DAY = timedelta(days=1)
AGE = 90 * DAY
DUE, ALWAYS, NEVER = Wish("when_due", AGE), Wish("always", None), Wish("never", AGE)
GIVEN = Wish("when_due", AGE, explicit=True)
LANDS = {"accepted": (Kind.ACCEPTED, True), "lost answer": (Kind.UNKNOWN, True), "lost call": (Kind.UNKNOWN, False)}
STAYS = {"policy": Kind.REFUSED_VALUE, "keys": Kind.REFUSED_ACCESS, "slow down": Kind.THROTTLED}
ATTEMPTS = st.lists(st.sampled_from([*LANDS, *STAYS, "killed, landed", "killed, lost"]), min_size=4, max_size=4)
SECONDS = st.integers(0, 1000)


class Killed(Exception):
    """The run ends here: nothing of it is written any more."""


class Rotations(RuleBasedStateMachine):
    """Runs on one account, killed anywhere, against a provider that puts a change in force within the window."""

    def __init__(self) -> None:
        super().__init__()
        self.record = Record()
        self.now = NOW
        self.plain: dict[str, str] = {}
        self.landed: list[tuple[datetime, str]] = []

    @initialize(imported=st.booleans(), dated=st.booleans())
    def begin(self, *, imported: bool, dated: bool) -> None:
        if imported:
            self.record = Record(password=self.encrypted("first"), changed_at=NOW - DAY if dated else None)
            self.landed = [(NOW - DAY, "first")]

    def encrypted(self, plain: str) -> str:
        ciphertext = f"{plain}/{len(self.plain)}"
        self.plain[ciphertext] = plain
        return ciphertext

    def kept(self) -> set[str]:
        of = self.record
        values = (of.password, of.previous_password, of.staged_password, *of.doubtful_passwords)
        return {self.plain[value] for value in values if value}

    def in_force(self, moment: datetime) -> str | None:
        return next((plain for since, plain in reversed(self.landed) if since <= moment), None)

    def attempted(self, ciphertext: str, outcome: str, delay: int) -> Meaning:
        kind, lands = LANDS.get(outcome, (STAYS.get(outcome, Kind.UNKNOWN), outcome == "killed, landed"))
        if lands:
            since = self.now + timedelta(seconds=delay % 900)
            self.landed.append((max([since, *(moment for moment, _plain in self.landed)]), self.plain[ciphertext]))
        if outcome.startswith("killed"):
            raise Killed
        return Meaning(kind=kind, message=outcome)

    def run(self, wish: Wish, given: str | None, outcomes: list[str], delay: int, event: str) -> None:
        """Run once; the event is where the run is killed, or that an editor undoes the staging during the call."""
        found = self.record
        plain = {name: self.plain.get(getattr(self.record, name)) for name in ("password", "staged_password")}
        wish = replace(wish, explicit=given is not None)
        wish = replace(wish, is_current=given == plain["password"], is_staged=given == plain["staged_password"])
        plan = decide(self.record, wish, self.now)
        if plan.step is Step.NOTHING or event == "before staging":
            return
        if plan.step is Step.NEW:
            new = self.encrypted(given or f"made{len(self.plain)}")
            self.record = records.staged(self.record, new, self.now)
        ciphertext = self.record.staged_password
        if wish.only_stage or ciphertext is None or event == "after staging":
            return
        left = iter(outcomes)
        try:
            change = retry.change(
                lambda: self.attempted(ciphertext, next(left), delay),
                patience=Patience(retries=3, ceiling=120),
                sleep=self.advance,
                now=self.now.timestamp,
            )
        except Killed:
            return
        if event == "before the commit":
            return
        before = plan.step is Step.RESEND
        record = found if event == "undone" else self.record
        self.record = settled(record, ciphertext, change, before=before, now=self.now, propagation=WINDOW)

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(seconds=SECONDS | st.integers(86400, 100 * 86400))
    def time_passes(self, seconds: int) -> None:
        self.advance(seconds)

    @rule(
        wish=st.sampled_from([DUE, ALWAYS, NEVER, replace(DUE, only_stage=True), replace(ALWAYS, only_stage=True)]),
        outcomes=ATTEMPTS,
        delay=SECONDS,
        event=st.sampled_from(["", "", "", "before staging", "after staging", "before the commit", "undone"]),
    )
    def rotates(self, wish: Wish, outcomes: list[str], delay: int, event: str) -> None:
        self.run(wish, None, outcomes, delay, event)

    @rule(
        given=st.sampled_from(["first", "one", "two"]),
        outcomes=ATTEMPTS,
        delay=SECONDS,
        event=st.sampled_from(["", "undone"]),
    )
    def sets_a_given_password(self, given: str, outcomes: list[str], delay: int, event: str) -> None:
        self.run(GIVEN, given, outcomes, delay, event)

    @rule()
    def is_tested(self) -> None:
        record = self.record
        if record.staged_password is not None or record.password is None or record.waits_at(self.now):
            return
        if self.in_force(self.now) == self.plain[record.password]:
            self.record = records.verified(record, self.now)

    @invariant()
    def no_password_is_lost(self) -> None:
        now_and_later = {self.in_force(self.now), *(plain for since, plain in self.landed if since > self.now)}
        assert now_and_later - {None} <= self.kept()

    @invariant()
    def healthy_runs_converge(self) -> None:
        saved = self.record, self.now, list(self.landed), dict(self.plain)
        for _n in range(3):
            self.run(DUE, None, ["accepted"], 0, "")
            self.advance(900)
            self.is_tested()
        assert self.record.password is not None and not self.record.doubtful_passwords
        assert self.record.state_at(self.now) == "verified"
        assert self.in_force(self.now) == self.plain[self.record.password]
        self.record, self.now, self.landed, self.plain = saved


SEED = int(os.environ.get("ROTATIONS_SEED") or random.SystemRandom().randrange(2**32))


def test_any_sequence_of_runs_and_tests_keeps_the_password_in_force() -> None:
    """Catches: an order of requests, outcomes, kills and test sends after which no stored value logs in.

    Another sequence each time; ROTATIONS_SEED in the environment repeats one that failed.
    """
    print(f"ROTATIONS_SEED={SEED}")
    chosen = settings(database=None, deadline=None, max_examples=300, stateful_step_count=25, print_blob=True)
    run_state_machine_as_test(seed(SEED)(Rotations), settings=chosen)
