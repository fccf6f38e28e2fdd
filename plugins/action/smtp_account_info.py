# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of smtp_account_info: reads the store."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import INFO_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, ProviderError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Definition
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import (
    OPTIONS,
    credentials_from,
    definition_from,
    module_options,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import SecretAction
from ansible_collections.mailops.smtp.plugins.plugin_utils._option_checks import (
    check_limits,
    checked_accounts,
    checked_ids,
)
from ansible_collections.mailops.smtp.plugins.plugin_utils._overview import overview
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import Document
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record, with_window
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import open_store
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import duration, utc_now


class ActionModule(SecretAction):
    """Combines the provider's list of accounts with the store. Changes nothing."""

    SPEC = INFO_SPEC

    def perform(self, params: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Return what is known about the accounts.

        :param params: the task's options
        :param task_vars: the task's variables
        """
        check_limits(params)
        accounts = checked_accounts(params["accounts"]) if params["accounts"] is not None else None
        params["account_ids"] = checked_ids(params["account_ids"], accounts)
        max_age = duration(params["max_age"], "max_age")
        definition = definition_from(params)
        document = self._document(params["vault_file"])
        records = _records(document, timedelta(seconds=definition.propagation_seconds)) if document else None
        listed, failure = self._listed(params, definition, accounts or list(records or {}), task_vars)
        if failure and records is None:
            raise ProviderError(failure)
        if records is None and listed is None:
            raise InputError("nothing to show: set vault_file, the provider's API keys, or both")
        names = (
            accounts if accounts is not None else [*(records or {}), *sorted((listed or set()) - set(records or {}))]
        )
        senders = document.senders if document else None
        entries = overview(names, records, listed, max_age=max_age, now=utc_now(), senders=senders)
        result = {
            "changed": False,
            "accounts": entries,
            "provider_asked": listed is not None,
            "provider_failure": failure,
        }
        if failure:
            result["warnings"] = [f"the provider's list is missing, this is what the store knows: {failure}"]
        return result

    def _document(self, path: str | None) -> Document | None:
        return None if path is None else open_store(self._loader, path).read().document

    def _listed(
        self, params: Mapping[str, Any], definition: Definition, known: list[str], task_vars: dict[str, Any]
    ) -> tuple[set[str] | None, str | None]:
        """Return the accounts that the provider lists, None if there is no list, and why there is none if it failed."""
        if not params["list_accounts"] or not _any_key(params, definition):
            return None, None
        credentials = credentials_from(definition, params, os.environ)
        self.scrubber.add(*credentials.values())
        hide = tuple(name for name in definition.credentials.values() if name)
        args = {**module_options(params, definition, credentials), "accounts": known}
        result = self.call_module(args, task_vars, hide=hide)
        if "listed" not in result:
            words = str(result.get("msg") or "the module ended without a result")
            # Scrub before shortening: a secret that has been cut is not found any more.
            return None, self.scrubber.text(words)[:1000]
        return set(result["listed"]), None


def _records(document: Document, propagation: timedelta) -> dict[str, Record]:
    return {account: with_window(entry.record, propagation) for account, entry in document.entries.items()}


def _any_key(params: Mapping[str, Any], definition: Definition) -> bool:
    if params["api_credentials"]:
        return True
    variables = definition.credentials
    return any((name in OPTIONS and params[name]) or os.environ.get(variable) for name, variable in variables.items())
