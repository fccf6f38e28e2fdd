# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Has the module set passwords on the task's host, and reads its result."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Definition
from ansible_collections.mailops.smtp.plugins.module_utils._provider.issue import Job, Made
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import module_options
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Change
from ansible_collections.mailops.smtp.plugins.module_utils._provider.sealing import new_pad, opened
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import SecretAction, tell
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.answers import Answers, Limit


class Caller:
    """Sets the passwords of one task, a batch at a time.

    :param action: the action plugin, which calls the module
    :param params: the task's options
    :param definition: the provider
    :param credentials: its keys
    :param task_vars: the task's variables
    """

    def __init__(
        self,
        action: SecretAction,
        params: Mapping[str, Any],
        definition: Definition,
        credentials: Mapping[str, str],
        task_vars: dict[str, Any],
    ) -> None:
        self._action = action
        self._options = module_options(params, definition, credentials)
        self._task_vars = task_vars
        self._hide = tuple(name for name in definition.credentials.values() if name)
        # What was found of all accounts for one batch need not be asked for again.
        self._ids = dict(self._options.get("account_ids") or {})
        self._every = list(params["accounts"]) if definition.find_account else []
        # Passes what one batch has learnt about the provider's limit to the next.
        self._limit = Limit(params["rate_limit"], params["rate_burst"])

    def send(self, passwords: Mapping[str, str]) -> Answers:
        """Set passwords, and return the outcome for each account, unknown if the module does not report it.

        :param passwords: account to password
        """
        args = {**self._of_batch(passwords), "password": None, "passwords": dict(passwords)}
        # A run that is stopped later cannot say this any more. Not on stdout, which may have to be JSON.
        tell(_under_way(len(passwords)))
        outcome, words = self._outcome(args)
        return _answers(outcome, {account: _change(outcome, account, words) for account in passwords})

    def issue(self, jobs: Mapping[str, Job]) -> Answers:
        """Have passwords made, and return the outcome for each account, unknown if the module does not report it.

        :param jobs: account to what is to be done
        """
        pads = {account: new_pad() for account in jobs}
        requests = {account: asdict(job) for account, job in jobs.items()}
        args = {**self._of_batch(jobs), "requests": requests, "pads": pads}
        wanted = sum(bool(job.label) for job in jobs.values())
        if wanted:
            tell(_requested(wanted))
        outcome, words = self._outcome(args)
        return _answers(outcome, {account: _made(outcome, account, words, pads[account]) for account in jobs})

    def _of_batch(self, batch: Iterable[str]) -> dict[str, Any]:
        """Return the module's options for some accounts, and ask for the IDs of all others while it is at it."""
        names = list(batch)
        return {
            **self._options,
            **self._limit.options(),
            "accounts": list(dict.fromkeys([*names, *(one for one in self._every if one not in self._ids)])),
            "account_ids": {account: self._ids[account] for account in names if account in self._ids},
        }

    def _outcome(self, args: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
        """Run the module, and return its result and what it says went wrong."""
        try:
            outcome = self._action.call_module(args, self._task_vars, hide=self._hide)
        except Exception as error:  # noqa: BLE001  (whatever it is, the outcome is unknown)
            outcome = {"msg": f"the module could not be run ({type(error).__name__}: {error})"}
        self._limit.learn(outcome)
        self._ids.update(outcome.get("account_ids") or {})
        # Scrub before shortening: a secret that has been cut is not found any more.
        reason = str(outcome.get("msg") or outcome.get("module_stderr") or "no reason given")
        return outcome, self._action.scrubber.text(reason)


def _answers(outcome: Mapping[str, Any], changes: Mapping[str, Change]) -> Answers:
    answers = Answers(changes)
    answers.calling, answers.allowed = outcome.get("seconds"), outcome.get("rate")
    answers.burst = outcome.get("burst") or 0
    return answers


def _under_way(count: int) -> str:
    subject = "1 new password is" if count == 1 else f"{count} new passwords are"
    return f"{subject} staged and on the way to the provider. If this run is stopped now, the next one completes it."


def _requested(count: int) -> str:
    subject = "1 new password is" if count == 1 else f"{count} new passwords are"
    return f"{subject} requested from the provider. If this run is stopped now, the next one completes it."


def _change(outcome: Mapping[str, Any], account: str, words: str) -> Change:
    """Return the outcome that the module reports for an account, unknown if it reports none."""
    reported = (outcome.get("outcomes") or {}).get(account)
    if reported is None:
        text = f"the module ended without a result: {words[:500]}"
        return _unknown(text)
    try:
        kind = Kind(reported["kind"])
    except ValueError:
        return _unknown("the module's result was changed on its way")
    return Change(
        kind=kind,
        doubt=reported["doubt"],
        sent=reported["sent"],
        message=reported["message"],
        stop=reported.get("stop", False),
    )


def _unknown(message: str) -> Change:
    return Change(kind=Kind.UNKNOWN, doubt=True, sent=True, message=message)


def _made(outcome: Mapping[str, Any], account: str, words: str, pad: str) -> Made:
    """Return what the module reports for an account, with what the provider made."""
    reported = (outcome.get("outcomes") or {}).get(account) or {}
    change, secret = _change(outcome, account, words), None
    try:
        secret = opened(reported["sealed"], pad) if reported.get("sealed") else None
    except ValueError:
        change, reported = _unknown("the module's result was changed on its way"), {}
    return Made(
        kind=change.kind,
        doubt=change.doubt,
        sent=change.sent,
        message=change.message,
        stop=change.stop,
        secret=secret,
        username=reported.get("username"),
        id=reported.get("id"),
        idle=reported.get("idle", []),
        late=reported.get("late", []),
        deleted=reported.get("deleted", []),
    )
