# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is read in smtpd.conf; smtpd itself is the judge in tests/clients."""

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.config_text import (
    Config,
    Relay,
    parse,
    relays_of,
)

FILES = {
    "/etc/smtpd.conf": 'relay_options = "auth <secrets> tls"\n'
    "include '/etc/more.conf'\n"
    'table secrets \\\n  file:/etc/secrets # comment with { and "\n'
    "table list { 'smtps://b@Two.example', \"three.example\" }\n"
    'action "out" relay host "smtp+tls://a@[192.0.2.1]:587" $relay_options ttl 2d\n'
    "action many relay host <list> auth { b = \"u:p\" } src '192.0.2.9'\n"
    'action "by_domain" relay domain <map> auth <secrets>\n'
    'action "local" maildir\n'
    "match from local for any action out\n",
    "/etc/more.conf": "table map file:/etc/map\naction more relay host one.example mail-from '@x y'\n",
    "/etc/map": "# comment\na.example smtp+tls://c@four.example:2525\n",
}


def config() -> Config:
    """Return what is read."""
    return parse("/etc/smtpd.conf", FILES.__getitem__)


def relays() -> dict[str, list[tuple[str, str, str, int]]]:
    """Return where each action relays to."""

    def told(one: Relay) -> tuple[str, str, str, int]:
        return one.scheme, one.label, one.host, one.port

    return {one.name: [told(relay) for relay in relays_of(one, FILES.__getitem__)] for one in config().actions}


def test_relays() -> None:
    """Catches: a macro, an include, a table, quotes or a continued line that smtpd understands and we do not."""
    assert relays() == {
        "more": [("smtp", "", "one.example", 25)],
        "out": [("smtp+tls", "a", "192.0.2.1", 587)],
        "many": [("smtps", "b", "two.example", 465), ("smtp", "", "three.example", 25)],
        "by_domain": [("smtp+tls", "c", "four.example", 2525)],
    }


def test_tables_and_options() -> None:
    """Catches: a login table that is not found, an inline one taken for a file, options that are lost."""
    more, out, many, _by_domain = config().actions
    assert out.tables["auth"].path == "/etc/secrets" and out.tables["auth"].kind == "file"
    assert out.ttl == "2d" and " ".join(map(str, out.rest)) == "tls"
    assert many.tables["auth"].kind == "inline" and many.tables["src"].items == (("192.0.2.9", ""),)
    assert " ".join(map(str, more.rest)) == 'mail-from "@x y"'


def test_where_statements_stand() -> None:
    """Catches: lines that are commented out beside those of an action."""
    found = {one.name: (one.statement.file, one.statement.first, one.statement.last) for one in config().actions}
    assert found["out"] == ("/etc/smtpd.conf", 5, 5)
    assert found["more"] == ("/etc/more.conf", 1, 1)
    assert config().first_match == 9


@pytest.mark.parametrize(
    "text",
    [
        "action a relay \\\n host h.example \\\n auth <t>\nmatch for any action a\n",
        'action a relay host "h.\nexample"\n\nmatch for any action a',
        "# a \\\n still a comment\naction a relay host h.example\nmatch for any action a\n",
        "table t {\n a = b,\n c = d\n}\naction a relay host h.example auth <t>\nmatch for any action a\n",
    ],
)
def test_lines_of_one_statement(text: str) -> None:
    """Catches: a statement that ends at a line break in quotes, braces or after a backslash."""
    parsed = parse("/c", {"/c": text}.__getitem__)
    assert [relay.host for action in parsed.actions for relay in relays_of(action, str)] == ["h.example"]
    lines = text.split("\n")
    assert parsed.first_match is not None and lines[parsed.first_match].startswith("match")
    assert lines[parsed.actions[0].statement.first].startswith("action")


def test_include_before_first_match() -> None:
    """Catches: lines that are put behind an include whose match statements come first."""
    files = {"/c": 'a = "b"\ninclude "/d"\nmatch for any action x\n', "/d": "\nmatch for any action y\n"}
    assert parse("/c", files.__getitem__).first_match == 1
