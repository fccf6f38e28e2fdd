# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A play of a few hosts, as one of them sees it, made of short dicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet, Play
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import (
    AUDITS,
    ENDED,
    ENDS,
    HOLDS,
    PARTS,
    REGISTERED,
    TESTS,
    TOLD,
)

STORE, TOKEN, PLAY = "store.yml", "token of now", "Rotate: a b c"
Known = Mapping[str, Mapping[str, Any]]


def fleet(
    here: str = "a", known: Known | None = None, *, everyone: str = "a b c", active: str = "", batch: str = ""
) -> Fleet:
    """Return a fleet. Hosts are written as a text, "a b c".

    :param here: the host that looks
    :param known: of each host the fields of its record, C(holds), C(tests) and C(audits) that it registered, its
        C(vars), how it C(ended) in the report, whether it C(failed) or C(stopped), and what it C(collected); a host has
        begun if it is named here, and is led by C(a) if nothing else is said
    :param everyone: all hosts of the play
    :param active: those still in it, all if nothing else is said
    :param batch: those of this batch, the active ones if nothing else is said
    """
    active = active or everyone
    play = Play(here, everyone.split(), active.split(), (batch or active).split())
    hostvars: dict[str, dict[str, Any]] = {host: {} for host in play.everyone}
    return Fleet(play, hostvars | {host: variables(host, one) for host, one in (known or {}).items()})


def variables(host: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables of a host.

    :param host: the host
    :param known: what is known of it
    """
    known = dict(known)
    found = {f"smtp_rotation_{name}": value for name, value in known.pop("vars", {}).items()}
    for variable, name in ((HOLDS, "holds"), (TESTS, "tests"), (AUDITS, "audits")):
        items = known.pop(name, None)
        if items is not None:
            found[variable] = {"results": [{"item": host, "token": TOKEN, **item} for item in items]}
    ended, collected = known.pop("ended", None), known.pop("collected", None)
    if ended is not None:
        found |= {
            ENDS: {"born": known.get("born", "")},
            ENDED: {"born": known.get("born", ""), "served": "", "done": "", **ended},
        }
    if known.pop("stopped", False):
        found[ENDS] = {"born": known.get("born", "")}
    if collected is not None:
        found[TOLD] = {"collected": collected}
    failed = known.pop("failed", None)
    if known.pop("begun", True):
        leads = {"token": TOKEN} if known.get("leader", "a") == host else {}
        known |= {name: asdict(kind(**known[name])) for name, kind in PARTS.items() if name in known}
        found[REGISTERED] = {"record": {"leader": "a", "vault_file": STORE, "play": PLAY, **leads, **known}}
        found[REGISTERED] |= {"failed": True, "step": "plan", "msg": failed} if failed else {}
    return found


def works(*accounts: str) -> dict[str, Any]:
    """Return what a host registers when these accounts work.

    :param accounts: the accounts
    """
    return {"tests": [{"account": account, "works": True} for account in accounts]}


def fails(account: str, reason: str = "rejected", msg: str = "535 no.") -> dict[str, Any]:
    """Return what a host registers when an account does not work.

    :param account: the account
    :param reason: why
    :param msg: what it means
    """
    return {"tests": [{"account": account, "works": False, "reason": reason, "msg": msg}]}
