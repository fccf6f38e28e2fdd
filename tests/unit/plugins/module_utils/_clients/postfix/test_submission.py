# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.submission import check, hand_in, text_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Message, ProgramError
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

MESSAGE = Message("alerts@acme.example", "postmaster@acme.example", "b7f9d2")
SAID = ["220 hello", "250-relay\r\n250 DSN", "250 ok", "250 ok", "354 go on", "250 2.0.0 Ok: queued as 8EDD"]


@contextmanager
def server(folder: Path, replies: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Listen on a socket, and give one reply after the other; yield its path and what was said to it."""
    path, heard = str(folder / "socket"), []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()

        def talk() -> None:
            client, _address = listener.accept()
            with client, client.makefile("rwb", 0) as file:
                for reply in replies:
                    file.write(f"{reply}\r\n".encode())
                    while line := file.readline().decode():
                        heard.append(line.rstrip())
                        if not reply.startswith("354") or line == ".\r\n":
                            break

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        yield path, heard
        thread.join(10)


def test_handed_in(tmp_path: Path) -> None:
    """Catches: another queue ID than that of the reply, a bounce that is wanted, a name that the clean-up misses."""
    with server(tmp_path, SAID) as (path, heard):
        assert hand_in(path, MESSAGE, 10) == "8EDD"
    assert heard[:4] == [
        "ehlo mailops-proof",
        "mail FROM:<alerts@acme.example>",
        "rcpt TO:<postmaster@acme.example> NOTIFY=NEVER",
        "data",
    ]
    assert "Subject: Test message b7f9d2" in heard


@pytest.mark.parametrize("number", range(len(SAID)))
def test_refused_step(tmp_path: Path, number: int) -> None:
    """Catches: a step that is refused, and the next one all the same; an error that is none of the program's."""
    replies = [*SAID[:number], "452 4.3.1 Insufficient system storage"]
    with server(tmp_path, replies) as (path, heard), pytest.raises(ProgramError, match=r"452|4\.3\.1") as error:
        hand_in(path, MESSAGE, 10)
    assert "All stays on hold" in str(error.value)
    assert len(heard) <= number + 20


@pytest.mark.parametrize("replies", [[], ["220 hello"], [*SAID[:5], "250 2.0.0 Ok"]])
def test_no_queue_id(tmp_path: Path, replies: list[str]) -> None:
    """Catches: a dialogue that breaks off, or ends without a queue ID, with an error that is none of the program's."""
    with server(tmp_path, replies) as (path, _heard), pytest.raises(ProgramError, match="does not take a message"):
        hand_in(path, MESSAGE, 1)


def test_nobody_listens(tmp_path: Path) -> None:
    """Catches: the same for a service that is gone."""
    with pytest.raises(ProgramError, match="does not take a message"):
        hand_in(str(tmp_path / "socket"), MESSAGE, 1)


def test_text() -> None:
    """Catches: a message without what relays demand, or that answers itself."""
    raw = text_of(MESSAGE)
    parsed = message_from_bytes(raw)
    assert (parsed["From"], parsed["To"]) == ("<alerts@acme.example>", "<postmaster@acme.example>")
    assert parsed["Auto-Submitted"] == "auto-generated" and parsed["Date"]
    assert parsed["Message-ID"].endswith("@acme.example>")
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "message",
    [
        Message("", MESSAGE.recipient, ""),
        Message("no-domain", MESSAGE.recipient, ""),
        Message(MESSAGE.sender, "a@b.example\nsmtp unix - - n - - pipe", ""),
        Message(MESSAGE.sender, "A <a@b.example>", ""),
        Message(MESSAGE.sender, "ä@b.example", ""),
        Message(MESSAGE.sender, MESSAGE.recipient, "a\r\nBcc: c@d.example"),
    ],
)
def test_message_that_says_too_much(message: Message) -> None:
    """Catches: an address or a token that adds a header, a command or a service."""
    check(MESSAGE)
    with pytest.raises(InputError, match="of the test message must be"):
        check(message)
