# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.canonical import parts_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import _parsed_by_yaml
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.spans import Part

SEALED = "$ANSIBLE_VAULT;1.1;AES256\n6162\n6364"
NAMED = "$ANSIBLE_VAULT;1.2;AES256;prod\n616263"


def secret(name: str, ciphertext: str = SEALED, indent: int = 4) -> str:
    lines = "".join(f"{' ' * (indent + 2)}{line}\n" for line in ciphertext.splitlines())
    return f"{' ' * indent}{name}: !vault |\n{lines}"


MOMENT = '    changed_at: "2026-11-23T13:00:00Z"\n'
LIST = "    doubtful_passwords:\n" + secret("- ", indent=6).replace("- :", "-") * 2
USUAL = f"""\
# Managed by mailops.smtp.
smtp_accounts:
  1.acme.smtp:
{secret("password")}{secret("previous_password", NAMED)}{MOMENT}  "2":
  3.acme.smtp:
{LIST}{MOMENT}"""
SENDERS = """\
smtp_senders:
  newsletter:
    in_use: 1.acme.smtp
    at_rest: null
    switched_at: "2026-11-23T13:00:00Z"
"""


def by_yaml(text: str) -> dict[str, Part] | None:
    """Return what YAML's machinery makes of a text, None if it refuses it."""
    try:
        return dict(_parsed_by_yaml(text, "the store").parts)
    except StoreError:
        return None


@pytest.mark.parametrize(
    "text",
    [
        USUAL,
        USUAL + SENDERS,
        SENDERS + USUAL.partition("\n")[2],
        "---\n# zażółć\n\n" + USUAL,
        "smtp_accounts:\n  1.acme.smtp:\n",
        USUAL + '    published:\n      prod: "never"\n      "123": "2026-11-23T13:15:10Z 3f5a9c0e1b2d-9ab0c1d2e3f4"\n',
        USUAL.replace("1.acme.smtp", '"a b\\\\c \\"d\\" é\\u00a0\\U0001f4ee"'),
        USUAL + SENDERS.replace("newsletter", '"news: letter"').replace("1.acme.smtp", '"a # b"'),
    ],
)
def test_what_is_usual_is_read_as_yaml_reads_it(text: str) -> None:
    """Catches: a store in its usual form that takes YAML's time, or that is understood in another way."""
    found = parts_of(text)
    assert found is not None and found == by_yaml(text)


PIECES = (
    secret("password"),
    secret("staged_password", NAMED),
    LIST,
    MOMENT,
    MOMENT.replace('"', "'"),
    MOMENT.replace("13:00", "25:00"),
    MOMENT.replace('"\n', '"  # now\n'),
    "    note: mine\n",
    "  # a comment\n",
    "    # a comment\n",
    "      # a comment\n",
    "\n",
    "      \n",
    "      6162\n",
    "       6162\n",
    "     6162\n",
    "  4.acme.smtp:\n",
    "  1.acme.smtp:\n",
    '  "5":\n',
    '  "a b":\n',
    '  "a\\u0020b":\n',
    '  "a\\nb":\n',
    '  "\\ud83d\\udcee":\n',
    '  "\\U00110000":\n',
    '  "\\x41":\n',
    '  "a":b":\n',
    f'  "{"é" * 1100}":\n',
    "  null:\n",
    "  6.acme.smtp: {}\n",
    "  7.acme.smtp: \n",
    "smtp_accounts:\n",
    "other: 1\n",
    "---\n",
    "...\n",
    "\t\n",
    SENDERS,
    "    in_use: 1.acme.smtp\n",
    secret("password").replace("|", "|-"),
    secret("password").replace("!vault", "!other"),
    secret("password").rstrip("\n"),
    secret("password").replace("\n", "\r\n"),
    "    username: null\n",
    "    username: user5\n",
    '    username: "null"\n',
    "    credential_id: 5\n",
    "    credential_id: 0x5\n",
    '    credential_id: "a\\u000ab"\n',
    "    previous_id:\n",
    "    requests:\n      - 20261123T130000Z-0123456789ab\n",
    "    requests: []\n",
    "    requests:\n    - 20261123T130000Z-0123456789ab\n",
    "    requests:\n      - 20261123T130000Z-0123456789a\n",
    "\u2028",
    "\x85",
    "\ufeff",
    "%YAML 1.1\n",
)


@given(st.lists(st.sampled_from(PIECES), max_size=6), st.integers(0, 12))
def test_what_is_read_at_all_is_read_as_yaml_reads_it(pieces: list[str], place: int) -> None:
    """Catches: a text that is understood in another way than YAML understands it, or that YAML refuses."""
    lines = USUAL.splitlines(keepends=True)
    for text in ("".join([*lines[:place], *pieces, *lines[place:]]), USUAL + "".join(pieces), "".join(pieces)):
        found = parts_of(text)
        assert found is None or found == by_yaml(text)


@given(st.integers(0, len(USUAL) - 1), st.sampled_from(["", " ", "\n", ":", "#", '"', "x", "0", "\t", "|", "-", "é"]))
def test_one_character_more_or_less(place: int, character: str) -> None:
    """Catches: a slip of the pen in a store that is read over."""
    for text in (USUAL[:place] + character + USUAL[place:], USUAL[:place] + character + USUAL[place + 1 :]):
        found = parts_of(text)
        assert found is None or found == by_yaml(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "smtp_accounts:\n",
        "smtp_accounts: {}\n",
        USUAL + "other: 1\n",
        USUAL.replace(MOMENT, MOMENT * 2),
        USUAL + "  1.acme.smtp:\n",
    ],
)
def test_what_is_unusual_is_left_to_yaml(text: str) -> None:
    """Catches: a message of YAML's, or what is not ours, that gets lost on the short way."""
    assert parts_of(text) is None
