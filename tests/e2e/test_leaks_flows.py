# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No password that a provider made anywhere but in its answer and, encrypted, in the store: see C(test_leaks)."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from standin.faults import Fault
from support.flows import AHASEND, TENANT_OF_TESTS
from support.long import cases
from support.search import Search
from support.watch import Watch, a_watch, check

SET, TELL, SEND = (f"mailops.smtp.{name}" for name in ("smtp_account_password", "smtp_account_info", "smtp_test_send"))
ONE, TWO = "one@acme.example", "two@acme.example"
PROVIDERS = ["ahasend", "cloudflare"]
EVERY_TRACE = {
    "ANSIBLE_CALLBACKS_ENABLED": "keep_results,tree,junit",
    "ANSIBLE_CALLBACK_TREE_DIR": "tree",
    "JUNIT_OUTPUT_DIR": "junit",
    "ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml",
    "ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "1",
}
FOLDERS = ("ANSIBLE_CALLBACK_TREE_DIR", "JUNIT_OUTPUT_DIR")


@pytest.fixture
def watch(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watch]:
    """A user whose every trace is kept, and a provider that makes the passwords."""
    with a_watch(tmp_path, [ONE, TWO], provider=request.param) as made:
        yield made


def options(watch: Watch, **over: Any) -> dict[str, Any]:
    """Return the module's options; the provider is one that makes another password whenever it is asked."""
    is_create = watch.provider.accounts.login is None
    how = {"provider_definition": AHASEND, "keep_old": "0"} if is_create else {"provider": "cloudflare"}
    return watch.options(**{"accounts": [ONE], **how, "provider_settings": TENANT_OF_TESTS, **over})


def life(watch: Watch) -> list[dict[str, Any]]:
    """Return tasks that lead passwords through all their states, and one that shows what they returned."""
    always = {"rotate": "always"}
    known = "{{ smtp_accounts['" + ONE + "']"
    send = watch.send_options(username=known + ".username }}", password=known + ".password }}")
    tasks: list[dict[str, Any]] = [
        {SET: options(watch, state="staged")},
        {SET: options(watch, accounts=[ONE, TWO])},
        {SET: options(watch, **always)},
        {SET: options(watch, state="verified")},
        {SET: options(watch, state="settled")},
        {"ansible.builtin.include_vars": {"file": str(watch.controller.store)}, "no_log": True},
        {SEND: send},
        {SET: options(watch)},
        {SET: options(watch, **always), "check_mode": True},
        {SET: options(watch, password="{{ chosen }}")},
        # Each of these ends in an answer that was damaged or lost: it has a password all the same.
        *({SET: options(watch, accounts=[TWO], **always)} for _fault in DAMAGED),
        {SET: options(watch, accounts=[TWO])},
        {TELL: {"vault_file": str(watch.controller.store), "list_accounts": False}},
    ]
    load = "ansible.builtin.include_vars"
    told = [
        task if load in task else {**task, "register": f"told_{number}", "ignore_errors": True}
        for number, task in enumerate(tasks)
    ]
    names = ["{{ canary }}", *[f"{{{{ {task['register']} }}}}" for task in told if load not in task]]
    return [*told, {"ansible.builtin.debug": {"msg": names}}]


# All of them let the first call pass.
DAMAGED = (
    Fault(kind="truncated_json", when="after", account=TWO, skip=1),
    Fault(kind="clean_status", when="after", status=207, account=TWO, skip=1),
    Fault(kind="short_body", when="after", account=TWO, skip=1),
    Fault(kind="status", when="after", status=500, account=TWO, skip=1),
)


@pytest.mark.parametrize("watch", cases(PROVIDERS, short=["ahasend"]), indirect=True)
def test_life_of_passwords(watch: Watch) -> None:
    """Catches: a password that the provider made in an output, a log, a file, or the arguments of a process."""
    operation = "createSmtpCredential" if watch.provider.accounts.login is None else "regenerateSmtpPassword"
    watch.provider.faults.push(*(Fault(**{**one.as_dict(), "operation": operation}) for one in DAMAGED))
    settings = {n: str(watch.controller.folder / v) if n in FOLDERS else v for n, v in EVERY_TRACE.items()}
    ended = watch.run(watch.play(life(watch)), "-vvvvv", "--diff", environment=settings)
    assert ended.code == 0, ended.output
    made = watch.provider.record.changes()
    assert len(made) >= 3 + len(DAMAGED) and len([one for one in made if one["fault"]]) == len(DAMAGED)
    assert len(watch.provider.record.messages()) == 1
    assert len(watch.secrets()) > len(made)
    check(watch)


def until_made(watch: Watch) -> Callable[[], None]:
    """Return a function that waits until the provider has made another password."""
    before, deadline = len(watch.provider.accounts.history(ONE)), time.monotonic() + 60

    def wait() -> None:
        while len(watch.provider.accounts.history(ONE)) == before:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    return wait


@pytest.mark.parametrize("watch", cases(PROVIDERS, short=[]), indirect=True)
def test_disk_after_a_kill_while_the_answer_is_on_its_way(watch: Watch) -> None:
    """Catches: an answer with a password in a file, where a kill leaves it; a traceback that shows it."""
    play = watch.play([{SET: options(watch, rotate="always", timeout=60)}])
    for how in (signal.SIGKILL, signal.SIGINT):
        watch.provider.faults.push(Fault(kind="slow_drip", when="after", seconds=0.01, account=ONE))
        wait = until_made(watch)

        def at_work(wait: Callable[[], None] = wait) -> None:
            wait()
            assert watch.traces(Search(watch.secrets())).hits == []

        watch.stopped(play, at_work, how)
        watch.provider.faults.clear()
    check(watch)
