# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.by_sender import sender_for
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.route import Route
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Answer, Postfix

TABLES = (
    "inline:{ boss@acme.example=2:x, @acme.example=3:x }",
    "inline:{ news@acme.example=4:x, root=5:x }",
)


class Fake(Postfix):
    """Answers as Postfix does with these tables."""

    def __init__(self, *, depends: str, own: str = "") -> None:
        self._depends = depends
        self._own = own

    def setting(self, name: str) -> str:
        """Return the value of a parameter."""
        values = {"recipient_delimiter": "+", "mydestination": "local.example, other.example"}
        values |= {"smtp_sasl_password_maps": ", ".join(TABLES), "smtp_sender_dependent_authentication": self._depends}
        return {**values, "default_database_type": "hash"}[name]

    def call(self, command: str, *arguments: str, given: str = "") -> Answer:
        """Run a command; one that had a login among its arguments would show it to everybody."""
        assert not given
        assert command == "postconf"
        place = arguments[-1]
        return Answer(0, f"{place} = {self._own}\n" if place.endswith("_authentication") and self._own else "", "")


@pytest.mark.parametrize(
    ("sender", "username", "of", "expected"),
    [
        ("boss@acme.example", "2", "boss@acme.example", "boss@acme.example"),
        ("boss+tag@acme.example", "2", "boss@acme.example", "boss+tag@acme.example"),
        ("friend@acme.example", "3", "@acme.example", "friend@acme.example"),
        ("news@acme.example", "4", "news@acme.example", "news@acme.example"),
        ("root@local.example", "5", "root", "root@local.example"),
        # Another sender's login: his address is known, or not.
        ("friend@acme.example", "4", "news@acme.example", "news@acme.example"),
        ("friend@there.example", "3", "@acme.example", ""),
        # The server's login: of a sender who has none of his own, or who has one.
        ("friend@there.example", "1", "", "friend@there.example"),
        ("friend@acme.example", "1", "", ""),
        # The same, on a way that only some senders' mail takes.
        ("friend@there.example", "1", "boss@there.example", "friend@there.example"),
        ("friend@acme.example", "1", "boss@there.example", "boss@there.example"),
    ],
)
def test_sender(sender: str, username: str, of: str, expected: str) -> None:
    """Catches: a message that logs in with another login than the one that it is to prove."""
    route = Route("out", "[a.example]:587", username, of)
    assert sender_for(Fake(depends="yes"), route, sender) == expected


@pytest.mark.parametrize(("depends", "own", "expected"), [("no", "", "x@y"), ("no", "yes", ""), ("yes", "no", "x@y")])
def test_logins_that_do_not_depend_on_the_sender(depends: str, own: str, expected: str) -> None:
    """Catches: a login that is not proved for no reason; the transport's own setting that is not seen."""
    assert sender_for(Fake(depends=depends, own=own), Route("out", "[a]:1", "3", "@acme.example"), "x@y") == expected
