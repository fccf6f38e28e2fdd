# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hides what a provider made while it travels in a module's output, which Ansible shows at high verbosity. Pure.

The pad travels to the module in its arguments, which are never shown, is random, and hides one text only.
"""

from __future__ import annotations

import base64
import secrets

LONGEST = 256


def new_pad() -> str:
    """Return a random pad for one text."""
    return secrets.token_hex(LONGEST)


def sealed(text: str, pad: str) -> str:
    """Return a text that only the pad opens.

    :param text: the text, at most 256 bytes as UTF-8
    :param pad: the pad
    :raises ValueError: if the text is longer than the pad
    """
    data, key = text.encode("utf-8"), bytes.fromhex(pad)
    if len(data) > len(key):
        raise ValueError("longer than the pad")
    return base64.b64encode(bytes(one ^ other for one, other in zip(data, key))).decode()


def opened(text: str, pad: str) -> str:
    """Return the text that was sealed with a pad.

    :param text: what C(sealed) returned
    :param pad: the pad
    """
    return bytes(one ^ other for one, other in zip(base64.b64decode(text), bytes.fromhex(pad))).decode("utf-8")
