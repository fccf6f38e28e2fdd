# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import yaml

from ansible_collections.mailops.smtp.plugins.action import smtp_rotation_step as action
from ansible_collections.mailops.smtp.plugins.module_utils._rotation_step import STEPS
from ansible_collections.mailops.smtp.tests.unit.plugins.steps_scene import ROLE

STEP = "mailops.smtp.smtp_rotation_step"


def test_every_step_is_done() -> None:
    """Catches: a step that a task can name, and that nothing does."""
    assert set(action.STEPS) == set(STEPS)


def test_mail_programs_are_asked_with_the_rights_of_the_play() -> None:
    """Catches: a mail program that refuses everything on hosts where Ansible logs in as a plain user."""
    files = sorted((ROLE / "tasks").rglob("*.yml"))
    tasks = [task for path in files for task in yaml.safe_load(path.read_text()) or []]
    steps = {task[STEP]["step"]: task for task in tasks if STEP in task}
    assert [step for step in ("check", "hold", "deploy", "release", "try") if "become" in steps[step]] == []
