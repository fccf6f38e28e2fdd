# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of smtp_account_password, the only place that has the Vault secrets."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import PASSWORD_RULES, PASSWORD_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Definition
from ansible_collections.mailops.smtp.plugins.module_utils._provider.derivations import DERIVATIONS
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import check_accounts
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import (
    credentials_from,
    definition_from,
    settings_from,
)
from ansible_collections.mailops.smtp.plugins.module_utils._text import has_control
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import SecretAction, tell
from ansible_collections.mailops.smtp.plugins.plugin_utils._option_checks import (
    check_limits,
    checked_accounts,
    checked_ids,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.password import (
    breaches,
    check_given,
    check_shape,
    check_usable,
    generate,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.result import diff_of, result_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.rotation import run
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.task import Request, Tools
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sections import FAILURE
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import open_store
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import duration, moment_given, utc_now

if TYPE_CHECKING:
    from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.adoption import Login
    from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.remote_calls import Caller


# States that call nobody, so that accounts need no IDs and no password is generated.
RECORDING = ("verified", "settled", "adopted", "absent")


class ActionModule(SecretAction):
    """Reads the store, decides what to do, stages, has the module make the API calls, and commits."""

    SPEC = PASSWORD_SPEC
    RULES = PASSWORD_RULES

    def perform(self, params: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Rotate the accounts of one task.

        :param params: the task's options
        :param task_vars: the task's variables
        """
        check_limits(params)
        definition = definition_from(params)
        params["account_ids"] = checked_ids(params["account_ids"], checked_accounts(params["accounts"]))
        request = _request(params, definition)
        credentials: dict[str, str] = {}
        if params["state"] == "present":
            credentials = credentials_from(definition, params, os.environ)
            self.scrubber.add(*credentials.values())
            self.require_pipelining()
        store = open_store(self._loader, params["vault_file"], params["vault_id"])
        tools = Tools(
            store=store,
            vault=store.vault,
            generate=lambda: generate(params["password_length"], params["password_symbols"]),
            caller=lambda: self._caller(params, definition, credentials, task_vars).send,
            issuer=lambda: self._caller(params, definition, credentials, task_vars).issue,
            now=utc_now,
            learn=self.scrubber.add,
            tell=tell,
            concurrency=params["concurrency"],
            check_survives=lambda: _check_survives(params["store_survives"], store.path, task_vars),
        )
        done = run(request, tools, check_mode=self._task.check_mode)
        now = utc_now()
        result = result_of(done, max_age=request.max_age, now=now)
        result["vault_file"] = store.name
        if self._task.diff:
            result["diff"] = diff_of(done.before, done.after, store.name, now)
        return result

    def _caller(
        self,
        params: Mapping[str, Any],
        definition: Definition,
        credentials: Mapping[str, str],
        task_vars: dict[str, Any],
    ) -> Caller:
        """Return what has the module call the provider on the task's host."""
        from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.remote_calls import Caller

        return Caller(self, params, definition, credentials, task_vars)


def _check_survives(said: bool | None, store: str, task_vars: Mapping[str, Any]) -> None:
    """Refuse a store that does not outlive the run."""
    from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.surroundings import situation_of
    from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.survival import check_survives

    check_survives(said, situation_of(store, task_vars, os.environ))


def _request(params: Mapping[str, Any], definition: Definition) -> Request:
    """Return the checked request, or refuse it before anything changes."""
    accounts = params["accounts"]
    if params["state"] not in RECORDING:
        _check_calls(params, definition)
    _check_state(params)
    explicit = _explicit(params, accounts, definition)
    propagation = params["propagation_seconds"]
    return Request(
        accounts=accounts,
        rotate=params["rotate"],
        max_age=duration(params["max_age"], "max_age"),
        state=params["state"],
        explicit=explicit,
        propagation=timedelta(seconds=definition.propagation_seconds if propagation is None else propagation),
        lock_timeout=params["lock_timeout"],
        only_at_rest=params["only_at_rest"],
        failures=_failures(params, accounts),
        changed_at=moment_given(params["changed_at"], "changed_at", utc_now()),
        logins=_logins(params, definition),
        breaches={
            account: " and ".join(found)
            for account, password in explicit.items()
            if params["state"] == "adopted" and (found := list(breaches(password, definition.password)))
        },
        force=params["force"],
        issued=definition.issues,
        beside=definition.flow == "create",
        keep_old=_keep_old(params["keep_old"]),
    )


def _keep_old(given: str) -> timedelta:
    """Return for how long an old credential is kept. Not at all is a choice, too."""
    return timedelta(0) if given.strip() == "0" else duration(given, "keep_old") or timedelta(0)


def _check_calls(params: Mapping[str, Any], definition: Definition) -> None:
    """Refuse options with which no call could be made."""
    settings = settings_from(definition, params)
    ids, accounts = params["account_ids"], params["accounts"]
    # The ID of any other account is found by a call.
    known = [one for one in accounts if one in ids] if definition.find_account else accounts
    check_accounts(known, definition.change, ids, {**settings, "label": "label", "id": "id"})
    if definition.issued and definition.issued.derive:
        DERIVATIONS[definition.issued.derive]("", settings)
    if not definition.issues:
        check_shape(params["password_length"], params["password_symbols"], definition.password)


def _check_state(params: Mapping[str, Any]) -> None:
    """Refuse options that have no effect in this state."""
    if params["changed_at"] is not None and params["state"] != "adopted":
        raise InputError("changed_at: can be set with state=adopted only")
    if params["logins"] and params["state"] != "adopted":
        raise InputError("logins: can be set with state=adopted only")
    if params["force"] and params["state"] != "absent":
        raise InputError("force: can be set with state=absent only")


def _failures(params: Mapping[str, Any], accounts: list[str]) -> dict[str, str]:
    """Return the reasons of failed tests, by account."""
    given = {str(account): str(reason) for account, reason in (params["failures"] or {}).items()}
    if given and params["state"] != "verified":
        raise InputError("failures: can be recorded with state=verified only")
    for account, reason in given.items():
        if account not in accounts:
            raise InputError(f"failures: {account!r} is not listed in accounts")
        # It is stored in clear text. A server's reply could contain a secret; a reason of ours cannot.
        if not FAILURE.fullmatch(reason):
            raise InputError(
                f"failures[{account!r}]: must be one word of lower-case letters and underscores, such as auth_rejected"
            )
    return given


def _logins(params: Mapping[str, Any], definition: Definition) -> dict[str, Login]:
    """Return the user name and the ID that belong to each password to adopt."""
    given = params["logins"] or {}
    if given and not definition.issues:
        raise InputError(f"logins: {definition.name} sets passwords for the account's own name; remove the option")
    if given:
        from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.adoption import Login
    found = {}
    for account, fields in given.items():
        if account not in params["accounts"]:
            raise InputError(f"logins: {account!r} is not listed in accounts")
        if not isinstance(fields, Mapping) or not fields or set(fields) - {"username", "id"}:
            raise InputError(f"logins[{account!r}]: must be a dictionary with username, id or both")
        texts = {name: str(value) for name, value in fields.items() if value is not None}
        for name, text in texts.items():
            if not text.strip() or has_control(text):
                raise InputError(f"logins[{account!r}].{name}: is empty, or more than one line")
        username = texts.get("username", account)
        found[account] = Login(None if username == account else username, texts.get("id"))
    return found


def _explicit(params: Mapping[str, Any], accounts: list[str], definition: Definition) -> dict[str, str]:
    """Return the given passwords, by account."""
    given: dict[str, str] = {}
    known = set(accounts)
    if params["password"] is not None:
        if len(accounts) != 1:
            raise InputError(f"password: is for one account only, but {len(accounts)} are listed; use passwords")
        given = {accounts[0]: params["password"]}
    for account, password in (params["passwords"] or {}).items():
        if account not in known:
            raise InputError(f"passwords: {account!r} is not listed in accounts")
        given[account] = str(password)
    option = "password" if params["password"] is not None else "passwords"
    if given and definition.issues and params["state"] != "adopted":
        raise InputError(f"{option}: {definition.name} makes the passwords itself; remove the option")
    for account, password in given.items():
        where = option if option == "password" else f"passwords[{account!r}]"
        if params["state"] == "adopted":
            check_usable(password, where)
        else:
            check_given(password, where, definition.password)
    _check_explicit(params, accounts, given, option)
    return given


def _check_explicit(params: Mapping[str, Any], accounts: list[str], given: Mapping[str, str], option: str) -> None:
    """Refuse a password that no state uses, and one that is missing."""
    if params["state"] == "adopted":
        without = [account for account in accounts if account not in given]
        if without:
            raise InputError(
                f"passwords: state=adopted needs the password of each account; missing: {', '.join(without)}"
            )
    elif given and (params["rotate"] == "never" or params["state"] in RECORDING):
        rule = "rotate=never" if params["rotate"] == "never" else f"state={params['state']}"
        raise InputError(f"{option}: a password was given, but {rule} sets none; remove one of them")
