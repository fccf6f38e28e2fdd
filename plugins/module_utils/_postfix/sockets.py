# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connects to the sockets of a mail program on this host."""

from __future__ import annotations

import os
import socket


def connected(path: str, seconds: float | None = None) -> socket.socket:
    """Return a connection to a service that listens in a folder.

    :param path: the socket's path, of any length
    :param seconds: how long each step of the dialogue may take, None for no limit
    :raises OSError: if nobody listens there
    """
    folder, name = os.path.split(path)
    descriptor = os.open(folder, os.O_RDONLY)
    client = socket.socket(socket.AF_UNIX)
    try:
        client.settimeout(seconds)
        # The path of a socket may have some 100 characters only.
        client.connect(f"/proc/self/fd/{descriptor}/{name}")
    except BaseException:
        client.close()
        raise
    finally:
        os.close(descriptor)
    return client


def listens(path: str) -> bool:
    """Tell whether somebody listens there.

    :param path: the socket's path
    """
    try:
        connected(path).close()
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    return True
