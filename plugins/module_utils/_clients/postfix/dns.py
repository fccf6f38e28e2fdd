# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The question for a domain's mail servers, and its answer, as DNS has them. Pure: no I/O."""

from __future__ import annotations

import struct
from collections.abc import Iterator

_HEADER, _FIXED = struct.Struct("!6H"), struct.Struct("!HHIH")
_MX, _INTERNET = 15, 1
_RECURSION, _CODE = 0x0100, 0x000F
_NO_ERROR, _NO_SUCH_NAME = 0, 3
_POINTER = 0xC0
# More jumps than a name can have labels.
_MOST = 128


def question(domain: str, number: int) -> bytes:
    """Return what to ask.

    :param domain: the domain
    :param number: by which the answer is known
    :raises UnicodeError: if the domain is none
    """
    labels = domain.rstrip(".").encode("idna").split(b".")
    name = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return _HEADER.pack(number, _RECURSION, 1, 0, 0, 0) + name + struct.pack("!HH", _MX, _INTERNET)


def mail_servers(answer: bytes, number: int) -> list[str] | None:
    """Return the domain's mail servers, the preferred one first; none if there are none, None if that is not known.

    :param answer: what the name server said
    :param number: that of the question
    """
    try:
        found, flags, questions, answers, _others, _more = _HEADER.unpack_from(answer)
        if found != number or flags & _CODE not in (_NO_ERROR, _NO_SUCH_NAME):
            return None
        place = _HEADER.size
        for _number in range(questions):
            place = _name(answer, place)[1] + 4
        return [name for _preference, name in sorted(_records(answer, place, answers))]
    except (struct.error, IndexError, UnicodeError):
        return None


def _records(answer: bytes, place: int, count: int) -> Iterator[tuple[int, str]]:
    for _number in range(count):
        place = _name(answer, place)[1]
        kind, _class, _seconds, length = _FIXED.unpack_from(answer, place)
        place += _FIXED.size
        if kind == _MX:
            (preference,) = struct.unpack_from("!H", answer, place)
            yield preference, _name(answer, place + 2)[0]
        place += length


def _name(answer: bytes, place: int) -> tuple[str, int]:
    """Return a name, and where it ends."""
    labels: list[str] = []
    end = 0
    for _number in range(_MOST):
        length = answer[place]
        if length >= _POINTER:
            end = end or place + 2
            place = (length & ~_POINTER) << 8 | answer[place + 1]
        elif length == 0:
            return ".".join(labels), end or place + 1
        else:
            labels.append(answer[place + 1 : place + 1 + length].decode("ascii"))
            place += 1 + length
    raise IndexError(place)
