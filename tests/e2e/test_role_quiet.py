# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How much a run of the role prints, skipped tasks counted."""

from __future__ import annotations

import re

from support.controller import Ended
from support.fleet_of_hosts import Fleet
from support.scene import ONE, Scene, variables

BANNER = re.compile(r"^(?:TASK|RUNNING HANDLER) \[.*$", re.MULTILINE)


def run(scene: Scene, *arguments: str) -> Ended:
    """Run the role on localhost, with one account."""
    scene.provider.accounts.propagation = 2
    role = {"role": "mailops.smtp.smtp_rotation", "vars": variables(scene, propagation_seconds=2)}
    play = {"hosts": "localhost", "gather_facts": False, "roles": [role]}
    return scene.controller.play_file(scene.controller.write_play([play]), *arguments)


def banners(ended: Ended) -> list[str]:
    """Return the titles of tasks and handlers that a run printed."""
    assert ended.code == 0, ended.output
    return BANNER.findall(ended.output)


def test_one_account_on_localhost(scene: Scene) -> None:
    """Catches: a task of its own for what a step could do, which everybody reads in every run."""
    first = run(scene)
    assert len(banners(first)) <= 16
    assert re.search(
        rf"^{re.escape(ONE)} +rotated +\d{{4}}-\d\d-\d\d \d\d:\d\d +yes +\d{{4}}-", first.output, re.MULTILINE
    )
    again = run(scene)
    assert len(banners(again)) <= 7


def test_hosts_that_need_nothing(scene: Scene) -> None:
    """Catches: a fleet that prints every phase in a run in which nothing is due."""
    fleet = Fleet(scene, {f"mail{number}": {"smtp_rotation_accounts": [ONE]} for number in range(1, 6)}, {})
    assert len(banners(fleet.run())) <= 24
    assert len(banners(fleet.run())) <= 8
