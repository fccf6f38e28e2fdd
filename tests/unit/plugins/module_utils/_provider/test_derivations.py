# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an SMTP password is derived from."""

from __future__ import annotations

import random

import pytest
from support.iam import smtp_password

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.derivations import ses_smtp_password

# Of terraform-provider-aws, whose users log in with it: internal/service/iam/access_key_test.go. AWS publishes none.
KNOWN = [
    ("eu-central-1", "some+secret+key", "BMXhUYlu5Z3gSXVQORxlVa7XPaz91aGWdfHxvkOZdWZ2"),
    ("eu-central-1", "another+secret+key", "BBbphbrQmrKMx42d1N6+C7VINYEBGI5v9VsZeTxwskfh"),
    ("us-west-1", "some+secret+key", "BH+jbMzper5WwlwUar9E1ySBqHa9whi0GPo+sJ0mVYJj"),
    ("us-west-1", "another+secret+key", "BKVmjjMDFk/qqw8EROW99bjCS65PF8WKvK5bSr4Y6EqF"),
]


@pytest.mark.parametrize(("region", "secret", "password"), KNOWN)
def test_known_passwords(region: str, secret: str, password: str) -> None:
    """Catches: a derivation, or the one of the tests, that is not the one of AWS."""
    assert ses_smtp_password(secret, {"region": region}) == password
    assert smtp_password(secret, region) == password


def test_any_secret() -> None:
    """Catches: a secret key with a sign that is encoded in another way."""
    seed = random.randrange(10**9)  # noqa: S311
    chance = random.Random(seed)  # noqa: S311
    for _n in range(200):
        secret = "".join(chance.choices("ABCDEFXYZabcxyz0189+/", k=40))
        assert ses_smtp_password(secret, {"region": "us-gov-west-1"}) == smtp_password(secret, "us-gov-west-1"), seed


@pytest.mark.parametrize("region", ["", "eu-west1", "eu-west-12", "EU-WEST-1", "Ireland", "eu-west-1 ", "eu-west-1a"])
def test_no_region(region: str) -> None:
    """Catches: a password that works nowhere, because the region is misspelt."""
    with pytest.raises(
        InputError, match=r"^provider_settings\.region: must be a region of AWS, such as eu-west-1, not"
    ):
        ses_smtp_password("x", {"region": region})
