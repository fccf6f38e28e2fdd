# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that is reached by ssh: OpenSSH's own server on this machine, for this user and with keys of its own."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support.crash.processes import descendants, is_alive, kill_tree
from support.waiting import until

SERVER = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class Sshd:
    """The server, and how Ansible reaches it.

    :param folder: for its keys and its configuration
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def variables(self) -> dict[str, Any]:
        """Return the variables of the host."""
        known = f"-o UserKnownHostsFile={self._folder}/known -o StrictHostKeyChecking=accept-new -F none"
        return {
            "ansible_connection": "ssh",
            "ansible_host": "127.0.0.1",
            "ansible_port": self._port,
            "ansible_user": getpass.getuser(),
            "ansible_ssh_private_key_file": f"{self._folder}/user",
            "ansible_ssh_common_args": known,
            "ansible_python_interpreter": sys.executable,
        }

    def start(self) -> None:
        """Make the keys, start the server, and wait until it listens."""
        for name in ("host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self._folder / name)]
            subprocess.run(command, check=True)
        configuration = self._folder / "sshd_config"
        configuration.write_text(
            f"ListenAddress 127.0.0.1:{self._port}\nHostKey {self._folder}/host\n"
            f"AuthorizedKeysFile {self._folder}/user.pub\nStrictModes no\nUsePAM no\nPidFile none\n"
            "PasswordAuthentication no\nPermitRootLogin prohibit-password\n"
        )
        if os.getuid() == 0:
            # Where the server confines itself before the login; made by its service otherwise.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        log = (self._folder / "sshd.log").open("wb")
        self._process = subprocess.Popen([str(SERVER), "-D", "-e", "-f", str(configuration)], stderr=log)
        log.close()
        until(self._listens, seconds=20)

    def stop(self) -> None:
        """End the server and all that was started through it."""
        if self._process:
            kill_tree(self._process.pid)
            self._process.wait()

    def modules(self) -> set[int]:
        """Return the processes of Python that run on this host."""
        assert self._process
        return {pid for pid in descendants(self._process.pid) if _is_python(pid) and is_alive(pid)}

    def _listens(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=1):
            return True
        return False


@contextlib.contextmanager
def a_host(folder: Path) -> Iterator[Sshd]:
    """Run a server as long as the block lasts."""
    folder.mkdir()
    server = Sshd(folder)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _is_python(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return b"python" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    return False
