# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the collection and shows it to those who judge it: Galaxy's importer, and the maker of execution environments.

galaxy-importer must say nothing at all beside its progress: it ends well with warnings too.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
COMPLAINT = re.compile(r"^(WARNING|ERROR|CRITICAL)\b.*|^Traceback.*", re.MULTILINE)
FINISHED = "Importer processing completed successfully"
ENVIRONMENT = {
    "version": 3,
    "images": {"base_image": {"name": "registry.example.com/base:1"}},
    "dependencies": {
        "ansible_core": {"package_pip": "ansible-core>=2.16"},
        "ansible_runner": {"package_pip": "ansible-runner"},
        "galaxy": {"collections": [{"name": "mailops.smtp"}]},
    },
}


class CheckError(Exception):
    """What a reviewer would send back."""


def run(folder: Path, *command: str) -> str:
    """Run a program of this environment and return what it said."""
    program, *arguments = command
    # The importer looks for its own tools on the search path, and does with less if they are not there.
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    whole = [str(BIN / program), *arguments]
    ended = subprocess.run(
        whole, cwd=folder, env=environment, capture_output=True, text=True, timeout=1800, check=False
    )
    if ended.returncode:
        raise CheckError(f"{' '.join(command)} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    return ended.stdout + ended.stderr


def built(folder: Path) -> Path:
    """Build the collection and return the tarball."""
    run(ROOT, "ansible-galaxy", "collection", "build", "--output-path", str(folder))
    (tarball,) = folder.glob("*.tar.gz")
    return tarball


def check_import(tarball: Path) -> None:
    """Have the importer read the tarball."""
    said = run(tarball.parent, "python", "-m", "galaxy_importer.main", tarball.name)
    complaints = [match[0] for match in COMPLAINT.finditer(said)]
    if complaints or FINISHED not in said:
        raise CheckError("galaxy-importer complains:\n" + ("\n".join(complaints) or said))


def check_environment(tarball: Path) -> None:
    """Install the tarball, and have ansible-builder read what it needs and write the files of an image."""
    folder = tarball.parent
    # By force, since the working copy that this runs in counts as installed.
    install = ("ansible-galaxy", "collection", "install", "--offline", "--force", "-p", str(folder / "collections"))
    run(folder, *install, tarball.name)
    needs = yaml.safe_load(run(folder, "ansible-builder", "introspect", "--sanitize", str(folder / "collections")))
    if list(needs) != ["python", "system"] or not str(needs["python"]).startswith("['requests"):
        raise CheckError(f"ansible-builder reads these needs: {needs}")
    definition = folder / "execution-environment.yml"
    definition.write_text(yaml.safe_dump(ENVIRONMENT), encoding="utf-8")
    run(folder, "ansible-builder", "create", "--file", str(definition), "--context", str(folder / "context"))
    if "mailops.smtp" not in (folder / "context" / "_build" / "requirements.yml").read_text(encoding="utf-8"):
        raise CheckError("ansible-builder leaves the collection out")


def main() -> int:
    """Run both checks and say what came out."""
    with tempfile.TemporaryDirectory(prefix="mailops-galaxy-") as folder:
        try:
            tarball = built(Path(folder))
            check_import(tarball)
            check_environment(tarball)
        except CheckError as error:
            print(error, file=sys.stderr)
            return 1
        print(f"{tarball.name}, {tarball.stat().st_size} bytes: no error, no warning; ansible-builder accepts it.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
