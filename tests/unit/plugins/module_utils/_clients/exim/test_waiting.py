# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which messages waited for a release."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.waiting import waits

HELD = 'a@b R=r T=t defer (-1): invalid message_size_limit in t transport: but "held by mailops.smtp" found'
BOUNCED = (
    "a@b R=r T=t H=h [1]: SMTP error from remote mail server after MAIL FROM:<>: 530 5.7.0 Authentication required"
)


@pytest.mark.parametrize(
    ("log", "frozen", "expected"),
    [
        (HELD, False, True),
        (f"{HELD}\nc@d R=x T=u defer (110): Connection timed out", False, True),
        (HELD.replace("T=t", "T=u"), False, False),
        ("a@b R=r T=t H=h [1]: SMTP error from remote mail server after AUTH PLAIN ***: 454 4.7.0 later", False, True),
        ("a@b R=r T=t defer (-54): retry time not reached for any host for 'b'", False, True),
        ("a@b R=r T=t defer (110): Connection timed out", False, False),
        ("", False, False),
        (f"{BOUNCED}\n*** Frozen (delivery error message)", True, True),
        (f"{BOUNCED}\n{HELD}", True, False),
        (HELD, True, False),
    ],
)
def test_waits(log: str, frozen: bool, expected: bool) -> None:
    """Catches: mail that waits on after a release, or other mail that is forced out or thawed."""
    assert waits(log, ["t"], frozen=frozen) == expected
