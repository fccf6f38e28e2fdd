# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client for each provider but emaillabs."""

from __future__ import annotations

import base64
import typing as t

import requests
from support.contract import check_answer, check_request
from support.mail import try_login

from .conftest import NEW, OLD, Client


class ProviderClient(Client):
    """Calls one provider's API.

    :cvar refused: what a password is answered that is refused
    :cvar unknown: what a change of an account is answered that does not exist
    :cvar other: an account that does not exist
    """

    account = "alice@example.com"
    refused: t.ClassVar[int] = 400
    unknown: t.ClassVar[int] = 404
    other: t.ClassVar[str] = "bob@example.com"

    def change_of(self, account: str, password: str, **options: t.Any) -> requests.Response:
        """Change an account's password."""
        raise NotImplementedError

    def change(self, password: str = NEW, **options: t.Any) -> requests.Response:
        return self.change_of(self.account, password, **options)

    def listing(self, **options: t.Any) -> requests.Response:
        """List the accounts."""
        raise NotImplementedError

    def wrong_keys(self) -> dict[str, str]:
        """Return the headers with a key that is not the right one."""
        return {name: value[:-4] + "AAAA" for name, value in self.keys().items()}

    def checked(self, response: requests.Response) -> t.Any:
        """Return the answer's JSON, or its text if it is none; it agrees with the contract."""
        check_answer(self.provider, response)
        return response.json() if response.headers["Content-Type"] == "application/json" else response.text

    def login(self, password: str) -> int:
        """Log in at the submission server, and return the code."""
        standin = self.standin
        return try_login(standin.smtp_host, standin.smtp_port, self.account, password, standin.ca_path)[0]

    def assert_rotates(self) -> None:
        """Rotate the password, and prove it by logins."""
        assert (self.login(OLD), self.login(NEW)) == (235, 535)
        response = self.change()
        check_request(self.provider, response)
        self.checked(response)
        assert response.status_code == 200
        assert (self.login(OLD), self.login(NEW)) == (535, 235)
        (event,) = self.standin.record.changes(self.account)
        assert (event["operation"], event["authenticated"]) == ("changeSmtpAccountPassword", True)


class MailgunClient(ProviderClient):
    provider = "mailgun"
    domain: t.ClassVar[str] = "example.com"

    def keys(self) -> dict[str, str]:
        return basic(f"api:{self.standin.api.api_key}")

    def change_of(self, account: str, password: str, **options: t.Any) -> requests.Response:
        # A pair with no file name is a field of a form of parts.
        return self.put(account, files={"password": (None, password)}, **options)

    def put(self, login: str, **options: t.Any) -> requests.Response:  # type: ignore[override]
        """Call with a body of any form."""
        return self.call("PUT", f"/v3/domains/{self.domain}/credentials/{login}", **options)

    def listing(self, **options: t.Any) -> requests.Response:
        return self.call("GET", f"/v3/domains/{self.domain}/credentials", **options)


class Smtp2goClient(ProviderClient):
    provider = "smtp2go"
    account = "alice"
    unknown = 400
    other = "bob"

    def keys(self) -> dict[str, str]:
        return {"X-Smtp2go-Api-Key": self.standin.api.api_key}

    def change_of(self, account: str, password: str, **options: t.Any) -> requests.Response:
        return self.edit({"username": account, "email_password": password}, **options)

    def edit(self, body: t.Any, **options: t.Any) -> requests.Response:
        """Call with any body."""
        return self.call("PATCH", "/v3/users/smtp/edit", json=body, **options)

    def listing(self, **options: t.Any) -> requests.Response:
        return self.call("POST", "/v3/users/smtp/view", json={}, **options)


class MailcowClient(ProviderClient):
    provider = "mailcow"
    refused = 200
    unknown = 200

    def keys(self) -> dict[str, str]:
        return {"X-API-Key": self.standin.api.api_key}

    def change_of(self, account: str, password: str, **options: t.Any) -> requests.Response:
        return self.edit({"items": [account], "attr": {"password": password, "password2": password}}, **options)

    def edit(self, body: t.Any, **options: t.Any) -> requests.Response:
        """Call with any body."""
        return self.call("POST", "/api/v1/edit/mailbox", json=body, **options)

    def listing(self, **options: t.Any) -> requests.Response:
        return self.call("GET", "/api/v1/get/mailbox/all", **options)


class MailuClient(ProviderClient):
    provider = "mailu"

    def keys(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.standin.api.api_key}"}

    def change_of(self, account: str, password: str, **options: t.Any) -> requests.Response:
        return self.patch_user(account, {"raw_password": password}, **options)

    def patch_user(self, email: str, body: t.Any, **options: t.Any) -> requests.Response:
        """Call with any body."""
        return self.call("PATCH", f"/api/v1/user/{email}", json=body, **options)

    def listing(self, **options: t.Any) -> requests.Response:
        return self.call("GET", "/api/v1/user", **options)


class JetEmailClient(ProviderClient):
    provider = "jetemail"
    account = "alice"
    other = "bob"

    def keys(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.standin.api.api_key}"}

    def change_of(self, account: str, password: str, **options: t.Any) -> requests.Response:
        return self.update({"currentUsername": account, "password": password}, **options)

    def update(self, body: t.Any, **options: t.Any) -> requests.Response:
        """Call with any body."""
        return self.call("PATCH", "/outbound/smarthost", json=body, **options)


CLIENTS: list[type[ProviderClient]] = [MailgunClient, Smtp2goClient, MailcowClient, MailuClient, JetEmailClient]


def basic(pair: str) -> dict[str, str]:
    """Return the header of the scheme Basic."""
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
