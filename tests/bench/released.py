# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as the last release had it, from the repository's own history."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

# Version 0.2.0 has no tag. This is the last commit before the work on the next version, whose first changelog fragment
# comes after it; all that users could notice until here is in the release notes of 0.2.0.
COMMIT = "724f138222583f664eef89caf9c81a092ff5b57d"
PARTS = ("galaxy.yml", "meta", "plugins", "roles")


def unpack(repository: Path, collections: Path) -> bool:
    """Put the release where Ansible finds it, and return whether the history has it: a shallow clone does not.

    :param repository: the checkout
    :param collections: the folder for C(ANSIBLE_COLLECTIONS_PATH)
    """
    command = ["git", "-C", str(repository), "archive", COMMIT, *PARTS]
    try:
        made = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(collections / "ansible_collections" / "mailops" / "smtp", filter="data")
    return True
