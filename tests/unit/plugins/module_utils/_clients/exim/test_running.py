# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which processes of Exim deliver."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.running import delivers


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("-Mc 1xXlzQ-0002iE-1t", True),
        ("-M 1xXlzQ-0002iE-1t", True),
        ("-MCS -MC t h 10.0.0.1 1 1xXlzQ-0002iE-1t", True),
        ("-q", True),
        ("-qff", True),
        ("-qqi", True),
        ("-R example", True),
        ("-Rfriend@elsewhere.example", True),
        ("-Ssender.example", True),
        ("-qGslow", True),
        ("-bd -q30m", False),
        ("-bdf -q30m", False),
        ("-q30m", False),
        ("-qq1h", False),
        ("-t -oi", False),
        ("-Mvl 1xXlzQ-0002iE-1t", False),
        ("-bp", False),
    ],
)
def test_delivers(arguments: str, expected: bool) -> None:
    """Catches: a delivery that is not waited for, a daemon or a reception that is waited for without end."""
    assert delivers(["/usr/sbin/exim4", *arguments.split()]) == expected


def test_runq_delivers() -> None:
    """Catches: a run of the queue under way that is not waited for, since it was called by a name of its own."""
    assert delivers(["runq"])
    assert delivers(["/usr/sbin/runq"])
