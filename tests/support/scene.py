# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A controller and a provider that know each other."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from standin.service import StandIn
from support.controller import BIN, KEYS, Controller, Ended
from support.mail import try_login

ONE, TWO = "1.acme.smtp", "2.acme.smtp"
OLD = "the-password-of-before-0"
MOMENT = re.compile(r'(changed_at|effective_at|verified_at): "([^"]+)"')


@dataclass
class Scene:
    """What a test acts on."""

    controller: Controller
    provider: StandIn

    def options(self, **over: Any) -> dict[str, Any]:
        """Return the module's options for this provider and this store; None takes an option out."""
        options = {
            "accounts": [ONE],
            "vault_file": str(self.controller.store),
            "api_url": self.provider.api_url,
            "ca_path": self.provider.ca_path,
            "propagation_seconds": 0,
            "retries": 1,
            **KEYS,
            **over,
        }
        return {name: value for name, value in options.items() if value is not None}

    def task(self, options: Mapping[str, Any], *arguments: str) -> Ended:
        """Run one task of the module with these options."""
        task = {"name": "Set the passwords", "mailops.smtp.smtp_account_password": dict(options)}
        return self.controller.tasks([task], *arguments)

    def rotate(self, *arguments: str, **over: Any) -> Ended:
        """Run one task of the module."""
        return self.task(self.options(**over), *arguments)

    def login(self, account: str, password: str) -> int:
        """Log in at the provider's SMTP server once, and return its answer's code."""
        host, port, authority = self.provider.smtp_host, self.provider.smtp_port, self.provider.ca_path
        return try_login(host, port, account, password, authority)[0]

    def backdate(self, **ago: float) -> None:
        """Move all dates of the store into the past, as if the time had passed."""

        def earlier(match: re.Match[str]) -> str:
            moment = datetime.fromisoformat(match.group(2).replace("Z", "+00:00")) - timedelta(**ago)
            return f'{match.group(1)}: "{moment:%Y-%m-%dT%H:%M:%SZ}"'

        self.controller.store.write_text(MOMENT.sub(earlier, self.controller.store.read_text()))

    def encrypt_store(self) -> None:
        """Encrypt the store as a whole, with Ansible's own command."""
        command = [str(BIN / "ansible-vault"), "encrypt", str(self.controller.store)]
        subprocess.run([*command, *self.controller.vault_arguments()], check=True, capture_output=True)
