# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The check before a release."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from checks.release import faults

FIX = {"changes": {"bugfixes": ["one"]}}
FEATURE = {"changes": {"minor_changes": ["one"]}}
BREAK = {"changes": {"breaking_changes": ["one"]}}


def git(root: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def project(root: Path, version: str = "1.1.1", before: str = "1.1.0", release: dict[str, Any] | None = None) -> Path:
    """Make a checkout that is ready for the release of a version."""
    releases = {before: {}, version: FIX if release is None else release}
    files = {
        "galaxy.yml": yaml.safe_dump({"version": version}),
        "changelogs/changelog.yaml": yaml.safe_dump({"releases": releases}),
        "changelogs/fragments/.keep": "",
        "CHANGELOG.rst": f"Notes\n\nv{version}\n======\n",
        "plugins/modules/one.py": 'D = r"""\nversion_added: 0.1.0\n"""\n',
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message", "one")
    return root


def test_ready_version_has_no_fault(tmp_path: Path) -> None:
    """Catches: a check that nothing passes, and that would be left out."""
    assert list(faults(project(tmp_path), "1.1.1")) == []


@pytest.mark.parametrize("version", ["", "1.1", "v1.1.1", "1.1.1-rc1", "01.1.1"])
def test_version_is_semantic(tmp_path: Path, version: str) -> None:
    """Catches: a version that Galaxy refuses, or sorts in another way."""
    assert "is not a version such as 1.2.3" in next(faults(tmp_path, version))


def test_galaxy_says_the_same(tmp_path: Path) -> None:
    """Catches: a tarball under another version than its tag."""
    root = project(tmp_path)
    (root / "galaxy.yml").write_text("version: 1.1.0\n")
    assert "galaxy.yml says 1.1.0: set its version to 1.1.1" in list(faults(root, "1.1.1"))


def test_fragments_are_consumed(tmp_path: Path) -> None:
    """Catches: a change that users see, and that no release ever tells."""
    root = project(tmp_path)
    (root / "changelogs" / "fragments" / "two.yml").write_text("bugfixes: [one]\n")
    assert any(fault.startswith("two.yml: not in the changelog yet") for fault in faults(root, "1.1.1"))


@pytest.mark.parametrize("file", ["changelogs/changelog.yaml", "CHANGELOG.rst"])
def test_changelog_has_it(tmp_path: Path, file: str) -> None:
    """Catches: a release without notes."""
    root = project(tmp_path)
    (root / file).write_text((root / file).read_text().replace("1.1.1", "1.1.0"))
    assert "the changelog has no 1.1.1: run antsibull-changelog release" in list(faults(root, "1.1.1"))


@pytest.mark.parametrize(
    ("before", "version", "release", "needed"),
    [
        ("1.1.0", "1.1.1", FEATURE, "minor"),
        ("1.1.0", "1.1.1", {"modules": [{"name": "new"}]}, "minor"),
        ("1.1.0", "1.2.0", BREAK, "major"),
        ("0.1.0", "0.1.1", BREAK, "minor"),
        ("1.1.0", "1.2.0", FEATURE, ""),
        ("1.1.0", "2.0.0", BREAK, ""),
        ("0.1.0", "0.2.0", BREAK, ""),
    ],
)
def test_version_promises_what_changes(
    tmp_path: Path, before: str, version: str, release: dict[str, Any], needed: str
) -> None:
    """Catches: an upgrade that breaks somebody who trusted the number."""
    found = list(faults(project(tmp_path, version, before, release), version))
    assert found == ([f"{version} after {before}: its changes need a new {needed} version"] if needed else [])


def test_nothing_is_newer_than_the_release(tmp_path: Path) -> None:
    """Catches: documentation that sends readers to a version that does not have it."""
    root = project(tmp_path)
    (root / "plugins" / "modules" / "one.py").write_text("version_added: '1.2.0'\n")
    assert "plugins/modules/one.py: version_added is 1.2.0" in list(faults(root, "1.1.1"))


def test_checkout_is_clean(tmp_path: Path) -> None:
    """Catches: a tarball with what no commit has."""
    root = project(tmp_path)
    (root / "new").touch()
    assert "the checkout has changes: commit or stash them" in list(faults(root, "1.1.1"))


def test_released_version_is_not_released_again(tmp_path: Path) -> None:
    """Catches: two different contents under one version."""
    root = project(tmp_path)
    git(root, "tag", "1.1.1")
    assert list(faults(root, "1.1.1")) == []
    git(root, "commit", "--quiet", "--allow-empty", "--message", "two")
    assert [fault[:13] for fault in faults(root, "1.1.1")] == ["the tag 1.1.1"]
