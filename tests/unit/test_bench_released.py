# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The version that the benchmark compares with."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from bench.released import COMMIT, unpack

ROOT = Path(__file__).resolve().parents[2]


def has_commit() -> bool:
    command = ["git", "-C", str(ROOT), "cat-file", "-e", f"{COMMIT}^{{commit}}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def test_release_lies_where_ansible_looks(tmp_path: Path) -> None:
    """Catches: another version measured under the name of 0.2.0."""
    if not has_commit():
        pytest.skip("this copy of the repository does not have the history")
    assert unpack(ROOT, tmp_path)
    collection = tmp_path / "ansible_collections" / "mailops" / "smtp"
    assert yaml.safe_load((collection / "galaxy.yml").read_text())["version"] == "0.2.0"
    assert (collection / "roles" / "smtp_rotation" / "tasks" / "main.yml").is_file()


def test_history_without_the_release_is_no_error(tmp_path: Path) -> None:
    """Catches: a benchmark that cannot be run from a shallow clone."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    assert not unpack(tmp_path, tmp_path / "collections")
    assert not (tmp_path / "collections").exists()
