# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from dataclasses import asdict, replace

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._provider.call_options import (
    connection_from,
    pace_from,
    patience_from,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.rate_limit import SHARE
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import definition_from, module_options
from ansible_collections.mailops.smtp.plugins.module_utils._provider.retry import Patience

EMAILLABS = definition_from({"provider": "emaillabs"})


def given(**options: t.Any) -> dict[str, t.Any]:
    return module_options({"timeout": 7, "validate_certs": True, **options}, EMAILLABS, {"k": "v"})


@pytest.mark.parametrize(
    ("options", "verify"),
    [
        ({"validate_certs": True}, True),
        ({"validate_certs": True, "ca_path": None}, True),
        ({"validate_certs": True, "ca_path": ""}, True),
        ({"validate_certs": True, "ca_path": "/ca.pem"}, "/ca.pem"),
        ({"validate_certs": False}, False),
        ({"validate_certs": False, "ca_path": "/ca.pem"}, False),
    ],
)
def test_connection(options: dict[str, t.Any], verify: bool | str) -> None:
    """Catches: certificates that are not checked although they should be, or the other way round."""
    found = connection_from(given(**options))
    assert (found.credentials, found.timeout, found.verify) == ({"k": "v"}, 7, verify)
    assert asdict(found.definition) == asdict(EMAILLABS)
    assert patience_from({"retries": 3, "retry_after_ceiling": 9}) == Patience(retries=3, ceiling=9)


@pytest.mark.parametrize("options", [{}, {"account_ids": None}, {"account_ids": {"a": 4711, "b": "x"}}])
def test_ids(options: dict[str, t.Any]) -> None:
    """Catches: an id that stays behind, or a number that Ansible made of one."""
    expected = {"a": "4711", "b": "x"} if options.get("account_ids") else {}
    assert connection_from(given(**options)).account_ids == expected


@pytest.mark.parametrize(
    ("options", "rate", "burst"),
    [
        ({}, None, 0),
        ({"rate_limit": None}, None, 0),
        ({"rate_limit": 5, "rate_burst": 2, "rate_recent": []}, 5, 2),
    ],
)
def test_pace(options: dict[str, t.Any], rate: float | None, burst: int) -> None:
    """Catches: the user's limit that is not heard, or one that nobody has set."""
    found = pace_from(options, EMAILLABS)
    assert (found.rate, found.burst) == (rate, burst)


def test_pace_of_a_provider_with_a_limit_of_its_own() -> None:
    """Catches: a published limit that has to be learnt from a refusal."""
    definition = replace(EMAILLABS, rate_limit=10.0)
    assert pace_from({}, definition).rate == 10 * SHARE
    assert pace_from({"rate_limit": 3, "rate_burst": 0, "rate_recent": []}, definition).rate == 3
