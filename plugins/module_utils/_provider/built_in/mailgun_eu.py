# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mailgun, in the European Union: the same API at its own address."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import mailgun

DEFINITION = mailgun.definition("mailgun_eu", "https://api.eu.mailgun.net")
