# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What smtpd logs of a delivery, as versions 6.8 and 7.4 do."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.log_text import Outcome, outcome_of

START = "Nov 29 21:17:19 smtpd[1]: 7d55b5debe027c60 mta delivery evpid=381b74ae796d5a57 from=<a@b> to=<c@d> rcpt=<-> "


def test_accepted() -> None:
    """Catches: the reply to another message; a quote in the reply that ends it."""
    log = f'{START}source="127.0.0.1" relay="127.0.0.1 (x)" delay=4s result="Ok" stat="250 "quoted" Ok"\n'
    assert outcome_of(log, "381b74ae") == Outcome(True, '250 "quoted" Ok')
    assert outcome_of(log, "481b74ae") is None


def test_refused() -> None:
    """Catches: a refusal after the login, or of the login, that is not told in the relay's words."""
    log = f'{START}source="-" relay="x" delay=4s result="PermFail" stat="550 no"\n'
    assert outcome_of(log, "381b74ae") == Outcome(False, "550 no")
    log = "smtpd[1]: f3bb86c83c7c8e17 mta error reason=AUTH rejected: 535 1.2.3 bad\n"
    assert outcome_of(log, "381b74ae") == Outcome(False, "535 1.2.3 bad")
