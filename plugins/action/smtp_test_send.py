# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of smtp_test_send: makes sure that the password reaches the mail host through a pipe."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import ARGUMENT_SPEC
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import ModuleAction


class ActionModule(ModuleAction):
    """Passes the task to the module."""

    SPEC = ARGUMENT_SPEC
    LOGS = True
