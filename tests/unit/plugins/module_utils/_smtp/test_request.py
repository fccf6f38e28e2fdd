# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import email
import email.policy
import typing as t

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import build_message, prepare, prepare_all

OPTIONS: dict[str, t.Any] = {
    "host": "smtp.example.com",
    "port": 587,
    "encryption": "starttls",
    "username": "1.acme.smtp",
    "password": "correct horse",
    "sender": "a@example.com",
    "recipient": "b@example.com",
    "subject": "SMTP password test",
    "send": True,
    "timeout": 30,
    "validate_certs": True,
    "ca_path": None,
    "log_in": True,
    "accounts": None,
}
UNPRINTABLE = ["a\nb", "a\r", "a\0b", "a\x1b", "a\x7f", "a\x85", "a\udcff", "a\u2028b"]


@pytest.mark.parametrize("bad", UNPRINTABLE, ids=ascii)
@pytest.mark.parametrize("name", ["host", "username", "password", "sender", "recipient", "subject"])
def test_control_characters_are_refused(name: str, bad: str) -> None:
    """Catches: a line break that adds a command or a header, and a password's trailing newline sent as part of it."""
    with pytest.raises(InputError) as caught:
        prepare({**OPTIONS, name: bad})
    assert str(caught.value) == f"{name} contains a line break, a control character or bytes that are not UTF-8."


@pytest.mark.parametrize("name", ["sender", "subject"])
def test_control_characters_are_refused_without_send_too(name: str) -> None:
    """Catches: checks that only run when a message is sent."""
    with pytest.raises(InputError):
        prepare({**OPTIONS, "send": False, name: "a\nb"})


@pytest.mark.parametrize(
    ("name", "bad", "message"),
    [
        ("host", "", "host is empty."),
        ("username", " ", "username is empty."),
        ("password", "", "password is empty."),
        ("port", 0, "port must be a number from 1 to 65535, not 0."),
        ("port", 65536, "port must be a number from 1 to 65535, not 65536."),
        ("timeout", 0, "timeout must be at least 1 second, not 0."),
        ("sender", None, "send is true, which requires sender."),
        ("subject", "x", "subject must have 2 to 128 characters."),
        ("subject", " x ", "subject must have 2 to 128 characters."),
        ("subject", "x" * 129, "subject must have 2 to 128 characters."),
    ],
)
def test_bad_options(name: str, bad: object, message: str) -> None:
    """Catches: a value that cannot work noticed only by the server, or not at all."""
    with pytest.raises(InputError) as caught:
        prepare({**OPTIONS, name: bad})
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "address",
    ["", "a", "@b", "a@", "a b@c", "A <a@b.example>", "a@b> SIZE=9", "a@b,c@d", "ä@b.example", "a@b\\", 'a"@b'],
)
@pytest.mark.parametrize("name", ["sender", "recipient"])
def test_bad_addresses(name: str, address: str) -> None:
    """Catches: an address that smuggles parameters into MAIL FROM, or several recipients for one."""
    with pytest.raises(InputError, match=f"^{name} must be one plain address"):
        prepare({**OPTIONS, name: address})


@pytest.mark.parametrize("address", ["a@b", "a.b+c=d@x-y.example", "root@[127.0.0.1]", "o'hara@b.example"])
def test_good_addresses(address: str) -> None:
    """Catches: a check so strict that usual addresses cannot be used."""
    assert prepare({**OPTIONS, "sender": address}).sender == address


def test_addresses_are_not_needed_without_send() -> None:
    """Catches: a log-in-only test that asks for a sender."""
    request = prepare({**OPTIONS, "send": False, "sender": None, "recipient": None})
    assert request.sender is None


def test_limits_are_inclusive() -> None:
    """Catches: an off-by-one at the limits."""
    limits = {"port": 65535, "timeout": 1, "subject": "x" * 128}
    assert prepare({**OPTIONS, **limits}).timeout == 1
    assert prepare({**OPTIONS, "port": 1, "subject": "xy"}).port == 1


def test_password_is_not_in_the_request_s_repr() -> None:
    """Catches: the password in a traceback or a debug line."""
    assert "horse" not in repr(prepare(OPTIONS))


@pytest.mark.parametrize(
    "subject", ["SMTP password test", "Prüfung 日本", "ü" * 128, "x" * 128, "two  words " * 10 + "z"]
)
def test_message(subject: str) -> None:
    """Catches: a missing header, a subject that does not survive, or bare line feeds, which servers refuse."""
    request = prepare({**OPTIONS, "subject": subject})
    raw = build_message(request, message_id="<1@example.com>", date="Mon, 23 Nov 2026 13:00:00 -0000")
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert dict(message.items()) == {
        "From": "a@example.com",
        "To": "b@example.com",
        "Date": "Mon, 23 Nov 2026 13:00:00 -0000",
        "Message-ID": "<1@example.com>",
        "Subject": subject,
        "Auto-Submitted": "auto-generated",
        "MIME-Version": "1.0",
        "Content-Type": 'text/plain; charset="us-ascii"',
    }
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert raw.endswith(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) < 150
    assert not any(line.startswith(b".") for line in raw.split(b"\r\n"))


MANY: dict[str, t.Any] = {**OPTIONS, "username": None, "password": None, "concurrency": 4}
LOGINS = [{"username": name, "password": f"horse {name}", "send": None} for name in ("b", "a", "c")]


def test_accounts_keep_their_order_and_their_own_send() -> None:
    """Catches: accounts in another order, a password of another account, C(send) of one account for all of them."""
    accounts = [LOGINS[0], {**LOGINS[1], "send": False}, LOGINS[2]]
    requests = prepare_all({**MANY, "accounts": accounts})
    assert [(r.username, r.password, r.send) for r in requests] == [
        ("b", "horse b", True),
        ("a", "horse a", False),
        ("c", "horse c", True),
    ]
    only = prepare_all({**MANY, "send": False, "sender": None, "recipient": None, "accounts": LOGINS})
    assert {request.send for request in only} == {False}


@pytest.mark.parametrize(
    ("accounts", "options", "message"),
    [
        ([*LOGINS, LOGINS[0], LOGINS[1]], {}, "accounts: listed more than once: a, b"),
        ([LOGINS[0], {**LOGINS[1], "password": ""}], {}, "accounts[1].password is empty."),
        ([{**LOGINS[0], "username": " "}], {}, "accounts[0].username is empty."),
        (LOGINS, {"concurrency": 0}, "concurrency must be a number from 1 to 64, not 0."),
        (LOGINS, {"concurrency": 65}, "concurrency must be a number from 1 to 64, not 65."),
        (LOGINS, {"port": 0}, "port must be a number from 1 to 65535, not 0."),
        (
            [LOGINS[0], {**LOGINS[1], "send": True}],
            {"send": False, "sender": None, "recipient": None},
            "send is true, which requires sender and recipient.",
        ),
    ],
)
def test_bad_accounts(accounts: list[dict[str, t.Any]], options: dict[str, t.Any], message: str) -> None:
    """Catches: a password that is tried twice, and a mistake that is noticed after the first logins."""
    with pytest.raises(InputError) as caught:
        prepare_all({**MANY, "accounts": accounts, **options})
    assert str(caught.value) == message


def test_fault_in_one_password_names_its_account() -> None:
    """Catches: a line break in one password of a thousand, and no word about which."""
    bad = {**LOGINS[2], "password": "a\n"}
    with pytest.raises(InputError, match=r"^accounts\[2\]\.password contains a line break"):
        prepare_all({**MANY, "accounts": [*LOGINS[:2], bad]})
