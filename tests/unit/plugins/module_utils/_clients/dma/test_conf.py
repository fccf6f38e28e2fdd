# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.module_utils._clients.dma.conf import (
    BEGIN,
    DRAINING,
    END,
    parse,
    with_hold,
    without_hold,
)

TEXT = "# SMARTHOST a\nSMARTHOST b # not this\nSMARTHOST c\nAUTHPATH\t/etc/x\n SECURETRANSFER\nSTARTTLS\n"


def test_settings() -> None:
    """Catches: a setting that dma reads in another way: the last one counts, an indented one does not."""
    conf = parse(TEXT)
    assert (conf.smarthost, conf.authpath, conf.held) == ("c", "/etc/x", False)
    assert ("STARTTLS" in conf.settings, "SECURETRANSFER" in conf.settings) == (True, False)
    assert parse("").smarthost == parse("").authpath == ""


def test_settings_are_the_users_while_held() -> None:
    """Catches: a host on hold that is told to relay to nowhere."""
    conf = parse(with_hold(TEXT))
    assert (conf.smarthost, conf.base, conf.held) == ("c", TEXT, True)


def test_hold_counts_when_it_is_complete_and_in_force() -> None:
    """Catches: a hold that is believed while deliveries go on, or after somebody set the smarthost again."""
    assert not parse(with_hold(TEXT, DRAINING)).held
    assert not parse(with_hold(TEXT) + "SMARTHOST b\n").held
    assert without_hold(with_hold(TEXT) + "SMARTHOST b\n") == TEXT + "SMARTHOST b\n"
    assert parse(with_hold(with_hold(TEXT, DRAINING) + "SMARTHOST b\n")).held


def test_last_line_without_an_end() -> None:
    """Catches: a file that ends with another line after the hold than before."""
    assert with_hold("NULLCLIENT").startswith("NULLCLIENT\n#")
    assert without_hold(with_hold("NULLCLIENT")) == "NULLCLIENT"
    assert without_hold(with_hold("NULLCLIENT") + "DEFER\n") == "NULLCLIENT\nDEFER\n"


def test_damaged_hold_is_taken_away() -> None:
    """Catches: a hold that stays, or user's lines that go, because a mark was removed by hand."""
    damaged = with_hold(TEXT).replace(f"{END}\n", "") + "PORT 25\n"
    assert without_hold(damaged) == TEXT + "PORT 25\n"
    assert BEGIN not in without_hold(damaged)
