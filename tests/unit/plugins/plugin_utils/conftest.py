# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailops.smtp.tests.unit.plugins.rotation_scene import FakeStore, Scene


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    log: list[str] = []
    return Scene(FakeStore(tmp_path / "smtp.yml", log), log)
