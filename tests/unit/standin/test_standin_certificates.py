# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates, judged by a real handshake."""

from __future__ import annotations

import socket
import ssl
import stat
import threading
from pathlib import Path

import pytest
from standin.certificates import Kind, write_certificates


def handshake(folder: Path, kind: Kind, name: str) -> None:
    """Shake hands as a client that expects that name.

    :raises ssl.SSLCertVerificationError: if the certificate is refused
    """
    files = write_certificates(folder, kind=kind)
    ours, theirs = socket.socketpair()

    def serve() -> None:
        try:
            files.server_context().wrap_socket(theirs, server_side=True).close()
        except OSError:
            theirs.close()

    server = threading.Thread(target=serve)
    server.start()
    context = ssl.create_default_context(cafile=str(files.ca_path))
    # Python 3.13 sets it by default.
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    try:
        context.wrap_socket(ours, server_hostname=name).close()
    finally:
        ours.close()
        server.join()


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
def test_trusted(tmp_path: Path, name: str) -> None:
    """A certificate that a strict client refuses, or that lacks one of the machine's names."""
    handshake(tmp_path, "trusted", name)


REASONS = [
    ("untrusted", "unable to get local issuer certificate"),
    ("expired", "certificate has expired"),
    ("wrong_name", "IP address mismatch"),
]


@pytest.mark.parametrize(("kind", "reason"), REASONS)
def test_refused(tmp_path: Path, kind: Kind, reason: str) -> None:
    """A bad certificate that is bad for another reason than its name says."""
    with pytest.raises(ssl.SSLCertVerificationError, match=reason):
        handshake(tmp_path, kind, "127.0.0.1")


def test_key_is_private(tmp_path: Path) -> None:
    """A key that others can read, also where an open file of that name was before."""
    (tmp_path / "server.key").touch(mode=0o644)
    files = write_certificates(tmp_path)
    assert stat.S_IMODE(files.key_path.stat().st_mode) == 0o600
