# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the end-to-end tests stand on: real ansible-playbook processes, and the stand-in provider."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.flows import FLOWS
from support.long import cases
from support.scene import PROFILES, Scene, a_scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A controller without a store, and a provider with two accounts whose changes take effect at once."""
    with a_scene("emaillabs", tmp_path) as made:
        yield made


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what is to hold with any provider with every one of them, in the short tests with one, in turn.

    The mark C(flows) names the flows for which a test holds, all without it.
    """
    if "any_scene" in metafunc.fixturenames:
        mark = metafunc.definition.get_closest_marker("flows")
        flows = mark.args if mark else FLOWS
        providers = [name for name, profile in PROFILES.items() if profile.flow in flows]
        turn = zlib.crc32(metafunc.function.__name__.encode()) % len(providers)
        metafunc.parametrize("any_scene", cases(providers, short=[providers[turn]]), indirect=True)


@pytest.fixture
def any_scene(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scene]:
    """The same with each provider in turn."""
    with a_scene(request.param, tmp_path) as made:
        yield made
