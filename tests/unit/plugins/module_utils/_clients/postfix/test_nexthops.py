# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where next hops lead, as tables."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.nexthops import Hop, hops_of, is_provider

HOST, PORT = "smtp.provider.example", 587
ADDRESSES = {
    HOST: ["192.0.2.1", "192.0.2.2"],
    "alias.example": ["192.0.2.2"],
    "192.0.2.1": ["192.0.2.1"],
    "other.example": ["192.0.2.9"],
    "localhost": ["127.0.0.1"],
    "127.0.0.1": ["127.0.0.1"],
}


def addresses(name: str) -> list[str]:
    return ADDRESSES.get(name, [])


@pytest.mark.parametrize(
    ("nexthop", "hops"),
    [
        ("", []),
        ("[a.example]:587", [Hop("[a.example]:587", "a.example", "587", is_domain=False)]),
        ("[a.example]:submission", [Hop("[a.example]:submission", "a.example", "587", is_domain=False)]),
        ("[a.example]", [Hop("[a.example]", "a.example", "25", is_domain=False)]),
        ("a.example", [Hop("a.example", "a.example", "25", is_domain=True)]),
        ("a.example:587", [Hop("a.example:587", "a.example", "587", is_domain=True)]),
        ("[2001:db8::1]:465", [Hop("[2001:db8::1]:465", "2001:db8::1", "465", is_domain=False)]),
        ("[ipv6:2001:db8::1]", [Hop("[ipv6:2001:db8::1]", "2001:db8::1", "25", is_domain=False)]),
        ("inet:[a.example]:24", [Hop("inet:[a.example]:24", "a.example", "24", is_domain=False)]),
        (
            "[a.example], b.example:26",
            [
                Hop("[a.example]", "a.example", "25", is_domain=False),
                Hop("b.example:26", "b.example", "26", is_domain=True),
            ],
        ),
    ],
)
def test_hops_of(nexthop: str, hops: list[Hop]) -> None:
    """Catches: a port taken for a part of the name, and a list of relays of which only the first is seen."""
    assert hops_of(nexthop) == hops


@pytest.mark.parametrize(
    ("nexthop", "expected"),
    [
        ("[smtp.provider.example]:587", True),
        ("[SMTP.provider.example.]:465", True),
        ("smtp.provider.example:2587", True),
        ("[alias.example]:587", True),
        ("[alias.example]:465", True),
        ("[192.0.2.1]:25", True),
        ("[alias.example]:10024", False),
        ("[other.example]:587", False),
        ("[unknown.example]:587", False),
        ("provider.example:587", False),
    ],
)
def test_is_provider(nexthop: str, *, expected: bool) -> None:
    """Catches: mail that is not held since its relay is spelled in another way, or other mail that is."""
    hop = hops_of(nexthop)[0]
    assert is_provider(hop, host=HOST, port=PORT, addresses=addresses) is expected


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        (("smtp.provider.example",), True),
        (("mx.other.example", "alias.example"), True),
        (("other.example",), False),
        ((), False),
        (None, True),
    ],
)
def test_domain_is_the_provider_by_its_mail_servers(servers: tuple[str, ...] | None, *, expected: bool) -> None:
    """Catches: a relayhost without brackets that is compared by its own name only."""
    hop = hops_of("provider.example:587")[0]
    assert is_provider(hop, host=HOST, port=PORT, addresses=addresses, servers=servers) is expected


@pytest.mark.parametrize(("port", "expected"), [("2525", True), ("587", False)])
def test_on_loopback_each_port_is_a_server(port: str, *, expected: bool) -> None:
    """Catches: a content filter on this host that is taken for a provider on this host."""
    hop = hops_of(f"[127.0.0.1]:{port}")[0]
    assert is_provider(hop, host="localhost", port=2525, addresses=addresses) is expected
