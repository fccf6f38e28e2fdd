# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decides whether a sender can be removed from the store, and what is given up with it. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._senders.advice import Advice, Step
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender, is_under_way

REMOVED = "removed from the store; its two accounts stay"
MISSING = "it is not in the store"


def removed(name: str, pair: Sender, rest: Record, *, force: bool) -> Advice:
    """Return why nothing is to be done about a sender any more, and what was given up with it.

    :param name: the sender
    :param pair: its record, an empty one if the store does not have it
    :param rest: the record of the account that is not in use
    :param force: whether a sender whose rotation is under way is removed too
    :raises InputError: if its rotation is under way, and the task does not allow that
    """
    if pair == Sender():
        return Advice(Step.NOTHING, MISSING)
    losses = ", ".join(_losses(pair, rest))
    if losses and not force:
        raise InputError(
            f"'{name}' cannot be removed, because the store would give up {losses}. Nothing was removed; finish the "
            "rotation first, or set force to give that up"
        )
    return Advice(Step.NOTHING, f"{REMOVED}; given up: {losses}" if losses else REMOVED)


def _losses(pair: Sender, rest: Record) -> Iterator[str]:
    if pair.leaving is not None:
        yield f"that a host may still use {pair.leaving}"
    elif is_under_way(pair, rest):
        yield f"that {pair.at_rest} has a new password for the next switch"
