# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the role, for a rotation at the stand-in, and the secrets that there are after it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from standin.service import StandIn
from support.controller import KEYS

SENDER, RECIPIENT = "rotation@acme.example", "postmaster@acme.example"


def a_provider(accounts: Mapping[str, str], *, propagation: float = 0) -> StandIn:
    """Return a stand-in for the provider that the keys of the tests open.

    :param accounts: name to password
    :param propagation: seconds until a new password takes effect
    """
    application, authorization = KEYS["application_key"], KEYS["authorization_key"]
    return StandIn(accounts, propagation=propagation, application_key=application, authorization_key=authorization)


def role_variables(provider: StandIn, store: Path | str, **over: Any) -> dict[str, Any]:
    """Return the role's variables for this provider and this store, without the keys; None takes one out.

    :param over: variables without their prefix
    """
    values = {
        "accounts": provider.accounts.names()[:1],
        "vault_file": str(store),
        "api_url": provider.api_url,
        "ca_path": provider.ca_path,
        "smtp_host": provider.smtp_host,
        "smtp_port": provider.smtp_port,
        "test_sender": SENDER,
        "test_recipient": RECIPIENT,
        "retries": 1,
        "timeout": 20,
        **over,
    }
    return {f"smtp_rotation_{name}": value for name, value in values.items() if value is not None}


def passwords_of(provider: StandIn) -> dict[str, str]:
    """Return every password that any account of the provider ever had, by a name for it."""
    return {
        f"password {number} of {account}": entry.password
        for account in provider.accounts.names()
        for number, entry in enumerate(provider.accounts.history(account))
    }


def in_force(provider: StandIn, account: str) -> str:
    """Return the password that the provider was last told."""
    return provider.accounts.history(account)[-1].password
