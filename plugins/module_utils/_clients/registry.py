# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mail programs that are known. Ansible sends a module only what is imported by name, so each one stands here."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.program import PROGRAM as OPENSMTPD
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Program

# A test compares this list with the folders.
_KNOWN: tuple[Program, ...] = (OPENSMTPD,)
PROGRAMS: dict[str, Program] = {program.name: program for program in _KNOWN}
