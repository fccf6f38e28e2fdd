# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.action import smtp_rotation_step as action
from ansible_collections.mailops.smtp.plugins.module_utils._rotation_step import STEPS


def test_every_step_is_done() -> None:
    """Catches: a step that a task can name, and that nothing does."""
    assert set(action.STEPS) == set(STEPS)
