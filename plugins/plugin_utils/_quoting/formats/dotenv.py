# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A value in a .env file, which python-dotenv, Node's dotenv, sh and systemd read alike. Pure: no I/O."""

from __future__ import annotations

import re

from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.characters import refuse

# Without quotes, which some readers, such as docker run --env-file, take for a part of the value.
PLAIN = re.compile(r"[A-Za-z0-9_.,:/@%+=-]+")


def quoted(value: str) -> str:
    """Return a password as it stands there.

    :param value: the password
    """
    if PLAIN.fullmatch(value):
        return value
    refuse("dotenv", ["\\", "${"], value, why="readers of .env files differ in what they make of it")
    if "'" not in value:
        return f"'{value}'"
    refuse("dotenv", ['"', "$", "`"], value, why="readers of .env files differ if it stands beside a single quote")
    return f'"{value}"'
