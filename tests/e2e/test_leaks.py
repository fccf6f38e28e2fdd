# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No secret anywhere: every run is searched in its output, logs, callbacks, processes, and all that is on the disk.

Not held against the collection, because Ansible does it by itself, before or beside our code:
* what the user typed on the command line (`-e`) stands in ansible-playbook's own command line, and at -vvvv in its list
  of options;
* a secret written as a literal into a playbook is quoted with the lines around an error, and is shown by
  DISPLAY_ARGS_TO_STDOUT: the secrets of these tests are in variables, as those of users should be;
* ansible-playbook and its forks keep the environment that they were started with, and the modules of Ansible that the
  role uses on the controller (sleep) inherit it. Modules of ours do not.
"""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from standin.faults import Fault
from support.long import LONG, cases
from support.search import Search
from support.watch import CANARY, CHOSEN, ENVIRONMENT_KEYS, KEYS, OTHER, Watch, a_watch, check

SET, SEND, TELL = (f"mailops.smtp.{name}" for name in ("smtp_account_password", "smtp_test_send", "smtp_account_info"))
KEEP = "mailops.smtp.smtp_store"
ONE, TWO = "1.acme.smtp", "2.acme.smtp"
SYMBOLS = "\"\\/+%<&>'"
LOAD = "Load the passwords from the store"
EVERY_TRACE = {
    "ANSIBLE_CALLBACKS_ENABLED": "keep_results,tree,junit",
    "ANSIBLE_CALLBACK_TREE_DIR": "tree",
    "JUNIT_OUTPUT_DIR": "junit",
    "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1",
    "ANSIBLE_RETRY_FILES_ENABLED": "1",
    "ANSIBLE_CACHE_PLUGIN": "jsonfile",
    "ANSIBLE_CACHE_PLUGIN_CONNECTION": "facts",
}
FOLDERS = ("ANSIBLE_CALLBACK_TREE_DIR", "JUNIT_OUTPUT_DIR", "ANSIBLE_CACHE_PLUGIN_CONNECTION")


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """A user whose every trace is kept, and a provider with two accounts."""
    with a_watch(tmp_path, [ONE, TWO]) as made:
        yield made


@dataclass(frozen=True)
class Way:
    """A way to run Ansible: options, environment, whether the keys come from the environment, keywords of the play."""

    arguments: tuple[str, ...] = ("-vvvvv", "--diff")
    environment: Mapping[str, str] = field(default_factory=dict)
    keys_in_environment: bool = False
    play: Mapping[str, Any] = field(default_factory=dict)

    def settings(self, watch: Watch) -> dict[str, str]:
        """Return the environment, folders being below the one that is searched."""
        placed = {n: str(watch.controller.folder / v) if n in FOLDERS else v for n, v in self.environment.items()}
        return {**placed, **(ENVIRONMENT_KEYS if self.keys_in_environment else {})}


def tasks_of_a_life(watch: Watch, *, keys: bool) -> list[dict[str, Any]]:
    """Return tasks that lead passwords through all their states, and one that shows what they returned."""
    none = {} if keys else dict.fromkeys(KEYS)

    def option(**over: Any) -> dict[str, Any]:
        return {name: value for name, value in watch.options(**none, **over).items() if value is not None}

    tasks: list[dict[str, Any]] = [
        {SET: option(password="{{ chosen }}")},
        {SEND: watch.send_options()},
        {SEND: watch.send_options(password="{{ other }}")},
        {SEND: watch.send_many_options({ONE: "{{ chosen }}", TWO: "{{ other }}"})},
        {SET: option(state="staged", rotate="always", password_symbols=SYMBOLS)},
        {SET: option(accounts=["{{ item }}"], password_symbols=SYMBOLS), "loop": [ONE, TWO]},
        {SET: option(passwords={ONE: "{{ other }}"})},
        {SET: option(state="adopted", password="{{ chosen }}")},
        {SET: option(state="absent", accounts=[TWO])},
        {KEEP: {"vault_file": str(watch.controller.store), "state": "rekeyed", "vault_id": "default"}},
        {TELL: option(propagation_seconds=None)},
    ]
    told = [{**task, "register": f"told_{number}", "ignore_errors": True} for number, task in enumerate(tasks)]
    names = ["{{ canary }}", *[f"{{{{ told_{number} }}}}" for number in range(len(tasks))]]
    return [*told, {"ansible.builtin.debug": {"msg": names}}]


WAYS = {
    "yaml": Way(environment={**EVERY_TRACE, "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"}, play={"gather_facts": True}),
    "json": Way(
        environment={"ANSIBLE_CALLBACK_RESULT_FORMAT": "json", "LEAKY_JOURNAL": "1"},
        keys_in_environment=True,
    ),
    "check": Way(arguments=("-vvvvv", "--diff", "--check"), environment={"ANSIBLE_STDOUT_CALLBACK": "minimal"}),
    "everything": Way(environment={"ANSIBLE_STDOUT_CALLBACK": "show_everything"}),
    "oneline": Way(arguments=("-vvv",), environment={"ANSIBLE_STDOUT_CALLBACK": "oneline"}),
}


@pytest.mark.parametrize("name", cases(WAYS, short=["json"]))
def test_modules(watch: Watch, name: str) -> None:
    """Catches: a password or key in what a module, its action, a callback or a log shows, or in a process."""
    way = WAYS[name]
    tasks = tasks_of_a_life(watch, keys=not way.keys_in_environment)
    ended = watch.run(watch.play(tasks, **way.play), *way.arguments, environment=way.settings(watch))
    assert ended.code == 0, ended.output
    lengths = [len(watch.provider.accounts.history(account)) for account in (ONE, TWO)]
    assert lengths == ([1, 1] if name == "check" else [4, 2]), ended.output
    check(watch, keys_in_environment=way.keys_in_environment)
    _every_trace_is_there(watch, way)


def _every_trace_is_there(watch: Watch, way: Way) -> None:
    places = "\n".join(hit.place for hit in watch.traces(Search({"canary": CANARY})).hits)
    for name in ("tree", "junit"):
        assert (f"/{name}/" in places) == ("JUNIT_OUTPUT_DIR" in way.environment)
    assert "Invoked with host=" in watch.syslog.read_text()


@LONG
def test_debug_is_refused(watch: Watch) -> None:
    """Catches: the arguments of every module, which Ansible prints in its debug mode."""
    tasks = tasks_of_a_life(watch, keys=True)
    ended = watch.run(watch.play(tasks), environment={"ANSIBLE_DEBUG": "1"})
    assert "ANSIBLE_DEBUG is set" in ended.output
    assert watch.sent == []
    check(watch)


def role_play(watch: Watch, way: Way, **over: Any) -> Path:
    """Return a play that runs the role."""
    watch.provider.accounts.propagation = 1
    values = {
        **watch.options(),
        "smtp_host": watch.provider.smtp_host,
        "smtp_port": watch.provider.smtp_port,
        "test_sender": "rotation@acme.example",
        "test_recipient": "postmaster@acme.example",
        "password_symbols": SYMBOLS,
        "propagation_seconds": 1,
        "progress_interval": 1,
        **over,
    }
    given = {name: value for name, value in values.items() if name not in KEYS or not way.keys_in_environment}
    role = {"role": "mailops.smtp.smtp_rotation", "vars": {f"smtp_rotation_{n}": v for n, v in given.items()}}
    return watch.play(roles=[role], **way.play)


ROLE_WAYS = {
    "success": Way(environment={**EVERY_TRACE, "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"}, play={"gather_facts": True}),
    "keys in environment": Way(arguments=("-vvv",), keys_in_environment=True),
    "check": Way(arguments=("-vvvvv", "--diff", "--check")),
    "refused": Way(environment={"ANSIBLE_RETRY_FILES_ENABLED": "1"}),
    "test fails": Way(environment={"ANSIBLE_CALLBACK_RESULT_FORMAT": "json"}),
}


@pytest.mark.parametrize("name", cases(ROLE_WAYS, short=["success"]))
def test_role(watch: Watch, name: str) -> None:
    """Catches: a step of the role that shows the store, the keys or a login."""
    way = ROLE_WAYS[name]
    if name == "refused":
        watch.provider.faults.push(Fault(kind="refused_value"))
    if name == "keys in environment":
        watch.make_store_encrypted_as_a_whole()
    watch.provider.submission.refuse_sender = name == "test fails"
    ended = watch.run(role_play(watch, way), *way.arguments, environment=way.settings(watch))
    assert (ended.code == 0) == (name not in ("refused", "test fails")), ended.output
    assert len(watch.provider.record.messages()) == (1 if name in ("success", "keys in environment") else 0)
    assert (name == "check") == (watch.sent == [])
    loads = [event["result"] for event in ended.events if event.get("task", "").endswith(LOAD)]
    assert all("censored" in result or "skipped" in result for result in loads) and loads != []
    check(watch, keys_in_environment=way.keys_in_environment)


@pytest.mark.parametrize("reconcile", cases([False, True], short=[True]))
def test_audit(watch: Watch, reconcile: bool) -> None:
    """Catches: a stored value that is shown because it was tried, refused, or put in another's place."""
    adopted = [{"state": "adopted", "passwords": {ONE: "{{ chosen }}", TWO: "{{ other }}"}}]
    adopted += [{"state": "adopted", "passwords": {ONE: "{{ other }}", TWO: "{{ chosen }}"}}]
    tasks = [{SET: watch.options(accounts=[ONE, TWO], changed_at="2026-01-01", **over)} for over in adopted]
    assert watch.run(watch.play(tasks)).code == 0
    # The first one has its previous password, the second one that of the beginning.
    watch.provider.accounts.change(ONE, CHOSEN)
    over = {"state": "audited", "accounts": [ONE, TWO], "audit_attempts": 3, "reconcile": reconcile}
    way = Way(environment={**EVERY_TRACE, "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"}, play={"gather_facts": True})
    ended = watch.run(role_play(watch, way, **over), *way.arguments, environment=way.settings(watch))
    assert (ended.code == 0) == reconcile, ended.output
    assert len(watch.provider.record.logins()) == (6 if reconcile else 4)
    assert "previous_password" in ended.output and len(watch.sent) == (1 if reconcile else 0)
    check(watch)


@LONG
def test_secret_typed_on_the_command_line(watch: Watch) -> None:
    """Catches: a secret from -e that stands anywhere but where Ansible shows what the user typed."""
    play = watch.play([{SET: watch.options(password="{{ typed }}")}])
    ended = watch.run(play, "-vvvvv", "-e", '{"typed": "Typed-by-hand-0Kd7Wn3"}')
    assert ended.code == 0, ended.output
    search = Search({"typed": "Typed-by-hand-0Kd7Wn3"})
    shown = [line for line in ended.output.splitlines() if search.text(line, "").hits]
    assert len(shown) == 1 and shown[0].startswith("extra_vars: ")
    assert {hit.place for hit in watch.traces(search).hits} == {"output 1"}
    assert all("ansible-playbook" in hit.place for hit in watch.in_processes(search)[0])
    assert watch.in_processes(search)[1] == []


def until_sent(watch: Watch) -> Callable[[], None]:
    """Return a function that waits for the next call of the provider's API."""
    before, deadline = len(watch.sent), time.monotonic() + 60

    def wait() -> None:
        while len(watch.sent) == before:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    return wait


def test_disk_while_a_module_is_at_work_and_after_it_was_stopped(watch: Watch) -> None:
    """Catches: arguments in a file, where a kill leaves them; a traceback of a run that was interrupted."""
    play = watch.play(
        [{SET: watch.options(accounts=[ONE, TWO], rotate="always", timeout=60, password_symbols=SYMBOLS)}]
    )

    def at_work() -> None:
        until_sent(watch)()
        traces = watch.traces(Search(watch.secrets()))
        assert traces.hits == [] and traces.texts > 5

    for how in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
        watch.provider.faults.push(Fault(kind="hang", seconds=60))
        watch.stopped(play, at_work, how)
        watch.provider.faults.clear()
    check(watch)
    assert len(watch.sent) >= 3


@LONG
def test_role_killed_at_any_moment(watch: Watch) -> None:
    """Catches: a secret that stands in a file only for a moment, and is left there."""
    play = role_play(watch, Way())
    chance = random.SystemRandom()
    for _n in range(4):
        moment = chance.uniform(0.8, 4)
        watch.stopped(play, lambda moment=moment: time.sleep(moment))  # type: ignore[misc]
    watch.run(play, "-vvvvv")
    check(watch)


@LONG
def test_role_refuses_kept_files(watch: Watch) -> None:
    """Catches: arguments that Ansible leaves in files because a user debugs something else."""
    ended = watch.run(role_play(watch, Way()), "-vvvvv", environment={"ANSIBLE_KEEP_REMOTE_FILES": "1"})
    assert "ANSIBLE_KEEP_REMOTE_FILES is set" in ended.output
    assert watch.sent == []
    assert OTHER not in ended.output
    assert watch.traces(Search(watch.secrets())).hits == []
