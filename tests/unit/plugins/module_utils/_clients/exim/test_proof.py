# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Exim prints of a delivery."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.proof import Outcome, outcome_of

MARKS = "R=smarthost T=t H=r.example [10.0.0.1] X=TLS1.3:X:256 CV=yes"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f'LOG: MAIN\n  => a@b {MARKS} A=plain C="250 2.0.0 \\"Ok\\""\n',
            Outcome(True, True, '250 2.0.0 \\"Ok\\"', "r.example"),
        ),
        (f"  => a@b {MARKS} A=login\n", Outcome(True, True, "accepted", "r.example")),
        (f'  => a@b {MARKS} C="250 Ok"\n', Outcome(True, False, "250 Ok", "r.example")),
        (
            f"  ** a@b {MARKS}: SMTP error from remote mail server after MAIL FROM:<x@y>: 550 5.7.1 <x@y>: no\n",
            Outcome(False, False, "550 5.7.1 <x@y>: no"),
        ),
        (
            "  plain authenticator failed H=r.example [10.0.0.1] 535 5.7.8 wrong\n  == a@b R=s T=t defer (-42): x\n",
            Outcome(False, False, "535 5.7.8 wrong"),
        ),
        (
            "  TLS session: (certificate verification failed): unencrypted\n  == a@b R=s T=t defer (-42): x\n",
            Outcome(False, False, "TLS session: (certificate verification failed)"),
        ),
        ("  == a@b R=s T=t defer (-42): no AUTH\n", Outcome(False, False, "R=s T=t defer (-42): no AUTH")),
        ("", Outcome(False, False, "no reply")),
    ],
)
def test_outcome(text: str, expected: Outcome) -> None:
    """Catches: a refusal that passes for a proof, a delivery without a login, a reply that is not the relay's."""
    assert outcome_of(text) == expected
