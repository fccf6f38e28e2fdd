# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells whether a version can be released. Run it with C(make release-check VERSION=1.2.3)."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
# Semantic versioning, without the pre-releases that Galaxy would offer to nobody.
VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
ADDED = re.compile(r"^\s*version_added: [\"']?([\d.]+)", re.MULTILINE)
# Sections of the changelog whose entries need a new major version, or a new minor one.
MAJOR, MINOR = {"breaking_changes", "removed_features", "major_changes"}, {"minor_changes", "deprecated_features"}


def parts(version: str) -> tuple[int, ...]:
    """Return a version's numbers, which compare as versions do."""
    return tuple(int(number) for number in version.split("."))


def load(path: Path) -> Any:
    """Return what a YAML file holds."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def git(root: Path, *arguments: str) -> str:
    """Return what git says."""
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True, text=True).stdout


def faults(root: Path, version: str) -> Iterator[str]:
    """Yield what stands in the way of a release, and what to do about it."""
    if not VERSION.fullmatch(version):
        yield f"'{version}' is not a version such as 1.2.3: make release-check VERSION=1.2.3"
        return
    if (said := load(root / "galaxy.yml")["version"]) != version:
        yield f"galaxy.yml says {said}: set its version to {version}"
    yield from changelog_faults(root, version)
    yield from plugin_faults(root, version)
    if git(root, "status", "--porcelain"):
        yield "the checkout has changes: commit or stash them"
    if version in git(root, "tag", "--list").split() and f"tags/{version}" not in git(root, "describe", "--all"):
        yield f"the tag {version} exists at another commit: a published version never changes, take the next one"


def changelog_faults(root: Path, version: str) -> Iterator[str]:
    """Yield what is wrong with the changelog."""
    releases = load(root / "changelogs" / "changelog.yaml")["releases"]
    fragments = (root / "changelogs" / "fragments").iterdir()
    left = sorted(path.name for path in fragments if path.suffix in (".yml", ".yaml"))
    if left:
        yield f"{', '.join(left)}: not in the changelog yet, run antsibull-changelog release"
    if version not in releases or f"\nv{version}\n" not in (root / "CHANGELOG.rst").read_text(encoding="utf-8"):
        yield f"the changelog has no {version}: run antsibull-changelog release"
        return
    earlier = [other for other in releases if parts(other) < parts(version)]
    if [other for other in releases if parts(other) > parts(version)]:
        yield f"the changelog has a later version than {version}"
    if earlier and (step := _too_small(max(earlier, key=parts), version, releases[version])):
        yield step


def _too_small(before: str, version: str, release: dict[str, Any]) -> str:
    """Return why a version promises less change than there is, or nothing. Before 1.0.0, minor stands for major."""
    sections = set(release.get("changes", {}))
    old, new = parts(before), parts(version)
    wanted = 0 if sections & MAJOR and new[0] else 1 if sections & (MAJOR | MINOR) or release.get("modules") else 2
    if new[: wanted + 1] == old[: wanted + 1]:
        return f"{version} after {before}: its changes need a new {('major', 'minor', 'patch')[wanted]} version"
    return ""


def plugin_faults(root: Path, version: str) -> Iterator[str]:
    """Yield what is documented as newer than the version that would bring it."""
    documented = [*(root / "plugins").rglob("*.py"), *(root / "roles").glob("*/meta/argument_specs.yml")]
    for path in sorted(documented):
        for added in ADDED.findall(path.read_text(encoding="utf-8")):
            if parts(added) > parts(version):
                yield f"{path.relative_to(root)}: version_added is {added}"


def main() -> int:
    """Print what stands in the way."""
    version = sys.argv[1] if len(sys.argv) > 1 else ""
    found = list(faults(ROOT, version))
    for fault in found:
        print(f"not yet: {fault}", file=sys.stderr)
    if not found:
        print(f"{version}: versions and changelog agree, no fragment is left, nothing is uncommitted.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
