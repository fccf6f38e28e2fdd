# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Logs in once with the password on standard input, and sends one message: what a playbook's author writes."""

from __future__ import annotations

import smtplib
import ssl
import sys
from email.message import EmailMessage


def main() -> None:
    """Send the message, or fail."""
    host, port, ca_path, account, sender, recipient = sys.argv[1:]
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, recipient, f"Test of {account}"
    message.set_content("The new password works.\n")
    with smtplib.SMTP(host, int(port), timeout=30) as client:
        client.starttls(context=ssl.create_default_context(cafile=ca_path))
        client.login(account, sys.stdin.readline().rstrip("\n"))
        client.send_message(message)


if __name__ == "__main__":
    main()
