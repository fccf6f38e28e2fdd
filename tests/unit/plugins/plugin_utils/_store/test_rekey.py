# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.edit import edited
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.rekey import (
    Aim,
    Fate,
    Opener,
    Value,
    fate,
    foreign_in,
    identities_in,
    rekeyed,
    values_of,
)
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NEW, NOW, OLD

ANY, FROM_PROD = Aim("new"), Aim("new", "prod", old_is_loaded=True)
NOT_LOADED, TO_SAME = Aim("new", "prod"), Aim("prod", "prod", old_is_loaded=True)
OTHER, BY_NEW, BY_OLD = Opener(False, False), Opener(True, False), Opener(False, True)
BOTH = Opener(True, True)
KEPT, REKEYED, LEFT, CLOSED = Fate.KEPT, Fate.REKEYED, Fate.LEFT, Fate.CLOSED


@pytest.mark.parametrize(
    ("label", "opener", "aim", "expected"),
    [
        ("new", BY_NEW, ANY, KEPT),
        ("prod", OTHER, ANY, REKEYED),
        (None, OTHER, ANY, REKEYED),
        ("prod", None, ANY, CLOSED),
        (None, None, ANY, CLOSED),
        ("new", None, ANY, CLOSED),
        ("new", OTHER, ANY, REKEYED),
        ("prod", BY_NEW, ANY, REKEYED),
        ("new", BY_NEW, FROM_PROD, KEPT),
        ("prod", BY_OLD, FROM_PROD, REKEYED),
        ("prod", OTHER, FROM_PROD, REKEYED),
        ("prod", None, FROM_PROD, CLOSED),
        ("dev", OTHER, FROM_PROD, LEFT),
        ("dev", None, FROM_PROD, LEFT),
        ("dev", BY_OLD, FROM_PROD, REKEYED),
        (None, BY_OLD, FROM_PROD, REKEYED),
        (None, OTHER, FROM_PROD, LEFT),
        (None, None, FROM_PROD, LEFT),
        ("new", BY_OLD, FROM_PROD, REKEYED),
        ("prod", None, NOT_LOADED, CLOSED),
        (None, None, NOT_LOADED, CLOSED),
        ("dev", None, NOT_LOADED, LEFT),
        ("prod", OTHER, NOT_LOADED, REKEYED),
        ("prod", BY_NEW, TO_SAME, KEPT),
        ("prod", BY_OLD, TO_SAME, REKEYED),
        ("prod", None, TO_SAME, CLOSED),
        (None, BY_NEW, Aim("default"), KEPT),
        (None, OTHER, Aim("default"), REKEYED),
        ("default", BY_NEW, Aim("default"), KEPT),
        (None, OTHER, Aim("new", "default", old_is_loaded=True), REKEYED),
        (None, None, Aim("new", "default", old_is_loaded=True), CLOSED),
        ("prod", BOTH, Aim("new", "default", old_is_loaded=True), REKEYED),
    ],
)
def test_fate(label: str | None, opener: Opener | None, aim: Aim, expected: Fate) -> None:
    """Catches: a value that the old secret still opens, one of somebody else that is taken, one that is given up."""
    assert fate(label, opener, aim) is expected


LABELS = st.sampled_from([None, "default", "new", "prod", "dev"])
OPENERS = st.one_of(st.none(), st.builds(Opener, st.booleans(), st.booleans()))
AIMS = st.builds(Aim, st.sampled_from(["new", "default", "prod"]), st.sampled_from([None, "prod", "default"]))


@settings(database=None, deadline=None, print_blob=True)
@given(LABELS, OPENERS, AIMS)
def test_nothing_that_the_old_secret_opens_stays(label: str | None, opener: Opener | None, aim: Aim) -> None:
    """Catches: a case in which somebody who knows the old password can read on."""
    found = fate(label, opener, aim)
    if opener is not None and opener.is_old and not opener.is_new:
        assert found is REKEYED
    if found is KEPT:
        assert opener is not None and opener.is_new and (label or "default") == aim.new
    if opener is None:
        assert found in (CLOSED, LEFT)


FULL = Record(
    password=OLD,
    previous_password=NEW,
    staged_password=OLD,
    doubtful_passwords=(NEW, OLD),
    staged_at=NOW,
    changed_at=NOW,
)


def test_every_value_is_found_and_replaced() -> None:
    """Catches: a field that is forgotten, and so a password that the old secret opens."""
    document = edited(parse("", "S"), {"a": FULL, "b": Record(changed_at=NOW)}, "S")
    assert values_of(document) == [
        Value("password of a", OLD),
        Value("previous_password of a", NEW),
        Value("staged_password of a", OLD),
        Value("doubtful_passwords[0] of a", NEW),
        Value("doubtful_passwords[1] of a", OLD),
    ]
    assert identities_in(document) == {"default": 3, "prod": 2}
    other = NEW.replace("prod", "new")
    changed = rekeyed(document, {NEW: other})
    assert len(changed) == 1
    after = edited(document, changed, "S")
    assert identities_in(after) == {"default": 3, "new": 2}
    assert after.text == document.text.replace(";prod", ";new")
    assert rekeyed(document, {}) == {}
    secrets = {name for name in FULL.__slots__ if "password" in name}
    assert {value.name.split(" ")[0].split("[")[0] for value in values_of(document)} == secrets


def test_foreign_values_are_named() -> None:
    """Catches: a value of another program that is overlooked, and stays under the old secret without a word."""
    vault = "!vault |\n        $ANSIBLE_VAULT;1.1;AES256\n        6161\n"
    text = (
        f"api_key: {vault}list:\n  - {vault}  - plain\nsmtp_accounts:\n  a:\n    password: {vault}    note: {vault}"
        f"    doubtful_passwords:\n      - {vault}"
    )
    document = parse(text, "S")
    assert foreign_in(document) == ["api_key", "list.0", "smtp_accounts.a.note"]
    assert [value.name for value in values_of(document)] == ["password of a", "doubtful_passwords[0] of a"]
    assert foreign_in(edited(parse("", "S"), {"a": FULL}, "S")) == []
