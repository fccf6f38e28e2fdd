# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Folders of other machines, in which nothing is written.
# ruff: noqa: S108

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation import surroundings
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.survival import Mount

TABLE = r"""
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
1001 27 0:51 / /var/my\040mail rw,relatime shared:1 master:2 - tmpfs tmpfs rw
1002 27 254:0 /tmp/awx_61_ifxztvul /runner rw - ext4 /dev/vda rw
half a line
"""


def test_mounts() -> None:
    """Catches: a number of optional fields that shifts the others; a path with a blank that no store is in."""
    assert surroundings.mounts(TABLE) == [
        Mount("/", "/", "ext4"),
        Mount("/var/my mail", "/", "tmpfs"),
        Mount("/runner", "/tmp/awx_61_ifxztvul", "ext4"),
    ]


@pytest.mark.skipif(not os.path.exists("/proc/self/mountinfo"), reason="there is no /proc")
def test_this_process() -> None:
    """Catches: a table or a list of processes that is read in another form than the kernel's."""
    found = surroundings.situation_of("/srv/smtp.yml", {}, {})
    assert found.mount is not None and found.mount.point in ("/", "/srv")
    assert list(surroundings.callers(os.getpid()))[1:] == list(found.callers)
    assert any("pytest" in word for command in surroundings.callers(os.getpid()) for word in command)


def test_only_what_is_needed_is_kept(tmp_path: Path) -> None:
    """Catches: an API key that is carried around; a folder that is not recognised because it is a link to another."""
    (tmp_path / "link").symlink_to(tmp_path)
    given = {
        "GITHUB_WORKSPACE": str(tmp_path / "link"),
        "GITLAB_CI": "true",
        "CI_PROJECT_DIR": "",
        "EMAILLABS_APPLICATION_KEY": "key",
    }
    variables = {"playbook_dir": str(tmp_path / "link"), "awx_job_id": 61, "smtp_rotation_application_key": "key"}
    found = surroundings.situation_of("/srv/smtp.yml", variables, given)
    assert found.environment == {"GITHUB_WORKSPACE": str(tmp_path), "GITLAB_CI": "true"}
    assert (found.playbook, found.variables) == (str(tmp_path), ["awx_job_id"])


def test_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a run on a system without /proc, such as macOS, that fails."""
    monkeypatch.setattr(surroundings, "PROC", "/nowhere")
    found = surroundings.situation_of("/srv/smtp.yml", {}, {})
    assert (found.mounts, found.mount) == ([], None)
