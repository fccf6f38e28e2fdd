# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mail programs in a Debian of their own: real packages, started by hand, on this machine's loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

TREE = Path(__file__).resolve().parents[2]
MAKE = TREE / "tests" / "support" / "mail-root"
COLLECTIONS = TREE / ".cache" / "collections"
SECONDS = 120.0
# What mail-root exits with then.
NO_PACKAGES = 75
# What runs in the root: everything that is mounted goes away with the process.
# The root is a mount of its own, as on a real host, so that a program can keep its mounts to itself.
ENTER = """
mount --bind "$1" "$1"
mount -t proc proc "$1/proc"
mkdir -p "$1/src"
mount --bind "$2" "$1/src"
root=$1
shift 2
exec chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"
"""


def why_not() -> str:
    """Return why no such root can be made here, an empty text if one can."""
    if os.geteuid() != 0:
        return "a root of its own takes root: run this test as root"
    if shutil.which("apt-get") is None:
        return "this is not Debian"
    if subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        return "no mount namespace can be made here"
    return ""


@dataclass(frozen=True)
class Root:
    """A Debian in a folder.

    :param name: its name, also of the folder
    :param packages: what is installed in it
    :param suite: where they come from, such as C(bookworm-backports)
    """

    name: str
    packages: tuple[str, ...]
    suite: str = ""

    @property
    def folder(self) -> Path:
        """Return where it is."""
        return TREE / ".cache" / "roots" / self.name

    def make(self) -> Root:
        """Make it, if that has not been done."""
        suite = ["-t", self.suite] if self.suite else []
        command = [str(MAKE), self.name, *suite, *self.packages]
        made = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
        if made.returncode == NO_PACKAGES:
            pytest.skip("Debian's packages cannot be had here")
        assert made.returncode == 0, f"{command} ended with {made.returncode}; see the logs in {self.folder.parent}"
        return self

    def command(self, *command: str) -> list[str]:
        """Return a command that runs inside.

        :param command: what runs there
        """
        apart = ("unshare", "--mount", "--propagation", "private")
        return [*apart, "sh", "-euc", ENTER, "sh", str(self.folder), str(TREE), *command]

    def call(self, *command: str, given: str = "", seconds: float = SECONDS) -> subprocess.CompletedProcess[str]:
        """Run a command inside to its end.

        :param command: what runs there
        :param given: its standard input
        """
        return subprocess.run(
            self.command(*command), input=given, capture_output=True, text=True, timeout=seconds, check=False
        )

    def run(self, *command: str, given: str = "") -> str:
        """Run a command that has to succeed, and return what it printed.

        :param command: what runs there
        :param given: its standard input
        """
        done = self.call(*command, given=given)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a command inside that goes on; the caller ends it.

        :param command: what runs there
        """
        return subprocess.Popen(self.command(*command), stdin=subprocess.DEVNULL, start_new_session=True)

    def module(self, params: Mapping[str, Any], *, check: bool = False) -> dict[str, Any]:
        """Run the module mail_program inside, as Ansible would, and return its result.

        :param params: its options
        :param check: whether in check mode
        """
        given = {"ANSIBLE_MODULE_ARGS": {**params, "_ansible_check_mode": check}}
        site = _site_packages()
        program = (
            f"import sys; sys.path[:0] = {['/src/.cache/collections', site]!r}; "
            "from ansible_collections.mailops.smtp.plugins.modules import mail_program; mail_program.main()"
        )
        done = self.call("python3", "-c", program, given=json.dumps(given))
        assert done.stdout, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result


def _site_packages() -> str:
    """Return where ansible-core is, as the root sees it."""
    found = next((TREE / ".cache" / "venv" / "lib").glob("python*/site-packages"))
    return f"/src/{found.relative_to(TREE)}"
