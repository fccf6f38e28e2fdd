# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entries get a login, as tables: what is there, what is written, or why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.literals import value_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.lookup import sender_keys, server_keys
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.nexthops import hops_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.plan import Plan, View
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.routes import Way
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Login
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

OURS, THEIRS = "1.acme.smtp:old", "9.other:secret"
DEST = "[smtp.x]:587"


@dataclass(eq=False)
class Table:
    """A table in memory; C(compiled) is what only Postfix sees."""

    name: str
    said: dict[str, str]
    is_writable: bool = True
    compiled: dict[str, str] = field(default_factory=dict)

    def find(self, key: str) -> str | None:
        return value_of(self.compiled, key) or value_of(self.said, key)

    def entries(self) -> Mapping[str, str]:
        return self.said


def view(*tables: Table, hop: str = DEST, transport: str = "smtp", sender: str = "") -> View:
    one = hops_of(hop)[0]
    writable = [table for table in tables if table.is_writable]
    keys, by_sender = tuple(server_keys(one)), tuple(sender_keys(sender))
    return View(Way(transport, one, "relayhost"), tables, keys, by_sender, writable[0] if writable else None)


def plan(views: Sequence[View], *logins: Login) -> Plan:
    return Plan(logins or [Login("1.acme.smtp")], views, lambda key: "smtp.x" in key or "@" in key)


def written(made: Plan) -> list[str]:
    return [f"{target.place.name} {target.key} {target.login.username}" for target in made.targets]


@pytest.mark.parametrize(
    ("first", "second", "entries"),
    [
        ({}, {}, [f"t1 {DEST} 1.acme.smtp"]),
        ({DEST: OURS}, {}, [f"t1 {DEST} 1.acme.smtp"]),
        ({"Smtp.X": OURS}, {}, ["t1 Smtp.X 1.acme.smtp"]),
        ({}, {DEST: OURS}, [f"t2 {DEST} 1.acme.smtp"]),
        ({DEST: OURS}, {"smtp.x": OURS}, [f"t1 {DEST} 1.acme.smtp", "t2 smtp.x 1.acme.smtp"]),
        ({DEST: OURS, "[smtp.y]:587": OURS}, {}, [f"t1 {DEST} 1.acme.smtp"]),
        ({DEST: OURS, "a@b": OURS}, {}, [f"t1 {DEST} 1.acme.smtp", "t1 a@b 1.acme.smtp"]),
        ({DEST: OURS, "[smtp.x]:25": OURS}, {}, [f"t1 {DEST} 1.acme.smtp", "t1 [smtp.x]:25 1.acme.smtp"]),
        ({"[smtp.x]:25": OURS, DEST: "0.acme:old"}, {}, "finds another entry first"),
        ({DEST: THEIRS}, {}, "finds another entry first"),
        ({DEST: OURS}, {"smtp.x": THEIRS}, "smtp.x in t2"),
        ({DEST: "secret"}, {}, "finds another entry first"),
        ({"[smtp.x]:25": OURS}, {}, ["t1 [smtp.x]:25 1.acme.smtp", f"t1 {DEST} 1.acme.smtp"]),
        ({"a@b": OURS}, {}, "does not ask for the sender"),
    ],
)
def test_entries_of_one_login(first: dict[str, str], second: dict[str, str], entries: list[str] | str) -> None:
    """Catches: an entry that Postfix does not use, one that stays as it was, or one that is not the provider's."""
    views = [view(Table("t1", first), Table("t2", second))]
    if isinstance(entries, str):
        with pytest.raises(InputError) as caught:
            plan(views)
        assert entries in str(caught.value)
        assert "secret" not in str(caught.value)
        return
    assert written(plan(views)) == entries


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"static": {"*": OURS}}, "set the option migrate"),
        ({"static": {"*": THEIRS}}, "smtp.x (as for every key) in static"),
        ({"regexp:/r": {"smtp.x": OURS}}, "by the key smtp.x"),
        ({"regexp:/r": {}}, "Name one there first"),
    ],
)
def test_tables_that_cannot_be_written(said: dict[str, dict[str, str]], told: str) -> None:
    """Catches: an entry in use that nobody can write, found out after the password changed."""
    tables = [Table(name, entries, is_writable=False) for name, entries in said.items()]
    with pytest.raises(InputError) as caught:
        plan([view(*tables)])
    assert told in str(caught.value)


def test_a_table_before_ours_that_has_nothing_is_no_trouble() -> None:
    """Catches: a refusal only because there is another table."""
    tables = [Table("regexp:/r", {}, is_writable=False), Table("t2", {DEST: OURS})]
    assert written(plan([view(*tables)])) == [f"t2 {DEST} 1.acme.smtp"]


def test_what_only_the_compiled_table_says_counts() -> None:
    """Catches: a text that was edited and not compiled: Postfix uses what it was compiled from."""
    table = Table("t1", {}, compiled={"smtp.x": OURS})
    assert written(plan([view(table)])) == ["t1 smtp.x 1.acme.smtp"]


def test_a_login_of_a_pair_takes_over() -> None:
    """Catches: an entry beside that of the account that becomes idle."""
    views = [view(Table("t1", {"smtp.x": "2.acme.smtp:old"}))]
    assert written(plan(views, Login("1.acme.smtp", replaces=("2.acme.smtp",)))) == ["t1 smtp.x 1.acme.smtp"]


def test_two_logins_by_sender() -> None:
    """Catches: two accounts of a host that overwrite each other, or a key that is not used as asked for."""
    table = Table("t1", {DEST: OURS})
    views = [view(table, sender="nobody@x")]
    logins = [Login("1.acme.smtp", key="a@b"), Login("2.acme.smtp", key="c@d"), Login("1.acme.smtp", key=DEST)]
    made = plan(views, *logins)
    assert written(made) == ["t1 a@b 1.acme.smtp", "t1 c@d 2.acme.smtp", f"t1 {DEST} 1.acme.smtp"]
    assert [username for _view, username in made.hits()] == ["1.acme.smtp"]


@pytest.mark.parametrize("said", [{}, {DEST: OURS}])
def test_two_logins_for_one_entry_are_refused(said: dict[str, str]) -> None:
    """Catches: two logins of which the last one wins."""
    with pytest.raises(InputError, match="would have the same entry"):
        plan([view(Table("t1", said))], Login("1.acme.smtp"), Login("2.acme.smtp"))


def test_explicit_key() -> None:
    """Catches: a key that is asked for and not used, or one that Postfix does not look for, taken as it is."""
    views = [view(Table("t1", {"smtp.x": OURS}))]
    assert written(plan(views, Login("1.acme.smtp", key="SMTP.x"))) == ["t1 SMTP.x 1.acme.smtp"]
    with pytest.raises(InputError, match="leave out the key"):
        plan(views, Login("1.acme.smtp", key=DEST))
    with pytest.raises(InputError, match="never use"):
        plan(views, Login("2.acme.smtp", key="[smtp.x]"))


def test_every_way_gets_an_entry() -> None:
    """Catches: mail of a second way to the provider that goes out without a login."""
    table = Table("t1", {})
    views = [view(table), view(table, hop="[192.0.2.1]:587", transport="relay")]
    made = plan(views)
    assert written(made) == [f"t1 {DEST} 1.acme.smtp", "t1 [192.0.2.1]:587 1.acme.smtp"]
    assert list(made.notes()) == []


def test_notes() -> None:
    """Catches: a way without a login, and an entry of the same account elsewhere, that nobody hears of."""
    table, empty = Table("t1", {DEST: OURS, "[smtp.y]:587": OURS}), Table("t2", {})
    notes = list(plan([view(table), view(empty, transport="relay")]).notes())
    assert len(notes) == 2
    assert "transport relay to [smtp.x]:587 is sent without a login" in notes[0]
    assert "t1 has a login of 1.acme.smtp for [smtp.y]:587" in notes[1]
