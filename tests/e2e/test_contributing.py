# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CONTRIBUTING tells to write, tried as it is printed there."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from support.scene import ONE, Scene, variables

CONTRIBUTING = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"
# It writes down what it was asked for, and which password the application had at that time.
MAILER = """\
#!/bin/sh
echo "$1 $(cat {folder}/etc/password 2>/dev/null)" >>{folder}/asked
"""


def printed() -> tuple[dict[str, str], dict[str, str]]:
    """Return the task files by their names, and the variables that name them."""
    text = CONTRIBUTING.read_text(encoding="utf-8")
    section = text[text.index("## Add a consumer") : text.index("## Add a provider")]
    blocks = re.findall(r"^`{3}yaml\n(.*?)^`{3}$", section, re.MULTILINE | re.DOTALL)
    named = {match[1]: block for block in blocks if (match := re.match(r"# (tasks/\w+\.yml):", block))}
    return named, yaml.safe_load(blocks[-1])


def test_consumer_of_your_own(scene: Scene) -> None:
    """Catches: a recipe that does not hold, deploy and release in this order, or leaves the old password in place."""
    folder = scene.controller.folder
    tasks, settings = printed()
    assert {*tasks} == {*settings.values()}
    (folder / "tasks").mkdir()
    (folder / "etc").mkdir()
    (folder / "my-mailer").write_text(MAILER.format(folder=folder))
    (folder / "my-mailer").chmod(0o755)
    for name, text in tasks.items():
        here = text.replace("/etc/my-mailer", f"{folder}/etc").replace("my-mailer p", f"{folder}/my-mailer p")
        (folder / name).write_text(here.replace("my-mailer r", f"{folder}/my-mailer r"))
    given = {**variables(scene, propagation_seconds=1), **settings}
    role = {"role": "mailops.smtp.smtp_rotation", "vars": given}
    play = scene.controller.write_play([{"hosts": "localhost", "gather_facts": False, "roles": [role]}])
    ended = scene.controller.play_file(play)
    assert ended.code == 0, ended.output
    new = scene.controller.decrypted()[ONE]["password"]
    assert scene.login(ONE, new) == 235
    assert (folder / "etc" / "password").read_text() == new
    assert (folder / "asked").read_text().splitlines() == ["pause ", f"resume {new}"]
    assert new not in ended.output
