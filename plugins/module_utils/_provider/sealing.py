# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hides what a provider made while it travels in a module's output, which Ansible shows at high verbosity. Pure.

The pad travels to the module in its arguments, which are never shown, is random, and hides one text only.
"""

from __future__ import annotations

import base64
import hashlib
import secrets

PAD_BYTES = 32


def new_pad() -> str:
    """Return a random pad for one text."""
    return secrets.token_hex(PAD_BYTES)


def sealed(text: str, pad: str) -> str:
    """Return a text that only the pad opens.

    :param text: the text
    :param pad: the pad
    """
    return base64.b64encode(_hidden(text.encode("utf-8"), pad)).decode()


def opened(text: str, pad: str) -> str:
    """Return the text that was sealed with a pad.

    :param text: what C(sealed) returned
    :param pad: the pad
    :raises ValueError: if it is something else
    """
    return _hidden(base64.b64decode(text, validate=True), pad).decode("utf-8")


def _hidden(data: bytes, pad: str) -> bytes:
    """Return data with as many random bytes over it as it has; twice gives the data again."""
    key = hashlib.shake_256(bytes.fromhex(pad)).digest(len(data))
    return bytes(one ^ other for one, other in zip(data, key))
