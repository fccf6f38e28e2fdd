# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hold in the text of Exim's configuration."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.hold_text import (
    LIMIT,
    TRANSPORTS,
    has_hold,
    held,
    names,
    on_hold,
    released,
)

HOST = "smtp.provider.example"
CONFIG = r"""# main
begin routers
relay:
  driver = manualroute
  transport = relay
begin transports
relay:
.ifdef X
  return_path = ${if eq{a}{b} \
    # a comment
    {c}{d}}
.endif
  driver = smtp
  hosts_try_auth = *
  message_size_limit = 10M
other:
  driver = smtp
  return_path = x@y.example
begin retry
* * F,2h,15m"""


def test_held() -> None:
    """Catches: a router that is held, an option that is set twice, another transport that is changed."""
    text = held(CONFIG, ["relay", "unknown"], HOST)
    assert text.count(LIMIT) == 1
    transports = text.partition("begin transports")[2]
    relay, other = transports.split("other:\n")
    assert text.startswith(CONFIG.partition("begin transports")[0])
    assert other == CONFIG.split("other:\n")[1]
    assert "\n#mailops.smtp#   message_size_limit = 10M\n" in relay
    assert "\n#mailops.smtp#   return_path = ${if eq{a}{b} \\\n#mailops.smtp#     # a comment\n" in relay
    assert "\n#mailops.smtp#     {c}{d}}\n.endif\n" in relay
    assert "\n  hosts_try_auth = *\n" in relay
    assert "  driver = smtp\n# BEGIN mailops.smtp: keeps mail for smtp.provider.example in the queue;" in relay


@pytest.mark.parametrize("text", [CONFIG, CONFIG + "\n", CONFIG.replace("\n", "\n\n"), "", "\n"])
def test_released_is_as_before(text: str) -> None:
    """Catches: a byte that a hold leaves, or takes away."""
    waiting = held(text, ["relay", "other"], HOST)
    assert released(waiting, HOST) == text
    assert released(text, HOST) == text


def test_only_ours_is_released() -> None:
    """Catches: the hold of another provider that ends with ours; a prefix that was there before."""
    mine = held(CONFIG, ["relay"], HOST)
    both = held(mine, ["other"], "b.example")
    assert released(both, "b.example") == mine
    assert released(both, HOST) == held(CONFIG, ["other"], "b.example")
    assert on_hold(both, HOST) == {"relay"} and on_hold(mine, "b.example") == set()
    assert has_hold(released(both, HOST)) and not has_hold(CONFIG)


def test_damaged_lines_are_left() -> None:
    """Catches: the rest of a file that is taken away with lines whose end somebody removed."""
    damaged = held(CONFIG, ["relay"], HOST).replace("# END mailops.smtp\n", "")
    assert released(damaged, HOST) == damaged


def test_a_file_of_transports() -> None:
    """Catches: a file of a split configuration that is not seen as what it is part of."""
    part = "relay:\n  driver = smtp\n"
    assert held(part, ["relay"], HOST) == part
    assert LIMIT in held(part, ["relay"], HOST, section=TRANSPORTS)
    assert names(part, TRANSPORTS) == {"relay"} and names(part) == set()
    assert names(CONFIG) == {"relay", "other"}
