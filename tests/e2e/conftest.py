# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the end-to-end tests stand on: real ansible-playbook processes, and the stand-in provider."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.scene import PROFILES, Scene, a_scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A controller without a store, and a provider with two accounts whose changes take effect at once."""
    with a_scene("emaillabs", tmp_path) as made:
        yield made


@pytest.fixture(params=[*PROFILES])
def any_scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    """The same with each provider in turn."""
    with a_scene(request.param, tmp_path) as made:
        yield made
