# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names that cannot be looked up are no reason to fail."""

from __future__ import annotations

import socket
import threading

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix import names


def test_addresses() -> None:
    """Catches: a run that ends since a name is unknown, or is none."""
    assert names.addresses("127.0.0.1") == {"127.0.0.1"}
    assert names.addresses("a" * 64 + ".invalid") == frozenset()


def test_name_server_that_does_not_answer_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a host without DNS on which nothing can be rotated."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        monkeypatch.setattr(names, "_SECONDS", 0.05)
        assert names.ask("acme.example", "127.0.0.1", silent.getsockname()[1]) is None
    assert names.ask("a" * 64, "127.0.0.1") is None


def test_answer_is_that_to_the_question() -> None:
    """Catches: an answer that is taken for "it has none" although it was for another question."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def reply() -> None:
            question, client = server.recvfrom(512)
            server.sendto(bytes([question[0] ^ 1]) + question[1:], client)

        thread = threading.Thread(target=reply)
        thread.start()
        assert names.ask("acme.example", "127.0.0.1", server.getsockname()[1]) is None
        thread.join()
