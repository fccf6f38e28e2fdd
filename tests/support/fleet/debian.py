# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Debian that runs as a host does: it has files and processes of its own, of which nothing is left at its end."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
from pathlib import Path

from support.crash.processes import is_alive, send
from support.rooted import Root
from support.waiting import until

SECONDS = 60.0
# What is written goes to memory, so that hosts with the same packages can run side by side.
BOOT = """
mount -t tmpfs -o mode=755 tmpfs "$2"
mkdir "$2/upper" "$2/work" "$2/root"
mount -t overlay -o "lowerdir=$1,upperdir=$2/upper,workdir=$2/work" overlay "$2/root"
mount -t proc proc "$2/root/proc"
exec chroot "$2/root" sh -c 'echo ready; exec sleep infinity'
"""
ENVIRONMENT = ("/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/root")


class Debian:
    """The host.

    :param root: what is installed
    :param folder: an existing, empty folder
    """

    def __init__(self, root: Root, folder: Path) -> None:
        self._root, self._folder = root, folder
        self._anchor: subprocess.Popen[str] | None = None

    def boot(self) -> None:
        """Make its files be there.

        :raises RuntimeError: if they cannot be
        """
        apart = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", BOOT, "sh"]
        command = [*apart, str(self._root.make().folder), str(self._folder)]
        self._anchor = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        assert self._anchor.stdout
        if not self._anchor.stdout.readline():
            raise RuntimeError(f"no overlay of {self._root.folder} can be mounted here")

    @property
    def files(self) -> Path:
        """Its files, as they are seen from outside."""
        assert self._anchor
        return Path(f"/proc/{self._anchor.pid}/root")

    def command(self, *command: str) -> list[str]:
        """Return a command that runs inside.

        :param command: what runs there
        """
        assert self._anchor
        return ["nsenter", "-t", str(self._anchor.pid), "--mount", "--root", "--wd", *ENVIRONMENT, *command]

    def run(self, *command: str, given: str = "") -> str:
        """Run a command inside that has to succeed, and return what it printed.

        :param command: what runs there
        :param given: its standard input
        :raises OSError: if it fails
        """
        done = subprocess.run(
            self.command(*command), input=given, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        if done.returncode != 0:
            raise OSError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self, *command: str, log: str) -> None:
        """Start a command inside that goes on.

        :param command: what runs there
        :param log: the file there that its output goes to
        """
        with (self.files / log).open("ab") as file:
            subprocess.Popen(
                self.command(*command), stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
            )

    def script(self, path: Path, *command: str) -> Path:
        """Write a script that runs a command inside, with the arguments that it is given, and return its path.

        :param path: of the script
        :param command: what runs there
        """
        path.write_text(f'#!/bin/sh\nexec {shlex.join(self.command(*command))} "$@"\n')
        path.chmod(0o755)
        return path

    def copy(self, path: str) -> None:
        """Copy a file of this machine to the same path there.

        :param path: of the file
        """
        there = self.files / path.lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_bytes(Path(path).read_bytes())

    def write(self, path: str, text: str, owner: str = "root:root", mode: str = "644") -> None:
        """Write a file there.

        :param path: of the file
        :param owner: its user and group
        :param mode: its mode
        """
        there = self.files / path.lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(text)
        self.run("chown", owner, path)
        self.run("chmod", mode, path)

    def read(self, path: str) -> str:
        """Return the text of a file there, an empty one if there is none.

        :param path: of the file
        """
        there = self.files / path.lstrip("/")
        return there.read_text(errors="replace") if there.exists() else ""

    def processes(self) -> set[int]:
        """Return all processes inside, also those that have locked themselves into a folder there."""
        assert self._anchor
        device = self.files.stat().st_dev
        found = set()
        for name in os.listdir("/proc"):
            with contextlib.suppress(OSError):
                if name.isdigit() and os.stat(f"/proc/{name}/root").st_dev == device and is_alive(int(name)):
                    found.add(int(name))
        return found - {self._anchor.pid}

    def remove(self) -> None:
        """End everything; its files are gone with it."""
        if self._anchor is None:
            return
        if self._anchor.poll() is None:
            until(self._is_empty, seconds=SECONDS)
            self._anchor.kill()
        self._anchor.wait()

    def _is_empty(self) -> bool:
        found = self.processes()
        for pid in found:
            send(pid, signal.SIGKILL)
        return not found
