# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""By which rules a server's certificate is checked: the same ones on every Python."""

from __future__ import annotations

import ssl

# Python 3.13 sets both flags, older Pythons neither. Strict refuses a private authority as C(openssl req -x509) makes
# it, which the other programs of the same host accept. With a partial chain, an intermediate authority in ca_path is
# trusted: the user named it. That flag has no name in Python 3.8 and 3.9.
_STRICT = int(ssl.VERIFY_X509_STRICT)
_PARTIAL_CHAIN = 0x80000


def check_as_every_python(context: ssl.SSLContext) -> None:
    """Set the rules of a context that differ between versions of Python.

    :param context: the context of a client
    """
    context.verify_flags = ssl.VerifyFlags(int(context.verify_flags) & ~_STRICT | _PARTIAL_CHAIN)
