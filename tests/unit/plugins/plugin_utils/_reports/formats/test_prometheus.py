# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.formats.prometheus import escaped, rendered
from ansible_collections.mailops.smtp.tests.unit.plugins.report_scene import (
    ACCOUNTS,
    DAY,
    NOW,
    SENDERS,
    changed,
    reported,
)

SERIES = re.compile(r"([a-z_]+)\{(.*)\} (-?[0-9]+)")


def values(text: str, account: str) -> dict[str, int]:
    found = SERIES.findall(text)
    return {
        name.removeprefix("smtp_account_"): int(value) for name, labels, value in found if f'="{account}"' in labels
    }


def test_whole_text() -> None:
    """Catches: a change of a name or a label, which breaks everybody's rules and dashboards."""
    text = rendered(reported({"1.acme.smtp": changed(DAY)}, name="prod"))
    first, *lines = text.splitlines()
    assert re.fullmatch("# mailops.smtp, fingerprint [0-9a-f]{64}", first)
    labels = 'store="prod",account="1.acme.smtp"'
    assert [line for line in lines if not line.startswith("# HELP")] == [
        "# TYPE smtp_report_generated_timestamp_seconds gauge",
        'smtp_report_generated_timestamp_seconds{store="prod"} 1795438800',
        "# TYPE smtp_report_accounts gauge",
        'smtp_report_accounts{store="prod"} 1',
        "# TYPE smtp_account_password_changed_timestamp_seconds gauge",
        f"smtp_account_password_changed_timestamp_seconds{{{labels}}} 1795352400",
        "# TYPE smtp_account_password_due_timestamp_seconds gauge",
        f"smtp_account_password_due_timestamp_seconds{{{labels}}} 1803128400",
        "# TYPE smtp_account_password_effective_timestamp_seconds gauge",
        f"smtp_account_password_effective_timestamp_seconds{{{labels}}} 1795353300",
        "# TYPE smtp_account_password_verified_timestamp_seconds gauge",
        f"smtp_account_password_verified_timestamp_seconds{{{labels}}} 1795353309",
        "# TYPE smtp_account_password_stored gauge",
        f"smtp_account_password_stored{{{labels}}} 1",
        "# TYPE smtp_account_password_unverified gauge",
        f"smtp_account_password_unverified{{{labels}}} 0",
        "# TYPE smtp_account_password_staged gauge",
        f"smtp_account_password_staged{{{labels}}} 0",
        "# TYPE smtp_account_password_doubtful gauge",
        f"smtp_account_password_doubtful{{{labels}}} 0",
    ]


@pytest.mark.parametrize(
    ("account", "said"),
    [
        ("none", {"password_stored": 0}),
        ("unverified", {"password_unverified": 1}),
        ("staged", {"password_staged": 1, "password_staged_timestamp_seconds": int(NOW.timestamp())}),
        ("doubtful", {"password_doubtful": 1, "password_staged": 0}),
        ("failed", {"password_unverified": 1, "test_failed_timestamp_seconds": int(NOW.timestamp()) - 84600}),
    ],
)
def test_states(account: str, said: dict[str, int]) -> None:
    """Catches: a state that no alert can see."""
    found = values(rendered(reported()), account)
    assert {name: found[name] for name in said} == said


def test_senders() -> None:
    """Catches: a switch that half of the hosts have not followed, and that no alert can see."""
    text = rendered(reported(ACCOUNTS, SENDERS))
    assert 'smtp_sender_leaving{store="smtp",sender="newsletter"} 1' in text
    assert 'smtp_sender_account_info{store="smtp",sender="newsletter",account="waiting",role="leaving"} 1' in text


@pytest.mark.parametrize(
    ("name", "written"),
    [("a", "a"), ('a"b', r"a\"b"), ("a\\", r"a\\"), ("a\\n", r"a\\n"), ("a\nb", r"a\nb"), ("zoë {x}=,", "zoë {x}=,")],
)
def test_label_values_are_escaped(name: str, written: str) -> None:
    """Catches: one odd account name for which the collector drops the whole file."""
    assert escaped(name) == written


def test_targets() -> None:
    """Catches: an alert on a target that is behind which nobody can write; a date of one that never had a password."""
    notes = (("new", "never"), ("prod", "2026-11-23T13:15:10Z 3f5a9c0e1b2d-9ab0c1d2e3f4"))
    text = rendered(reported({"a": replace(changed(DAY), published=notes)}))
    found = [line for line in text.splitlines() if 'target="' in line]
    assert found == [
        'smtp_account_published_timestamp_seconds{store="smtp",account="a",target="prod"} 1795439710',
        'smtp_account_target_behind{store="smtp",account="a",target="new"} 1',
        'smtp_account_target_behind{store="smtp",account="a",target="prod"} 1',
    ]
