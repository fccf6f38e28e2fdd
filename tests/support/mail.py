# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client's side of mail, for tests."""

from __future__ import annotations

import base64
import smtplib
import ssl


def try_login(host: str, port: int, account: str, password: str, ca_path: str, timeout: float = 5) -> tuple[int, bytes]:
    """Log in once, with AUTH PLAIN over STARTTLS, and return the code and the text of the answer.

    One attempt only: smtplib's own login tries the next mechanism after a refusal.

    :param ca_path: the file with the authority to trust
    :param timeout: seconds for each step
    :raises OSError: if the server cannot be reached or is not trusted
    :raises smtplib.SMTPException: if the server does not follow the protocol
    """
    with smtplib.SMTP(host, port, local_hostname="localhost", timeout=timeout) as client:
        client.starttls(context=ssl.create_default_context(cafile=str(ca_path)))
        client.ehlo()
        token = base64.b64encode(f"\0{account}\0{password}".encode()).decode()
        return client.docmd("AUTH", f"PLAIN {token}")
