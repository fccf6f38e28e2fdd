# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attributes shared by the collection's modules."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation of the attributes."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check_mode and return changed status prediction without modifying target.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
  idempotent:
    description: A second run with the same arguments, outside check mode, changes nothing.
  async:
    description: Supports being used with the C(async) keyword.
"""

    PIPELINING = r"""
options: {}
attributes:
  pipelining:
    description: Arguments with secrets reach the module through a pipe, never through a file.
    support: full
    details:
      - The action plugin enables pipelining for its own task, whatever the configuration says. If that is not possible
        (E(ANSIBLE_KEEP_REMOTE_FILES) is set, or the connection plugin or the become method cannot pipeline), the task
        fails before anything changes. C(su) and C(community.general.doas) are used if they pass a module through a
        pipe, which is tried first with a harmless text.
"""
