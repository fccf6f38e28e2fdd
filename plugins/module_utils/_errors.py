# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What can go wrong, named by what the user must look at."""

from __future__ import annotations


class InputError(Exception):
    """The input: an option, a variable, a provider definition. Nothing has been changed."""


class StoreError(Exception):
    """The store: the file that keeps the passwords cannot be read, understood, locked or written."""


class ProviderError(Exception):
    """The provider: its API did not give what was asked for."""
