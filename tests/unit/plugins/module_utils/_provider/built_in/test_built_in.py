# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each built-in provider documents, one row a provider: the calls it publishes, and what its answers mean."""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, read
from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import mailgun, vercom
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Definition
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import BUILT_IN, definition_from
from ansible_collections.mailops.smtp.tests.unit.plugins.module_utils._provider.test_answer import reply

A, V, N, T, U = Kind.ACCEPTED, Kind.REFUSED_VALUE, Kind.REFUSED_ACCESS, Kind.THROTTLED, Kind.UNKNOWN
# Status, body, what it means for the password, and the words of the message that come from the body.
Answer = tuple[int, Any, Kind, str]


@dataclass(frozen=True)
class Row:
    """What one provider documents.

    C(facts) maps a place in the definition to its value. C(answers): see C(Answer); what every provider's web server
    can answer, C(PAGES), comes on top.
    """

    facts: dict[str, Any]
    answers: tuple[Answer, ...] = ()


# Not the provider's words but those of a web server or a device in front of it.
PAGES: tuple[Answer, ...] = (
    *((status, "<html>Bad gateway</html>", U, "") for status in (408, 500, 502, 503, 504)),
    (200, "<html>Log in</html>", U, ""),
    (200, "", U, ""),
    (204, "", U, ""),
    (404, "<html>Not found</html>", N, ""),
    (405, "", N, ""),
)


def pages(row: Row) -> list[Answer]:
    """Return what a web server can answer in place of a provider, but for what is a word of this one."""
    own = [(status, body) for status, body, _kind, _words in row.answers]
    return [page for page in PAGES if page[:2] not in own]


def same(*cases: tuple[int, dict[str, Any], Kind]) -> tuple[Answer, ...]:
    """Return answers whose message is repeated word by word."""
    return tuple((status, body, kind, f": {body['message']}") for status, body, kind in cases)


def entry(kind: str, msg: Any) -> dict[str, Any]:
    """Return one entry of the list that mailcow answers."""
    return {"type": kind, "log": ["mailbox", "edit", "mailbox", {"password": "*", "password2": "*"}, None], "msg": msg}


DONE = entry("success", ["mailbox_modified", "a@b.example"])
FORBIDDEN = entry("danger", "access_denied")
WRONG_KEY = {"type": "error", "msg": "authentication failed"}
READ_ONLY = {"type": "error", "msg": "API read/write access denied"}

CODE = "E_ApiResponseCodes."
INVALID = {"error": "The password is weak", "error_code": f"{CODE}NON_VALIDATING_IN_PAYLOAD"}
DENIED = {"error": "No permission", "error_code": f"{CODE}ENDPOINT_PERMISSION_DENIED"}
FIELD = {"field_validation_errors": {"fieldname": "email_password", "message": "Too weak"}}

TOO_SHORT = "This password is too short. It must contain at least 8 characters."
NOT_PERMITTED = "You do not have permission to perform this action"


def both(error: dict[str, Any]) -> list[dict[str, Any]]:
    """Return an error in the two forms that SMTP2GO publishes."""
    return [{"request_id": "r", "data": error}, {"request_id": "r", **error}]


def quoted(error: dict[str, Any]) -> str:
    """Return an error of SMTP2GO as the message quotes it."""
    return f": {error['error']} ({error['error_code']}) [request id r]"


def call(method: str, path: str, encoding: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the facts of the call that sets a password."""
    values = {"method": method, "path": path, "encoding": encoding, "body": body}
    return {f"set_password.{name}": value for name, value in values.items()}


def listing(method: str, path: str, items: str, name: str) -> dict[str, Any]:
    """Return the facts of the call that lists the accounts."""
    values = {"request.method": method, "request.path": path, "items": items, "name": name}
    return {f"list_accounts.{place}": value for place, value in values.items()}


def finding(path: str, items: str, name: str, known: str) -> dict[str, Any]:
    """Return the facts of the call that finds what the API calls an account."""
    values = {"request.method": "GET", "request.path": path, "items": items, "name": name, "id": known}
    return {f"find_account.{place}": value for place, value in values.items()}


def key_in(header: str, value: str) -> dict[str, Any]:
    """Return the facts of a key that goes into a header."""
    return {"headers": {header: value}, "basic": None}


def lengths(low: int, high: int) -> dict[str, Any]:
    """Return the facts of how long a password may be."""
    return {"password.min_length": low, "password.max_length": high}


VERCOM = {
    **call("PUT", "/v2.1/email/smtpAccount/{account}/password", "json", {"password": "{password}"}),
    "set_password.standing": "assumed",
    "headers": {"Application-Key": "{application_key}", "Authorization": "{authorization_key}"},
    **listing("GET", "/v2.1/email/smtpAccount", "data", "smtpAccount"),
    "list_accounts.request.standing": "reported",
    "list_accounts.fallback_method": "OPTIONS",
    "list_accounts.empty_statuses": (404,),
    "list_accounts.paging": "offset",
    "list_accounts.page_size": 1000,
    **lengths(8, 128),
    "propagation_seconds": 900,
}
MAILGUN = {
    **call("PUT", "/v3/domains/{account_domain}/credentials/{account}", "form", {"password": "{password}"}),
    "set_password.standing": "verified",
    "headers": {},
    "basic": {"username": "api", "password": "{api_key}"},
    **listing("GET", "/v3/domains/{account_domain}/credentials", "items", "login"),
    "list_accounts.request.query": {"skip": "{offset}", "limit": "{limit}"},
    "list_accounts.paging": "offset",
    **lengths(5, 32),
    "rate_limit": 5,
    "propagation_seconds": 0,
}
MAILGUN_ANSWERS = (
    *same(
        (200, {"message": "Password changed"}, A),
        (200, {"message": "Password changed", "credentials": {}}, A),
        (200, {"message": "Password changed", "credentials": {"a@b.example": "generated"}}, U),
        (400, {"message": "New password cannot be the same as old password"}, A),
        (400, {"message": "Password must be between 5 and 32 characters"}, V),
        (403, {"message": "Not allowed"}, N),
        (404, {"message": "SMTP credentials not found"}, N),
        (429, {"message": "Too many requests"}, T),
    ),
    (200, {}, U, ""),
    (401, "Forbidden", N, ""),
)
TABLE = {
    # Their answers are the platform's, in test_answer.py.
    "emaillabs": Row({**VERCOM, "api_url": "https://api.emaillabs.io"}),
    "messageflow": Row({**VERCOM, "api_url": "https://api.messageflow.com"}),
    "redlink": Row({**VERCOM, "api_url": "https://api.redlink.pl"}),
    "mailgun": Row({**MAILGUN, "api_url": "https://api.mailgun.net"}, MAILGUN_ANSWERS),
    "mailgun_eu": Row({**MAILGUN, "api_url": "https://api.eu.mailgun.net"}, MAILGUN_ANSWERS),
    "jetemail": Row(
        {
            **call("PATCH", "/outbound/smarthost", "json", {"currentUsername": "{account}", "password": "{password}"}),
            **key_in("Authorization", "Bearer {api_key}"),
            "list_accounts": None,
            "api_url": "https://api.jetemail.com",
            **lengths(8, 72),
        },
        (
            *same(
                (200, {"success": True, "message": "Smarthost updated successfully"}, A),
                (200, {"success": False, "message": "Password too short"}, V),
                (200, {"success": "true", "message": "x"}, U),
                (200, {"success": 1, "message": "x"}, U),
                (200, {"message": "Smarthost updated successfully"}, U),
                (400, {"success": False, "message": "Password too short"}, V),
                (401, {"success": False, "message": "Invalid API key"}, N),
                (403, {"success": False, "message": "Not allowed"}, N),
                (404, {"success": False, "message": "Smarthost not found"}, N),
                (429, {"success": False, "message": "Slow down"}, T),
                (500, {"success": False, "message": "Odd"}, U),
            ),
            (200, {"success": True}, A, ""),
            (200, {"success": None}, U, ""),
            (400, {"error": "Password too short"}, V, ": Password too short"),
            (422, {"success": False}, V, ""),
        ),
    ),
    "mailcow": Row(
        {
            **call(
                "POST",
                "/api/v1/edit/mailbox",
                "json",
                {
                    "items": ["{account}"],
                    "attr": {"password": "{password}", "password2": "{password}"},
                },
            ),
            **key_in("X-API-Key", "{api_key}"),
            **listing("GET", "/api/v1/get/mailbox/all", "", "username"),
            "list_accounts.paging": "none",
            "api_url": "",
            "propagation_seconds": 0,
        },
        (
            (200, [DONE], A, ": mailbox_modified; a@b.example"),
            (200, [entry("success", "mailbox_modified")], A, ": mailbox_modified"),
            (200, [entry("danger", "password_complexity")], V, ": password_complexity"),
            (200, [entry("danger", ["password_complexity"])], V, ": password_complexity"),
            (200, [entry("danger", "password_mismatch")], V, ": password_mismatch"),
            (200, [entry("error", "password_complexity")], V, ": password_complexity"),
            (200, [DONE, entry("danger", "password_complexity")], V, ": mailbox_modified; a@b.example"),
            (200, [FORBIDDEN], N, ": access_denied"),
            (200, [entry("danger", ["access_denied"])], N, ": access_denied"),
            (200, [DONE, FORBIDDEN], N, ": mailbox_modified; a@b.example"),
            (200, [DONE, entry("warning", "odd")], U, ": mailbox_modified; a@b.example"),
            (200, {"type": "error", "msg": "no attributes"}, V, ": no attributes"),
            (200, {"type": "success", "msg": "odd"}, U, ": odd"),
            (200, [], U, ""),
            (200, {}, U, ""),
            (400, {"type": "error", "msg": "not JSON"}, V, ": not JSON"),
            *((status, WRONG_KEY, N, ": authentication failed") for status in (200, 401)),
            *((status, READ_ONLY, N, ": API read/write access denied") for status in (200, 403)),
            (429, {"type": "error", "msg": "too many"}, T, ": too many"),
        ),
    ),
    "mailu": Row(
        {
            **call("PATCH", "/api/v1/user/{account}", "json", {"raw_password": "{password}"}),
            **key_in("Authorization", "Bearer {api_key}"),
            **listing("GET", "/api/v1/user", "", "email"),
            "list_accounts.paging": "none",
            "api_url": "",
            "answer.secret_fields": ("*.password",),
        },
        (
            *same(
                (200, {"code": 200, "message": "User a@b.example has been updated"}, A),
                (200, {"message": "ok"}, U),
                (200, {"code": "200", "message": "ok"}, U),
                (200, {"code": 404, "message": "User a@b.example cannot be found"}, U),
                (400, {"code": 400, "message": "Provided email address a is not a valid email address"}, V),
                (401, {"message": "A valid Authorization header is mandatory"}, N),
                (403, {"message": "Invalid API token"}, N),
                (404, {"code": 404, "message": "User a@b.example cannot be found"}, N),
                (429, {"message": "Too many attempts from your IP (rate-limit)"}, T),
            ),
            (200, [{"email": "a@b.example", "password": "{SSHA}x"}], U, ""),
        ),
    ),
    "modoboa": Row(
        {
            **call("PATCH", "/api/v2/accounts/{account}/", "json", {"password": "{password}"}),
            "set_password.standing": "verified",
            **key_in("Authorization", "Token {api_key}"),
            **listing("GET", "/api/v2/accounts/", "results", "username"),
            "list_accounts.request.query": {"page": "{page}", "page_size": "{limit}"},
            "list_accounts.paging": "page",
            "list_accounts.empty_statuses": (404,),
            "find_account.request.path": "/api/v2/accounts/",
            "find_account.name": "username",
            "find_account.id": "pk",
            **lengths(8, 128),
            "password.classes": ("lower", "upper", "digit"),
            "password.trimmed": True,
            "rate_limit": 4,
            "propagation_seconds": 0,
            "api_url": "",
        },
        (
            (200, {"pk": 2, "username": "a@b.example", "is_active": True}, A, ""),
            (200, {"count": 0, "next": None, "previous": None, "results": []}, U, ""),
            (200, {}, U, ""),
            (400, {"password": [TOO_SHORT]}, V, f": {TOO_SHORT}"),
            (400, {"password": ["This field may not be blank."]}, V, ": This field may not be blank."),
            (401, {"detail": "Invalid token."}, N, ": Invalid token"),
            (401, {"detail": "User inactive or deleted."}, N, ": User inactive or deleted"),
            (403, {"detail": f"{NOT_PERMITTED}."}, N, f": {NOT_PERMITTED}"),
            (404, {"detail": "No User matches the given query."}, N, ": No User matches the given query"),
            (429, {"detail": "Request was throttled."}, T, ": Request was throttled."),
        ),
    ),
    "smtp2go": Row(
        {
            **call("PATCH", "/users/smtp/edit", "json", {"username": "{account}", "email_password": "{password}"}),
            "set_password.standing": "verified",
            **key_in("X-Smtp2go-Api-Key", "{api_key}"),
            **listing("POST", "/users/smtp/view", "data.results", "username"),
            "list_accounts.request.body": {},
            "api_url": "https://api.smtp2go.com/v3",
        },
        (
            (200, {"request_id": "r", "data": {"results": [{"username": "a"}]}}, A, " [request id r]"),
            (200, {"request_id": "r", "data": {}}, A, " [request id r]"),
            (200, {"request_id": "r"}, U, " [request id r]"),
            (200, {"data": {}}, U, ""),
            (200, {"request_id": "r", "data": {"error": "Odd"}}, U, ": Odd [request id r]"),
            *((status, body, V, quoted(INVALID)) for status in (200, 400) for body in both(INVALID)),
            *((400, body, V, quoted({**INVALID, "error": "Too weak"})) for body in both({**INVALID, **FIELD})),
            *((status, body, N, quoted(DENIED)) for status in (200, 400, 401, 403) for body in both(DENIED)),
            *((404, body, N, quoted(INVALID)) for body in both(INVALID)),
            *((status, body, kind, quoted(DENIED)) for status, kind in ((429, T), (500, U)) for body in both(DENIED)),
        ),
    ),
    "wildduck": Row(
        {
            **call("PUT", "/users/{account}", "json", {"password": "{password}"}),
            **key_in("X-Access-Token", "{api_key}"),
            **finding("/users/resolve/{account_login}", "", "", "id"),
            "find_account.empty_statuses": (404,),
            "list_accounts": None,
            "api_url": "",
        },
        (
            (200, {"success": True}, A, ""),
            (200, {"error": "Odd", "code": "Odd"}, V, ": Odd (Odd)"),
            (200, {"success": "true"}, U, ""),
            (400, {"error": "Too long", "code": "InputValidationError"}, V, ": Too long (InputValidationError)"),
            (403, {"error": "Invalid accessToken value", "code": "InvalidToken"}, N,
             ": Invalid accessToken value (InvalidToken)"),
            (403, {"error": "Not enough privileges", "code": "MissingPrivileges"}, N,
             ": Not enough privileges (MissingPrivileges)"),
            (404, {"error": "This user does not exist", "code": "UserNotFound"}, N,
             ": This user does not exist (UserNotFound)"),
        ),
    ),
    "mailinabox": Row(
        {
            **call("POST", "/mail/users/password", "form", {"email": "{account}", "password": "{password}"}),
            "headers": {},
            "basic": {"username": "{api_user}", "password": "{api_key}"},
            **listing("GET", "/mail/users", "*.users", "email"),
            "list_accounts.request.query": {"format": "json"},
            "find_account": None,
            "api_url": "",
        },
        (
            (200, "OK", A, ": OK"),
            (200, "OK\n", A, ": OK"),
            (200, "ok", U, ": ok"),
            (200, "OK, sort of", U, ": OK, sort of"),
            (200, "x" * 201, U, ""),
            (200, {"status": "OK"}, U, ""),
            (400, "Passwords must be at least eight characters.", V, ": Passwords must be at least eight characters."),
            (400, "No password provided.", V, ": No password provided."),
            (400, "That's not a user (a@b.example).", N, ": That's not a user (a@b.example)."),
            (401, {"status": "error", "reason": "Incorrect email address or password."}, N,
             ": Incorrect email address or password."),
            (403, "Incorrect email address or password.", N, ": Incorrect email address or password."),
        ),
    ),
    "mittwald": Row(
        {
            **call("PATCH", "/v2/mail-addresses/{account}/password", "json", {"password": "{password}"}),
            **key_in("X-Access-Token", "{api_key}"),
            **finding("/v2/mail-addresses/", "", "address", "id"),
            **listing("GET", "/v2/mail-addresses/", "", "address"),
            "find_account.request.query": {"skip": "{offset}", "limit": "{limit}"},
            "find_account.paging": "offset",
            "api_url": "https://api.mittwald.de",
        },
        (
            (204, "", A, ""),
            (200, {}, U, ""),
            (400, {"type": "ValidationError", "message": "Invalid", "validationErrors": [{"message": "too short"}]}, V,
             ": too short (ValidationError)"),
            *((status, {"type": "Error", "message": "No"}, kind, ": No (Error)")
              for status, kind in ((403, N), (404, N), (429, T), (500, U), (503, U))),
        ),
    ),
    "purelymail": Row(
        {
            **call("POST", "/api/v0/modifyUser", "json", {"userName": "{account}", "newPassword": "{password}"}),
            **key_in("Purelymail-Api-Token", "{api_key}"),
            **listing("POST", "/api/v0/listUser", "result.users", ""),
            "list_accounts.request.body": {},
            "find_account": None,
            "api_url": "https://purelymail.com",
        },
        (
            (200, {"type": "success", "result": {}}, A, ""),
            (200, {"type": "error", "code": "invalidToken", "message": "No"}, V, ": No (invalidToken)"),
            (200, {"result": {}}, U, ""),
        ),
    ),
    "migadu": Row(
        {
            **call("PUT", "/domains/{account_domain}/mailboxes/{account_name}", "json", {"password": "{password}"}),
            "set_password.standing": "reported",
            "headers": {},
            "basic": {"username": "{api_user}", "password": "{api_key}"},
            **listing("GET", "/domains/{account_domain}/mailboxes", "mailboxes", "address"),
            "rate_limit": 0.5,
            "api_url": "https://api.migadu.com/v1",
        },
        (
            (200, {"address": "a@b.example", "local_part": "a"}, A, ""),
            (200, {}, U, ""),
            (400, {"error": "no such mailbox"}, V, ": no such mailbox"),
            (401, "Unauthorized", N, ""),
            (404, {"error": "not found"}, N, ": not found"),
        ),
    ),
    "cpanel": Row(
        {
            **call("POST", "/execute/Email/passwd_pop", "form",
                   {"email": "{account_name}", "domain": "{account_domain}", "password": "{password}"}),
            "set_password.standing": "assumed",
            **key_in("Authorization", "cpanel {api_user}:{api_key}"),
            "list_accounts": None,
            "api_url": "",
        },
        (
            (200, {"status": 1, "errors": None, "data": None}, A, ""),
            (200, {"status": 0, "errors": ["The password is too weak."]}, V, ": The password is too weak."),
            (200, {"result": {"status": 0, "errors": ["No such account"]}}, V, ": No such account"),
            (200, {"result": {"status": 1, "errors": None}}, U, ""),
            (401, "", N, ""),
            (403, "", N, ""),
        ),
    ),
    "zoho": Row(
        {
            **call("PUT", "/api/organization/{organization_id}/accounts/{account}", "json",
                   {"password": "{password}", "mode": "resetPassword"}),
            **key_in("Authorization", "Zoho-oauthtoken {api_key}"),
            **finding("/api/organization/{organization_id}/accounts/{account_login}", "", "", "data.zuid"),
            "settings": {"organization_id": ""},
            "list_accounts": None,
            "api_url": "https://mail.zoho.com",
        },
        (
            (200, {"status": {"code": 200, "description": "success"}}, A, ": success"),
            (200, {"status": {"code": "200", "description": "success"}}, A, ": success"),
            (200, {"status": {"code": 404, "description": "Invalid Input"}, "data": {"moreInfo": "No such user"}}, V,
             ": No such user"),
            (200, {"status": {"description": "odd"}}, U, ": odd"),
            (401, {"data": {"errorCode": "INVALID_OAUTHTOKEN"}}, N, " (INVALID_OAUTHTOKEN)"),
        ),
    ),
}  # fmt: skip


def made(provider: str) -> Definition:
    """Return a built-in provider's definition."""
    return build(BUILT_IN[provider])


def test_every_provider_has_a_row() -> None:
    """Catches: a provider that is built in and tested by nobody. The others are in test_issuing.py."""
    assert set(TABLE) == {name for name in BUILT_IN if not made(name).issues}


@pytest.mark.parametrize(
    ("provider", "place", "value"),
    [(provider, place, value) for provider, row in TABLE.items() for place, value in row.facts.items()],
)
def test_calls(provider: str, place: str, value: Any) -> None:
    """Catches: a call or a rule that differs from what the provider publishes, a brand unlike its platform."""
    assert attrgetter(place)(made(provider)) == value


@pytest.mark.parametrize(("provider", "row"), TABLE.items(), ids=TABLE)
def test_keys_go_to_the_own_address(provider: str, row: Row) -> None:
    """Catches: keys of one brand or region sent to another; a server of one's own that is asked for nowhere."""
    if row.facts["api_url"]:
        assert definition_from({"provider": provider}).api_url == row.facts["api_url"]
    own = definition_from({"provider": provider, "api_url": "https://own.example"})
    assert (own.name, own.api_url) == (provider, "https://own.example")


@pytest.mark.parametrize(
    ("provider", "status", "body", "kind", "words"),
    [(provider, *one) for provider, row in TABLE.items() if row.answers for one in (*row.answers, *pages(row))],
)
def test_answers(provider: str, status: int, body: Any, kind: Kind, words: str) -> None:
    """Catches: a failure believed, a success that is not said to be one, a refused key taken for a refused password."""
    meaning = read(made(provider), reply(status, body))
    assert (meaning.kind, meaning.stop) == (kind, status in (401, 403))
    hint = made(provider).hints.get(str(status))
    end = " " if words.endswith(".") else ". "
    assert meaning.message == f"{provider} answered {status}{words}" + (f"{end}{hint}" if hint else "")


@pytest.mark.parametrize("family", [vercom.definition, mailgun.definition])
def test_definitions_are_not_shared(family: Any) -> None:
    """Catches: one brand's or region's address in another's definition."""
    first, second = family("a", "https://a.example"), family("b", "https://b.example")
    first["set_password"]["path"] = "/changed"
    assert second["set_password"]["path"] != "/changed" and second["api_url"] == "https://b.example"


@pytest.mark.parametrize("status", ["404", "405"])
def test_the_assumption_is_told(status: str) -> None:
    """Catches: an assumption that looks like the provider's word, or a sentence that says that the call exists."""
    hint = vercom.definition("a", "")["hints"][status]
    assert "does not publish" in hint and "assumed" in hint and "password_request" in hint
    assert "or the call does:" not in hint


def test_passwords_of_others_are_not_told() -> None:
    """Catches: a password of SMTP2GO's list, which has them in clear, in a message."""
    body = {"request_id": "r", "error": "see In-Clear-1", "data": {"results": [{"email_password": "In-Clear-1"}]}}
    assert "In-Clear" not in read(made("smtp2go"), reply(400, body)).message


def test_passwords_have_the_entropy_that_is_asked_for() -> None:
    """Catches: a password for SMTP2GO with less than 64 bits of entropy."""
    assert made("smtp2go").password.min_length * math.log2(62) >= 64
