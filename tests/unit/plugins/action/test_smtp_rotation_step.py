# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket

from ansible_collections.mailops.smtp.plugins.action import smtp_rotation_step as action
from ansible_collections.mailops.smtp.plugins.module_utils._rotation_step import STEPS


def test_every_step_is_done() -> None:
    """Catches: a step that a task can name, and that nothing does."""
    assert set(action.STEPS) == set(STEPS)


def test_server_that_answers_and_one_that_does_not() -> None:
    """Catches: a password that changes although the server does not answer, or never as it does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert action._waited_for("127.0.0.1", port, 5, "silent") == {"state": "started"}
    assert action._waited_for("127.0.0.1", port, 0.01, "silent") == {"failed": True, "msg": "silent"}
