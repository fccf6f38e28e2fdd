# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redlink: the platform of Vercom at its own address."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import vercom

DEFINITION = vercom.definition("redlink", "https://api.redlink.pl")
