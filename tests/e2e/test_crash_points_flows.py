# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Death at every boundary, where the provider makes the passwords: the credential in use works, and none is left over.

With flow create, the run deletes the credential before the stored one, and makes another one. With flow regenerate, it
looks the account up, and makes a new password; mail flows over the other account meanwhile.
"""

from __future__ import annotations

import itertools
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.faults import Fault
from support.controller import Ended
from support.crash.harness import Crash, gone, until
from support.crash.processes import send, worker_of
from support.flows import AHASEND, TENANT_OF_TESTS
from support.long import cases
from support.scene import Scene, a_scene

from ansible_collections.mailops.smtp.plugins.module_utils._provider.labels import PREFIX

SET = "Set the passwords"
PROVIDERS = {"create": "ahasend", "regenerate": "cloudflare"}


def both(*effects: str) -> list[str]:
    """Return the boundaries of some effects."""
    return [f"{when} {effect}" for effect in effects for when in ("before", "after")]


def writing(number: int) -> list[str]:
    """Return the boundaries of the store's nth writing."""
    return both(*(f"{verb} new store {number}" for verb in ("make", "sync", "rename")), f"sync folder {number}")


# The first call has no body: with create it deletes, with regenerate it looks up. The second one makes a password.
CALLS = both("send 1", "answer 1", "send 2", "send 3", "answer 2")
BOUNDARIES = [*both("open lock file 1"), *writing(1), *CALLS, *writing(2), *both("remove lock file 1")]
# Between "after" one effect and "before" the next one nothing happens that could be lost.
CRASHES = [BOUNDARIES[0], *(name for name in BOUNDARIES if name.startswith("after "))]
OF_THE_MODULE = [name for name in CALLS if name.startswith("after ")]
REQUESTED, COMMITTED = BOUNDARIES.index("after rename new store 1"), BOUNDARIES.index("after rename new store 2")


class Flow:
    """A scene whose store begins with credentials in use.

    :param scene: the scene
    """

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.is_create = scene.profile.flow == "create"
        self.crash = Crash(scene.controller, scene.provider.api_url)

    def options(self, **over: Any) -> dict[str, Any]:
        """Return the options of a task."""
        # As most providers are, the stand-in makes another credential whenever it is asked.
        own = {"provider": None, "provider_definition": AHASEND, "keep_old": "0"} if self.is_create else {}
        return self.scene.options(**{"provider_settings": TENANT_OF_TESTS, "retries": 0, **own, **over})

    def play(self, *many: dict[str, Any]) -> Path:
        """Write a play with a task for each set of options."""
        tasks = [{"name": SET, "mailops.smtp.smtp_account_password": self.options(**over)} for over in many]
        return self.scene.controller.write_play([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}])

    def run(self, *many: dict[str, Any]) -> Ended:
        """Run such a play, which has to succeed."""
        ended = self.scene.controller.play_file(self.play(*many))
        assert ended.code == 0, ended.output
        return ended

    def begin(self) -> None:
        """Rotate both accounts and test them; with create one of them twice, so that there is one to delete."""
        every: dict[str, Any] = {"accounts": [self.scene.one, self.scene.two]}
        again: list[dict[str, Any]] = [{"rotate": "always"}, {"state": "verified"}, {"state": "settled"}]
        self.run(every, {**every, "state": "verified"}, *(again if self.is_create else []))

    def check_in_use(self) -> None:
        """Check what has to hold at every moment."""
        # With regenerate, the account that changes is at rest.
        assert self.scene.stored_login(self.scene.one if self.is_create else self.scene.two) == 235
        labels = self.orphans()
        known = self.scene.controller.decrypted()[self.scene.one].get("requests", [])
        assert len(labels) <= 1 and set(labels) <= {label.lower() for label in known}

    def orphans(self) -> list[str]:
        """Return the labels of the credentials that were made and that no record has."""
        records = self.scene.controller.decrypted().values()
        kept = {record.get(name) for record in records for name in ("credential_id", "previous_id")}
        made = [one for one in self.scene.provider.accounts.credentials() if PREFIX in one.label]
        return [one.label.partition(PREFIX)[2] for one in made if one.id not in kept]

    def check_converged(self, *, changes: int) -> None:
        """Check that store and provider agree, and that nothing is left of the runs."""
        record = self.scene.controller.decrypted()[self.scene.one]
        assert record["password"] == self.scene.newest(self.scene.one)
        assert self.scene.stored_login(self.scene.one) == 235
        assert "staged_at" not in record
        assert self.orphans() == []
        assert len(self.scene.provider.record.changes(self.scene.one)) == changes
        assert self.crash.left() == []

    def made(self) -> int:
        """Return how many passwords were made for the account."""
        return len(self.scene.provider.record.changes(self.scene.one))


@pytest.fixture
def flow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flow]:
    with a_scene(PROVIDERS[request.param], tmp_path) as made:
        flow = Flow(made)
        flow.begin()
        yield flow


def each(*values: Any, short: list[tuple[Any, ...]]) -> list[Any]:
    """Return cases with every flow."""
    return cases(itertools.product(PROVIDERS, *values), short=short)


@pytest.mark.parametrize("flow", cases(PROVIDERS, short=[]), indirect=True)
def test_boundaries_are_all_known(flow: Flow) -> None:
    """Catches: an effect that comes or goes without a test that crashes there, a call before the request is on disk."""
    ended = flow.crash.watched(flow.play({"rotate": "always"}))
    assert ended.code == 0, ended.output
    assert flow.crash.boundaries() == BOUNDARIES


SHORT = [("create", "after answer 2"), ("regenerate", "after send 3")]


@pytest.mark.parametrize(("flow", "at"), each(CRASHES, short=SHORT), indirect=["flow"])
def test_crash_of_everything(flow: Flow, at: str) -> None:
    """Catches: a credential lost, made twice, deleted too early or left over, when all dies at this boundary."""
    before = flow.made()
    flow.crash.watched(flow.play({"rotate": "always"}), at=at)
    assert flow.crash.processes() == set()
    flow.check_in_use()
    landed = flow.made() - before
    reached = BOUNDARIES.index(at)
    assert landed == (reached >= BOUNDARIES.index("after answer 2")) or at in ("after send 3", "before answer 2")
    again = flow.run({"rotate": "when_due"}).result(SET)["accounts"][0]["action"]
    # What was not requested is not done by a run of which nothing is due, but for the deletion that has its time.
    untouched = "retired" if flow.is_create else "unchanged"
    assert again == (untouched if reached < REQUESTED else "recovered" if reached < COMMITTED else "unchanged")
    flow.check_converged(changes=before + landed + (again == "recovered"))


@pytest.mark.parametrize(("flow", "at"), each(OF_THE_MODULE, short=[]), indirect=["flow"])
def test_death_of_the_module_alone(flow: Flow, at: str) -> None:
    """Catches: an answer that nobody has, and that is taken for a refusal or made up for by another call."""
    before = flow.made()
    process, results = flow.crash.start(flow.play({"rotate": "always"}), flow.crash.environment(at, tasks=False))
    assert flow.crash.wait(process) and flow.crash.frozen
    send(flow.crash.frozen[0], signal.SIGKILL)
    ended = flow.scene.controller.ended(process, results)
    result = ended.result(SET)
    assert ended.code != 0 and result["accounts"][0]["action"] == "unknown"
    assert "the module ended without a result" in result["msg"] and "requests another new one" in result["msg"]
    flow.check_in_use()
    landed = flow.made() - before
    assert flow.run({"rotate": "when_due"}).result(SET)["accounts"][0]["action"] == "recovered"
    flow.check_converged(changes=before + landed + 1)


PAUSES: dict[str, dict[str, Any]] = {
    "asked to pause": {"kind": "status", "status": 429, "headers": {"Retry-After": "3"}},
    "on its way": {"kind": "hang", "seconds": 30},
}


@pytest.mark.parametrize(("flow", "name"), each(PAUSES, short=[]), indirect=["flow"])
def test_module_that_nobody_waits_for_makes_nothing_more(flow: Flow, name: str) -> None:
    """Catches: a password that a module has made after its run has died, in place of the one that is in use by then."""
    operation = "createSmtpCredential" if flow.is_create else "regenerateSmtpPassword"
    flow.scene.provider.faults.push(Fault(**PAUSES[name], operation=operation))
    before = flow.made()
    play = flow.play({"rotate": "always", "retries": 4})
    process, results = flow.crash.start(play, flow.crash.environment(None, tasks=False))
    assert until(lambda: process.poll() is not None or "after send 3" in flow.crash.boundaries())
    worker = worker_of(process.pid)
    assert worker is not None
    send(worker, signal.SIGKILL)
    assert flow.scene.controller.ended(process, results).code != 0
    flow.scene.provider.faults.clear()
    flow.check_in_use()
    assert flow.run({"rotate": "when_due"}).result(SET)["accounts"][0]["action"] == "recovered"
    assert gone(flow.crash.processes())
    flow.check_converged(changes=before + 1)
