# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors, named by what the user has to check."""

from __future__ import annotations


class InputError(Exception):
    """An option, a variable or a provider definition is invalid. Nothing has been changed."""


class StoreError(Exception):
    """The store cannot be read, parsed, locked or written."""


class ProviderError(Exception):
    """The provider's API did not give what was asked for."""
