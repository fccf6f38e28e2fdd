# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A name server on loopback that knows the mail server of one domain, and a way to have nothing else asked."""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

PORT = 53
INSIDE = "MAILOPS_NAME_SERVER"
# Each process has one of its own, so that tests can run side by side.
ADDRESS = f"127.53.{os.getpid() // 250 % 250}.{os.getpid() % 250 + 1}"
# Of everything that runs in it, only the names come from elsewhere.
ENTER = 'mount --bind "$1" /etc/resolv.conf; shift; exec "$@"'
_MX, _NO_SUCH_NAME = 15, 3


def is_asked() -> bool:
    """Tell whether this process, and what it starts, asks the name server for every name."""
    return INSIDE in os.environ


def run_again(test: str, folder: Path) -> None:
    """Run one test in a process that asks the name server for every name.

    :param test: its file and name, as pytest takes them
    :param folder: an empty folder
    """
    configuration = folder / "resolv.conf"
    configuration.write_text(f"nameserver {ADDRESS}\n")
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", test]
    apart = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", ENTER, "sh", str(configuration)]
    environment = {**os.environ, INSIDE: ADDRESS}
    done = subprocess.run([*apart, *command], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def serve(domain: str, server: str) -> socket.socket:
    """Answer questions until the socket is closed: the domain has this mail server, and there is no other name.

    :param domain: the domain
    :param server: its mail server
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind((os.environ[INSIDE], PORT))

    def answer() -> None:
        while True:
            try:
                question, client = listening.recvfrom(4096)
            except OSError:
                return
            listening.sendto(_answer(question, domain, server), client)

    threading.Thread(target=answer, daemon=True).start()
    return listening


def _answer(question: bytes, domain: str, server: str) -> bytes:
    end, labels = 12, []
    while question[end]:
        labels.append(question[end + 1 : end + 1 + question[end]].decode())
        end += 1 + question[end]
    (kind,) = struct.unpack_from("!H", question, end + 1)
    known = ".".join(labels) == domain
    records = b""
    if known and kind == _MX:
        data = struct.pack("!H", 10) + b"".join(bytes([len(one)]) + one.encode() for one in server.split(".")) + b"\0"
        records = b"\xc0\x0c" + struct.pack("!HHIH", _MX, 1, 60, len(data)) + data
    flags = 0x8180 | (0 if known else _NO_SUCH_NAME)
    return question[:2] + struct.pack("!5H", flags, 1, bool(records), 0, 0) + question[12 : end + 5] + records
