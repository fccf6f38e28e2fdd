# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is written into smtpd.conf and removed again; that it holds is seen in tests/clients."""

from __future__ import annotations

import random
import re

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd import hold_text
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.config_text import parse, relays_of
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

DOOR = hold_text.Door(20001, "0123456789abcdef")
MAIN = """table secrets file:/etc/secrets
include "/etc/more.conf"
action "out" relay host "smtp+tls://a@one.example:587" \\
    auth <secrets> tls ttl 2d # mine
action "other" relay host two.example
match from local for any action "out\""""
MORE = 'action "more" relay host "smtps://b@one.example" auth <secrets> src "192.0.2.1"'


def held(main: str = MAIN, more: str = MORE) -> dict[str, str]:
    """Return the files on hold."""
    texts = {"/etc/smtpd.conf": main, "/etc/more.conf": more}
    config = parse("/etc/smtpd.conf", texts.__getitem__)
    relays = [one for action in config.actions for one in relays_of(action, str) if one.host == "one.example"]
    return hold_text.held(config, "/etc/smtpd.conf", relays, DOOR)


def test_what_is_written() -> None:
    """Catches: an action that goes on, one that is held without need, a proof that is sent otherwise than mail."""
    texts = held()
    assert (
        'action "out" relay host "smtp+notls://[127.77.97.105]:9" ttl 2d # mailops.smtp: on hold\n'
        in texts["/etc/smtpd.conf"]
    )
    assert '\naction "other" relay host two.example\n' in texts["/etc/smtpd.conf"]
    assert texts["/etc/more.conf"].startswith('action "more" relay host "smtp+notls://[127.77.97.105]:9" #')
    proofs = [line for line in texts["/etc/smtpd.conf"].splitlines() if line.startswith('action "mailops.smtp.')]
    assert proofs == [
        'action "mailops.smtp.1" relay host "smtps://b@one.example" auth <secrets> src "192.0.2.1" ttl "1h"',
        'action "mailops.smtp.2" relay host "smtp+tls://a@one.example:587" auth <secrets> tls ttl "1h"',
    ]
    lines = texts["/etc/smtpd.conf"].splitlines()
    assert next(line for line in lines if line.startswith("match")).startswith('match tag "mailops.smtp" helo')


def test_byte_for_byte() -> None:
    """Catches: a trace that stays, a last line without an end that gets one, odd bytes that are changed."""
    texts = held(MAIN.replace("# mine", "# \udcff mine\x0b"))
    assert hold_text.base_of(texts["/etc/smtpd.conf"]) == MAIN.replace("# mine", "# \udcff mine\x0b")
    assert hold_text.base_of(texts["/etc/more.conf"]) == MORE
    assert all(map(hold_text.is_marked, texts.values())) and not hold_text.is_marked(MAIN)
    assert hold_text.door_of(texts["/etc/smtpd.conf"]) == DOOR and hold_text.door_of(MAIN) is None


def test_any_configuration_comes_back() -> None:
    """Catches: an arrangement of lines that is not restored."""
    seed = random.randrange(2**32)  # noqa: S311
    print(f"seed {seed}")
    chance = random.Random(seed)  # noqa: S311
    parts = [
        "\n",
        "# x \\\n y\n",
        "\t\n",
        'action "a" relay \\\n host one.example\n',
        "table t { a, \n b }\n",
        "x = 'y'\n",
    ]
    for _round in range(200):
        main = "".join(chance.choices(parts, k=8)) + 'action "out" relay host one.example\nmatch for any action out'
        texts = held(main)
        assert hold_text.base_of(texts["/etc/smtpd.conf"]) == main
        assert (
            hold_text.base_of(hold_text.releasing({"/etc/smtpd.conf": main}, "/etc/smtpd.conf", 3)["/etc/smtpd.conf"])
            == main
        )


@pytest.mark.parametrize("cut", [hold_text.BEGIN, hold_text.END])
def test_damaged(cut: str) -> None:
    """Catches: half of a file that is taken for ours, and removed."""
    with pytest.raises(
        InputError, match=re.escape("the lines that were written into smtpd.conf to hold mail are damaged")
    ):
        hold_text.base_of(held()["/etc/smtpd.conf"].replace(cut, ""))


def test_releasing_is_seen() -> None:
    """Catches: a run that was killed before the restart, and leaves nothing that says so."""
    texts = hold_text.releasing({"/c": MAIN}, "/c", 4)
    assert hold_text.is_marked(texts["/c"]) and hold_text.door_of(texts["/c"]) is None
    assert hold_text.base_of(texts["/c"]) == MAIN
