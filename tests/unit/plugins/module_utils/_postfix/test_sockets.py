# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._postfix.sockets import connected, listens


def test_socket_with_a_long_path(tmp_path: Path) -> None:
    """Catches: a service that is taken for dead because its path is longer than a socket's may be."""
    folder = tmp_path.joinpath(*["a" * 60] * 3)
    folder.mkdir(parents=True)
    path = folder / "s"
    assert not listens(str(path))
    short = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(short))
        short.rename(path)
        listener.listen()
        assert listens(str(path))
        with connected(str(path), 3) as client:
            assert client.gettimeout() == 3
    assert not listens(str(path))
    with pytest.raises(ConnectionRefusedError):
        connected(str(path))
