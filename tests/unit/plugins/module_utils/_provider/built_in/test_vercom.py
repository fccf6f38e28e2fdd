# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in import vercom
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build


def test_is_a_valid_definition() -> None:
    """Catches: a field that the engine does not know, or one that says more than is known of the call."""
    made = build(vercom.definition("x", "https://api.example.com"))
    assert (
        made.set_password.standing == "assumed"
        and made.list_accounts
        and made.list_accounts.request.standing == "reported"
        and made.propagation_seconds == 900
    )
    assert (made.password.min_length, made.password.max_length) == (8, 128)


def test_the_calls() -> None:
    """Catches: a call that differs from the contract."""
    made = build(vercom.definition("x", "https://api.example.com"))
    assert (made.set_password.method, made.set_password.path) == ("PUT", "/v2.1/email/smtpAccount/{account}/password")
    assert made.set_password.body == {"password": "{password}"} and made.set_password.encoding == "json"
    assert made.headers == {"Application-Key": "{application_key}", "Authorization": "{authorization_key}"}
    listing = made.list_accounts
    assert listing is not None and (listing.request.method, listing.request.path) == ("GET", "/v2.1/email/smtpAccount")
    assert (listing.fallback_method, listing.items, listing.name, listing.empty_statuses) == (
        "OPTIONS",
        "data",
        "smtpAccount",
        (404,),
    )
    assert listing.page_size <= 1000 and listing.paging == "offset"


def test_definitions_are_not_shared() -> None:
    """Catches: one brand's address in another's definition."""
    first, second = vercom.definition("a", "https://a.example"), vercom.definition("b", "https://b.example")
    first["set_password"]["path"] = "/changed"
    assert second["set_password"]["path"] != "/changed" and second["api_url"] == "https://b.example"


@pytest.mark.parametrize("status", ["404", "405"])
def test_the_assumption_is_told(status: str) -> None:
    """Catches: an assumption that looks like the provider's word, and a user who does not learn of the way out."""
    hint = vercom.definition("a", "")["hints"][status]
    assert "does not publish" in hint and "assumed" in hint and "password_request" in hint


def test_the_hint_is_not_turned_around() -> None:
    """Catches: a sentence that says that the call exists where it means that it does not."""
    assert "or the call does:" not in vercom.NO_SUCH_CALL
