# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rotations killed at random, where the provider makes the passwords: the credential in use works at every moment."""

from __future__ import annotations

import os
import random
import secrets
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from standin.faults import Fault
from support.crash.harness import until
from support.crash.issued import DEFINITIONS, World, kill_all, kill_controller, kill_frozen, kill_module
from support.long import cases

# Where thousands of writes do not wait for a disk; None for the usual place.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
MANY, FEW = 200, 8
HEALTHY_EVERY = 8
# More than a run has: one that is drawn beyond its end is not killed.
BOUNDARIES = 50
FAULTS: Sequence[Mapping[str, Any]] = (
    *({"kind": "status", "status": status} for status in (500, 503, 408, 400, 401)),
    {"kind": "status", "status": 500, "when": "after"},
    {"kind": "status", "status": 429, "headers": {"Retry-After": "0"}},
    *({"kind": "reset", "when": when} for when in ("unread", "before", "after", "after")),
    {"kind": "hang", "when": "after", "seconds": 0.2},
    {"kind": "hang", "then": "continue", "seconds": 1.2},
    {"kind": "truncated_json", "when": "after"},
    {"kind": "short_body", "when": "after"},
)
KILLS = (kill_all, kill_all, kill_all, kill_frozen, kill_module, kill_controller)


class Chaos(ABC):
    """Kills runs at random, and looks after each whether everything holds that has to."""

    def __init__(self, world: World, rng: random.Random) -> None:
        self.world = world
        self.rng = rng
        self.most_orphans = 0
        self._faults = 0

    @abstractmethod
    def begin(self) -> None:
        """Let the store begin with credentials that are in use."""

    @abstractmethod
    def advance(self) -> None:
        """Take the steps after a rotation that was not killed, so that another one can follow."""

    @abstractmethod
    def rotation(self) -> dict[str, Any]:
        """Return the options of a rotation."""

    @abstractmethod
    def check(self) -> None:
        """Check what has to hold at every moment."""

    @abstractmethod
    def check_healed(self) -> None:
        """Check what has to hold after a run that nobody disturbed."""

    def go_on(self, kills: int) -> None:
        """Kill so many times, and let it heal now and then, and in the end."""
        self.begin()
        number = 0
        while self.world.counts["kills"] < kills:
            number += 1
            self.disturbed()
            self.check()
            if number % HEALTHY_EVERY == 0 or self.rng.random() < 0.15:
                self.heal()
            if self.rng.random() < 0.7:
                self.advance()
                self.check()
        self.heal()

    def disturbed(self) -> None:
        """Run one rotation between faults, and kill it."""
        faults = self.world.provider.faults
        faults.clear()
        pushed = self.rng.choice([0, 1, 1, 2])
        for _n in range(pushed):
            faults.push(Fault(**self.rng.choice(FAULTS), skip=self.rng.randint(0, 3)))
        way = self.rng.random()
        moment: dict[str, Any] = {"at": self.rng.randint(1, BOUNDARIES)}
        if way < 0.4:
            moment = {"after": self.rng.uniform(0, 0.25)}
        elif way < 0.6:
            # At the calls: nothing of what they do is on this side.
            name = self.rng.choice(["before send", "after send", "before answer", "after answer"])
            moment = {"at": f"{name} {self.rng.randint(1, 4)}"}
        done = self.world.run(self.rotation(), **moment, kill=self.rng.choice(KILLS))
        self._faults += pushed - len(faults.waiting())
        self.world.counts["killed before their end"] += done is None

    def heal(self) -> None:
        """Let a run without faults finish everything, and look whether it did."""
        self.world.provider.faults.clear()
        # What was begun before a run was killed may land after it, and not after the next one here.
        assert until(lambda: self._faulty() == self._faults, 30)
        self.done(self.options(self.world.names, rotate="when_due"))
        self.check()
        self.check_healed()
        self.world.counts["healthy runs"] += 1

    def _faulty(self) -> int:
        record = self.world.provider.record
        found = len([one for one in record.api_calls() if one["fault"]]) + len(record.events("reset_unread"))
        self.world.counts["faults of the API"] = found
        return found

    def options(self, accounts: Sequence[str], **over: Any) -> dict[str, Any]:
        """Return a task's options."""
        return self.world.options(accounts, self.rng.choice(DEFINITIONS[self.world.flow]), **over)

    def done(self, options: Mapping[str, Any]) -> Any:
        """Run a task that nobody kills and that has to succeed, and return what it told."""
        result = self.world.run(options)
        assert result is not None and "told" in result, result
        return result["told"]


class OfCreate(Chaos):
    """A new credential is made beside the old one, which is deleted once every host has left it."""

    def begin(self) -> None:
        self.done(self.options(self.world.names))
        assert {one.id for one in self.world.provider.accounts.credentials()} >= {
            record.credential_id for record in self.world.records().values()
        }

    def advance(self) -> None:
        records = self.world.records()
        for state in ("verified", "settled"):
            ready = [name for name, one in records.items() if one.password and not one.is_begun]
            if ready:
                self.done(self.options(ready, state=state))

    def rotation(self) -> dict[str, Any]:
        accounts = self.rng.sample(self.world.names, self.rng.randint(1, len(self.world.names)))
        return self.options(
            accounts,
            rotate=self.rng.choice(["always", "always", "always", "when_due"]),
            state=self.rng.choice(["present"] * 9 + ["staged"]),
            keep_old=self.rng.choice(["0", "0", "2h"]),
            retries=self.rng.choice([0, 0, 0, 1]),
            concurrency=self.rng.choice([1, 4]),
        )

    def check(self) -> None:
        records = self.world.records()
        assert self.world.unusable(self.world.names) == []
        for name, one in records.items():
            # As long as a host may have it, the one before works, too.
            if one.previous_id is not None and not one.is_settled:
                assert self.world.login(one.previous_username or name, one.previous_password), name
        orphans = self.world.orphans()
        self.most_orphans = max([self.most_orphans, *(len(labels) for labels in orphans.values())])
        assert self.most_orphans <= 1, orphans
        # Each of them will be found.
        known = {name: {label.lower() for label in records[name].requests} for name in orphans}
        unknown = [name for name, labels in orphans.items() if not set(labels) <= known[name]]
        assert unknown == [], orphans

    def check_healed(self) -> None:
        assert self.world.orphans() == {}
        assert {name for name, one in self.world.records().items() if one.is_begun} == set()
        for name in self.world.names:
            # That of the beginning is not ours, and stays.
            assert len(self.world.provider.accounts.credentials(name)) <= 3


class OfRegenerate(Chaos):
    """Two accounts take turns: the one in use is never changed."""

    switches = 0

    @property
    def in_use(self) -> str:
        """The account over which mail flows."""
        found = self.world.senders()["news"].in_use
        assert found is not None
        return found

    def begin(self) -> None:
        self.done(self.options(self.world.names))
        self.done(self.options(self.world.names, state="verified"))
        self.switch("present")

    def switch(self, state: str) -> None:
        """Run one task of smtp_sender."""
        self.done({"senders": {"news": self.world.names}, "state": state})

    def advance(self) -> None:
        pair = self.world.senders()["news"]
        rest = self.world.records().get(pair.at_rest or "")
        # There is nothing to switch to, if the run was killed before it had a new password.
        if rest is None or rest.is_begun or pair.at_rest is None or rest.changed_at <= pair.switched_at:
            return
        self.done(self.options([pair.at_rest], state="verified"))
        self.switch("switched")
        assert self.in_use == pair.at_rest
        self.check()
        self.switches += 1
        self.switch("settled")

    def rotation(self) -> dict[str, Any]:
        return self.options(
            self.world.names,
            only_at_rest=True,
            rotate=self.rng.choice(["always", "always", "always", "when_due"]),
            state=self.rng.choice(["present"] * 9 + ["staged"]),
            retries=self.rng.choice([0, 0, 0, 1]),
        )

    def disturbed(self) -> None:
        before = len(self.world.provider.record.changes())
        in_use = self.in_use
        super().disturbed()
        assert in_use not in [one["account"] for one in self.world.provider.record.changes()[before:]]

    def check(self) -> None:
        assert self.world.unusable([self.in_use]) == []

    def check_healed(self) -> None:
        assert {name for name, one in self.world.records().items() if one.is_begun} == set()
        assert self.world.unusable(self.world.names) == []


@pytest.mark.parametrize(
    ("flow", "kills"),
    cases(
        [("create", FEW), ("regenerate", FEW), ("create", MANY), ("regenerate", MANY)],
        short=[("create", FEW), ("regenerate", FEW)],
    ),
)
def test_credential_in_use_works_at_every_moment(flow: str, kills: int) -> None:
    """Catches: a credential that is lost, used too early, deleted while a host has it, or left at the provider."""
    seed = int(os.environ.get("CHAOS_SEED") or secrets.randbelow(10**6))
    print(f"seed {seed} (CHAOS_SEED repeats its choices)")
    names = [f"{name}@acme.example" for name in ("one", "two", "three")]
    kind: type[Chaos]
    kind, names = (OfCreate, names) if flow == "create" else (OfRegenerate, names[:2])
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, World(Path(folder), flow, names) as world:
        chaos = kind(world, random.Random(seed))  # noqa: S311
        try:
            chaos.go_on(kills)
        except AssertionError:
            print(world.story())
            raise
        finally:
            made = len(world.provider.record.changes())
            print({**world.counts, "passwords made": made, "most orphans of an account": chaos.most_orphans})
            print({"switches": chaos.switches} if isinstance(chaos, OfRegenerate) else {})
    assert world.counts["kills"] >= kills and world.counts["healthy runs"]
