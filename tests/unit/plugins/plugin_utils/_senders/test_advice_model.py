# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts, what they have deployed and what the provider really has in force, beside runs that stop and meet anywhere."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.advice import Advice, Step, Wish
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.pairs import check_changes, not_at_rest
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.switching import Request, judged
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import record as records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import sender as sender_records
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import Document
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sections import ACCOUNTS, SENDERS
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.spans import Entry, Part, Span
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NOW

WINDOW = timedelta(minutes=15)
HOSTS = 3
RUNS = st.sampled_from([0, 1])
ALWAYS, NEVER, DUE = Wish("always", None), Wish("never", None), Wish("when_due", timedelta(days=90))


@dataclass
class Run:
    """What one run knows: its last look at the sender, and what it has deployed and tested, on which hosts."""

    advice: Advice | None = None
    deployed: sender_records.Sender | None = None
    done: frozenset[int] = frozenset()


class Fleet(RuleBasedStateMachine):
    """One sender. Each rule is one effect of a run, so a run that dies is one of which no rule is drawn any more."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.records = {name: self.proved(name) for name in "ab"}
        self.landed = {name: [(NOW - WINDOW, f"{name} first")] for name in "ab"}
        self.pair = sender_records.adopted("a", "b", self.records["b"], NOW)
        self.hosts = [("a", "a first")] * HOSTS
        self.runs = [Run(), Run(), Run()]
        self.made = 0

    def proved(self, name: str) -> Record:
        at = NOW - timedelta(days=100)
        return Record(f"{name} first", changed_at=at, effective_at=at, verified_at=at)

    def in_force(self, account: str) -> str:
        return next(password for since, password in reversed(self.landed[account]) if since <= self.now)

    def ask(self, state: str, wish: Wish = ALWAYS, deployed: sender_records.Sender | None = None) -> Advice | None:
        """Do what a task of the module does to the store, and return what it tells; None if it refuses."""
        span = Span(0, 1)
        known: dict[str, dict[str, Any]] = {ACCOUNTS.key: self.records, SENDERS.key: {"s": self.pair}}
        parts = {
            key: Part({name: Entry(span, {}, 2, 4, True, item) for name, item in entries.items()}, span)
            for key, entries in known.items()
        }
        told = {"s": deployed} if deployed else {}
        try:
            done = judged(Request({"s": ("a", "b")}, state, wish, 0, told), Document(parts=parts), self.now)
        except InputError:
            return None
        self.pair = done.after["s"]
        return done.advice["s"]

    @rule(seconds=st.sampled_from([0, 1, 60, 900, 901, 100 * 86400]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(run=RUNS, wish=st.sampled_from([ALWAYS, DUE, NEVER]))
    def looks(self, run: int, wish: Wish) -> None:
        self.runs[run] = Run(self.ask("present", wish))

    @rule(run=RUNS, end=st.sampled_from(["accepted", "lost answer", "lost call", "refused"]), delay=st.integers(0, 900))
    def changes(self, run: int, end: str, delay: int) -> None:
        """Rotate or resend what the run was told, however long ago; the store is looked at again in the lock."""
        advice = self.runs[run].advice
        if advice is None or advice.step not in (Step.ROTATE, Step.FINISH) or advice.account is None:
            return
        self.change(advice.account, always=advice.step is Step.ROTATE, only_at_rest=True, end=end, delay=delay)

    @rule(account=st.sampled_from("ab"), end=st.sampled_from(["accepted", "lost answer", "lost call"]))
    def somebody_rotates_the_account_at_rest(self, account: str, end: str) -> None:
        """Rotate by hand, without a look at the sender; in use it would be a rotation in place, which needs a hold."""
        if account != self.pair.in_use:
            self.change(account, always=True, only_at_rest=False, end=end, delay=900)

    def change(self, account: str, *, always: bool, only_at_rest: bool, end: str, delay: int) -> None:
        record = self.records[account]
        staged = record.staged_password
        if staged is None and (not always or (only_at_rest and not_at_rest(self.senders, self.record, [account]))):
            return
        new, again = ([], [account]) if staged else ([account], [])
        try:
            check_changes(self.senders, self.record, new=new, again=again, now=self.now)
        except InputError:
            return
        if staged is None:
            self.made += 1
            staged = f"{account} {self.made}"
            record = records.staged(record, staged, self.now)
        if end in ("accepted", "lost answer"):
            since = max([self.now + timedelta(seconds=delay), *(at for at, _password in self.landed[account])])
            self.landed[account].append((since, staged))
        if end == "accepted":
            record = records.accepted(record, staged, self.now, WINDOW)
        if end == "refused":
            record = records.refused(record, staged, doubt=bool(again))
        self.records[account] = record

    @property
    def senders(self) -> dict[str, sender_records.Sender]:
        return {"s": self.pair}

    def record(self, account: str) -> Record:
        return self.records[account]

    @rule(run=RUNS)
    def tests(self, run: int) -> None:
        advice = self.runs[run].advice
        if advice is None or advice.step is not Step.FINISH or advice.account is None:
            return
        record = self.records[advice.account]
        testable = record.staged_password is None and not record.waits_at(self.now)
        if testable and self.in_force(advice.account) == record.password:
            self.records[advice.account] = records.verified(record, self.now)

    @rule(run=RUNS)
    def switches(self, run: int) -> None:
        before = self.pair
        told = self.ask("switched")
        if told and self.pair != before:
            assert self.in_force(self.pair.in_use or "") == self.records[self.pair.in_use or ""].password
            self.runs[run] = Run(told)

    @rule(run=RUNS, host=st.integers(0, HOSTS - 1))
    def deploys(self, run: int, host: int) -> None:
        """Deploy what the store says at this moment to one host, and log in from there."""
        account = self.pair.in_use or ""
        loaded = sender_records.Sender(in_use=account, switched_at=self.pair.switched_at)
        if self.runs[run].deployed != loaded:
            self.runs[run].deployed, self.runs[run].done = loaded, frozenset()
        self.hosts[host] = (account, self.records[account].password or "")
        if self.in_force(account) == self.hosts[host][1]:
            self.runs[run].done |= {host}

    @rule(run=RUNS)
    def settles(self, run: int) -> None:
        if len(self.runs[run].done) == HOSTS:
            self.ask("settled", deployed=self.runs[run].deployed)

    @rule(until=st.sampled_from([*Step]), end=st.sampled_from(["accepted", "accepted", "lost answer"]))
    def one_run_goes_on_alone(self, until: Step, end: str) -> None:
        """Take steps in a row until one comes that it does not take; without this most orders come to nothing."""
        for _n in range(6):
            advice = self.ask("present", ALWAYS)
            if advice is None or advice.step is until:
                return
            self.one_step(ALWAYS, end)

    @invariant()
    def every_host_can_send(self) -> None:
        for account, password in self.hosts:
            assert self.in_force(account) == password
            assert all(later == password for since, later in self.landed[account] if since > self.now)

    @invariant()
    def no_host_uses_the_account_at_rest(self) -> None:
        assert self.pair.is_whole and self.pair.at_rest not in {account for account, _password in self.hosts}

    @invariant()
    def healthy_runs_converge(self) -> None:
        saved = self.now, dict(self.records), {k: list(v) for k, v in self.landed.items()}, self.pair, list(self.hosts)
        runs, made = [Run(one.advice, one.deployed, one.done) for one in self.runs], self.made
        for _n in range(12):
            self.one_step(NEVER)
        last = self.ask("present", NEVER)
        assert last is not None and last.step is Step.NOTHING and self.pair.at_rest is not None
        self.now, self.records, self.landed, self.pair, self.hosts = saved
        self.runs, self.made = runs, made

    def one_step(self, wish: Wish, end: str = "accepted") -> None:
        """Do what a run of the role does next, and wait for the window."""
        advice = self.ask("present", wish)
        assert advice is not None
        self.runs[2] = Run(advice)
        if advice.step in (Step.ROTATE, Step.FINISH):
            self.change(advice.account or "", always=advice.step is Step.ROTATE, only_at_rest=True, end=end, delay=0)
            self.now += WINDOW
            self.tests(2)
        elif advice.step is Step.SWITCH:
            self.switches(2)
        elif advice.step is Step.SETTLE:
            for host in range(HOSTS):
                self.deploys(2, host)
            self.settles(2)


SEED = int(os.environ.get("SENDERS_SEED") or random.SystemRandom().randrange(2**32))


def test_any_order_of_runs_and_crashes_leaves_every_host_an_account_that_works() -> None:
    """Catches: an order of looks, changes, switches and deployments after which a host cannot send.

    Another order each time; SENDERS_SEED in the environment repeats one that failed.
    """
    print(f"SENDERS_SEED={SEED}")
    chosen = settings(database=None, deadline=None, max_examples=100, stateful_step_count=30, print_blob=True)
    run_state_machine_as_test(seed(SEED)(Fleet), settings=chosen)


def test_run_that_confirms_what_was_switched_to_and_fro_meanwhile() -> None:
    """Catches: an account that is put at rest while hosts use it, because it was not in use when they were deployed."""
    fleet = Fleet()
    for host in range(HOSTS):
        fleet.deploys(1, host)
    fleet.somebody_rotates_the_account_at_rest("b", "accepted")
    fleet.one_run_goes_on_alone(Step.NOTHING, "accepted")
    assert fleet.pair.in_use == "a" and {account for account, _password in fleet.hosts} == {"b"}
    fleet.settles(1)
    fleet.no_host_uses_the_account_at_rest()
    assert fleet.pair.leaving == "b"


def test_run_that_looked_before_another_one_switched() -> None:
    """Catches: a slow run that gives a new password to the account which is in use by then."""
    fleet = Fleet()
    fleet.looks(1, ALWAYS)
    for wish in (ALWAYS, ALWAYS, ALWAYS, ALWAYS, NEVER):
        fleet.one_step(wish)
    assert fleet.pair.in_use == "b" and fleet.runs[1].advice is not None and fleet.runs[1].advice.account == "b"
    fleet.changes(1, "accepted", 0)
    fleet.every_host_can_send()
