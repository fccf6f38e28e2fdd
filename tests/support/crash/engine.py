# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs what the action plugin runs, each time in a process that can be killed, and its module in another one.

Everything is imported once, so that a run takes milliseconds: hundreds of them can be killed. A process for itself,
without threads: it reads jobs from its standard input and writes, for each, the process's ID and how it ended.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible.module_utils import basic
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from support.pipeline import SECRETS, QuickVault

from ansible_collections.mailops.smtp.plugins.action.smtp_account_password import _request
from ansible_collections.mailops.smtp.plugins.module_utils._arguments import PASSWORD_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._provider.http import Client
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import credentials_from, definition_from
from ansible_collections.mailops.smtp.plugins.module_utils._secrets import Scrubber
from ansible_collections.mailops.smtp.plugins.modules import smtp_account_password
from ansible_collections.mailops.smtp.plugins.plugin_utils._option_checks import checked_accounts, checked_ids
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation import issuing, settling, verifying
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.remote_calls import Caller
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.rotation import run
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Tools
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders import switching
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.advice import Wish
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Store

# Imported once, before a run has a process of its own.
IMPORTED = (Client, issuing, settling, verifying)


class Action:
    """What a caller needs of the action plugin: it runs the module, in a process of its own."""

    def __init__(self) -> None:
        self.scrubber = Scrubber([])

    def call_module(
        self, args: Mapping[str, Any], _task_vars: Mapping[str, Any], *, hide: tuple[str, ...]
    ) -> dict[str, Any]:
        """Run the module with these arguments, and return its result, a failure if it came to none."""
        del hide
        reading, writing = os.pipe()
        pid = os.fork()
        if not pid:
            os.close(reading)
            # The module looks there whether anybody waits for it.
            os.dup2(writing, 1)
            _as_module({name: value for name, value in args.items() if value is not None})
        os.close(writing)
        with os.fdopen(reading) as file:
            text = file.read()
        os.waitpid(pid, 0)
        try:
            result: dict[str, Any] = json.loads(text)
        except ValueError:
            return {"msg": "the process has ended"}
        return result


def _as_module(params: Mapping[str, Any]) -> None:
    """Be the module, and end."""
    arguments: Any = basic
    arguments._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": params}).encode()
    arguments._ANSIBLE_PROFILE = "legacy"
    try:
        smtp_account_password.main()
    finally:
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        os._exit(0)


def rotate(store: Store, options: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Do what one task of smtp_account_password does, and return each account's action and reason."""
    params = ArgumentSpecValidator(PASSWORD_SPEC).validate(dict(options)).validated_parameters
    params["account_ids"] = checked_ids(params["account_ids"], checked_accounts(params["accounts"]))
    definition = definition_from(params)
    credentials = credentials_from(definition, params, {})
    action: Any = Action()
    tools = Tools(
        store=store,
        vault=store.vault,
        generate=str,
        caller=lambda: Caller(action, params, definition, credentials, {}).send,
        issuer=lambda: Caller(action, params, definition, credentials, {}).issue,
        now=lambda: now,
        learn=action.scrubber.add,
        concurrency=params["concurrency"],
    )
    done = run(_request(params, definition), tools, check_mode=False)
    return {account: (action, done.reasons[account]) for account, action in done.actions.items()}


def switch(store: Store, options: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Do what one task of smtp_sender does, and return the account in use of each sender."""
    request = switching.Request(options["senders"], options["state"], Wish("never", None), 5)
    done = switching.run(request, store, lambda: now, check_mode=False)
    return {name: pair.in_use for name, pair in done.after.items()}


def _as_controller(job: Mapping[str, Any], result: Path) -> None:
    """Do a job, write what came of it, and end."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    if job["at"] is not None:
        os.environ["CRASH_AT"] = str(job["at"])
    store = Store(os.environ["CRASH_STORE"], QuickVault(SECRETS, None))
    try:
        does = switch if "senders" in job["options"] else rotate
        told = does(store, job["options"], datetime.fromisoformat(job["now"]))
        result.write_text(json.dumps({"told": told}))
    except BaseException as error:  # noqa: BLE001  (whatever it is, the test has to know)
        result.write_text(json.dumps({"error": f"{type(error).__name__}: {error}"}))
    finally:
        os._exit(0)


def main() -> None:
    """Do one job after the other, until there is no more."""
    result = Path(sys.argv[1])
    for line in sys.stdin:
        result.unlink(missing_ok=True)
        pid = os.fork()
        if not pid:
            _as_controller(json.loads(line), result)
        print(pid, flush=True)
        os.waitpid(pid, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    main()
