# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.limit import unsure, using

ACCOUNTS = "smtp_rotation_accounts"
SENDERS = "smtp_rotation_senders"
GROUPS = {"all": ["web1", "web2", "web3", "db1"], "web": ["web1", "web2", "web3"], "db": ["db1"], "ungrouped": []}
NONE: dict[str, dict[str, Any]] = {name: {} for name in ("localhost", *GROUPS["all"])}
NAMED = "Rotate the passwords of our mail servers"


@pytest.mark.parametrize(
    ("known", "found"),
    [
        ({}, []),
        ({"web2": {ACCOUNTS: ["a"]}, "web3": {ACCOUNTS: ["b", "a"]}, "db1": {ACCOUNTS: ["c"]}}, ["web2", "web3"]),
        ({"web2": {SENDERS: {"s": ["x", "a"]}}}, ["web2"]),
        ({"web2": {ACCOUNTS: "a"}, "web3": {ACCOUNTS: None, SENDERS: "a"}}, ["web2"]),
    ],
)
def test_using(known: dict[str, Any], found: list[str]) -> None:
    """Catches: a host that goes on with the old password; one in a form that cannot be read that stops the check."""
    assert using(NONE | known, ["web3", "web2", "db1"], ["a"]) == found


@pytest.mark.parametrize(
    ("play", "inside", "known", "found"),
    [
        # From the play: hosts that it has without the limit, as far as its pattern tells.
        ("web", ["web1"], {}, ["web2", "web3"]),
        ("web", ["web1", "web2", "web3"], {}, []),
        ("all", ["web1"], {}, ["db1", "web2", "web3"]),
        ("web,db1", ["web1"], {}, ["db1", "web2", "web3"]),
        ("web:db", ["web1"], {}, ["db1", "web2", "web3"]),
        ("web1", ["web1"], {}, []),
        ("db", ["db1"], {}, []),
        # A name tells nothing, nor a pattern that is more than a list, nor one that is a name by chance.
        (NAMED, ["web1"], {}, ["db1", "web2", "web3"]),
        ("web:!web3", ["web1"], {}, ["db1", "web2", "web3"]),
        ("w*", ["web1"], {}, ["db1", "web2", "web3"]),
        ("db", ["web1"], {}, ["db1", "web2", "web3"]),
        # From the inventory: then it is known of all.
        (NAMED, ["web1"], {"web1": {ACCOUNTS: ["a"]}}, []),
        # A host of which the inventory says what it has is no question.
        (NAMED, ["web1"], {"web2": {ACCOUNTS: []}, "db1": {ACCOUNTS: ["b"]}}, ["web3"]),
        (NAMED, ["localhost"], {}, []),
        ("localhost", ["localhost"], {}, []),
        ("all", ["localhost"], {}, []),
        ("localhost,web", ["localhost"], {}, ["web1", "web2", "web3"]),
    ],
)
def test_unsure(play: str, inside: list[str], known: dict[str, Any], found: list[str]) -> None:
    """Catches: hosts of the play that keep the old password, in a green run; a run refused that leaves nobody out."""
    assert unsure(NONE | known, ACCOUNTS, inside[0], inside=inside, groups=GROUPS, play=play) == found
