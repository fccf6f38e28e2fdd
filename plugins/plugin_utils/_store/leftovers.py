# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Removes what a killed run left next to the store, for a run that writes nothing itself."""

from __future__ import annotations

import contextlib

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.lock import StoreLock
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Store


def tidy(store: Store, account: str) -> None:
    """Remove leftovers, unless another run is active.

    :param store: the store; the caller has seen that it has leftovers
    :param account: one to lock, as whoever locks the file does
    """
    lock = StoreLock(store.path, mode=store.mode(), timeout=0)
    with contextlib.suppress(StoreError), lock.accounts([account]), lock.store():
        store.remove_leftovers()
