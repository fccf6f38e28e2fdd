# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Understands the tables, actions and relays of smtpd.conf. Pure: no I/O, the caller reads the files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd import secrets_text
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.lexer import Lexer, Statement, Word

# The options of a relay that name a table, in one of three ways.
_TABLES = ("host", "domain", "auth", "src", "helo-src")
_URL = re.compile(
    r"(?:(?P<scheme>smtp|smtp\+tls|smtp\+notls|lmtp|smtps)://)?(?:(?P<label>[^@]*)@)?(?P<host>\[[^]]*\]|[\w.-]*)(?::(?P<port>\d+))?",
    re.IGNORECASE,
)
_DEEPEST = 16


@dataclass(frozen=True)
class Table:
    """A table.

    :param kind: C(file), C(db), another backend, or C(inline)
    :param path: its file, empty if it has none
    :param items: keys and values of an inline one, whose values can be secret
    """

    name: str
    kind: str
    path: str = ""
    items: tuple[tuple[str, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Action:
    """An action that relays.

    :param statement: where it stands
    :param tables: the table of each option that has one
    :param rest: the words of the other options
    :param ttl: how long its mail waits, as written
    """

    name: str
    statement: Statement
    tables: dict[str, Table]
    rest: tuple[Word, ...]
    ttl: str = ""


@dataclass(frozen=True)
class Relay:
    """One place that an action relays to.

    :param url: as it is written
    :param label: what the login is found by, empty if there is none
    """

    action: Action
    url: str
    scheme: str
    label: str
    host: str
    port: int


@dataclass
class Config:
    """What was read.

    :param files: their texts by path, the main one first
    :param first_match: the line of the main file before which no match is made
    """

    files: dict[str, str] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    actions: list[Action] = field(default_factory=list)
    macros: dict[str, str] = field(default_factory=dict, repr=False)
    first_match: int | None = None


def parse(path: str, read: Callable[[str], str]) -> Config:
    """Read a configuration.

    :param path: the main file
    :param read: returns the text of a file
    """
    config = Config()
    _parse_file(config, path, read, None, 0)
    return config


def _parse_file(config: Config, path: str, read: Callable[[str], str], included_at: int | None, depth: int) -> None:
    text = config.files.setdefault(path, read(path))
    for statement in Lexer(path, text, config.macros).statements():
        words = statement.words
        line = statement.first if included_at is None else included_at
        if statement.keyword == "match" and config.first_match is None:
            config.first_match = line
        elif statement.keyword == "include" and len(words) == 2 and depth < _DEEPEST:
            _parse_file(config, words[1].text, read, line, depth + 1)
        elif statement.keyword == "table" and len(words) > 2:
            table = _table(words[1].text, words[2:])
            config.tables[table.name] = table
        elif statement.keyword == "action" and len(words) > 2 and words[2] == Word("relay"):
            config.actions.append(_action(statement, config))
        elif len(words) == 3 and words[1] == Word("="):
            config.macros[words[0].text] = words[2].text


def _table(name: str, words: Sequence[Word]) -> Table:
    if words[0] == Word("{"):
        return Table(name, "inline", items=_items(words[1:-1]))
    kind, _colon, path = words[0].text.partition(":")
    if words[0].text.startswith("/"):
        kind, path = "file", words[0].text
    return Table(name, "file" if kind == "static" else kind, path)


def _items(words: Sequence[Word]) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    rest = [word for word in words if word != Word(",")]
    while rest:
        key = rest.pop(0)
        if rest and rest[0].plain and rest[0].text in ("=", "=>"):
            del rest[0]
            found.append((key.text, rest.pop(0).text if rest else ""))
        else:
            found.append((key.text, ""))
    return tuple(found)


def _action(statement: Statement, config: Config) -> Action:
    tables: dict[str, Table] = {}
    rest: list[Word] = []
    ttl = ""
    words = list(statement.words[3:])
    while words:
        word = words.pop(0)
        if word.plain and word.text in _TABLES and words:
            tables[word.text] = _reference(words, config)
        elif word == Word("ttl") and words:
            ttl = str(words.pop(0))
        else:
            rest.append(word)
    return Action(statement.words[1].text, statement, tables, tuple(rest), ttl)


def _reference(words: list[Word], config: Config) -> Table:
    """Take the words that name a table from the front, and return it."""
    first = words.pop(0)
    if first == Word("<"):
        name = words.pop(0).text
        del words[:1]
        return config.tables.get(name, Table(name, "unknown"))
    if first != Word("{"):
        return Table("", "inline", items=((first.text, ""),))
    end = words.index(Word("}")) if Word("}") in words else len(words)
    items = _items(words[:end])
    del words[: end + 1]
    return Table("", "inline", items=items)


def relays_of(action: Action, text_of: Callable[[str], str]) -> list[Relay]:
    """Return where an action relays to.

    :param action: the action
    :param text_of: returns the text of a table's file
    """
    urls: list[str] = []
    if "host" in action.tables:
        table = action.tables["host"]
        urls = [key for key, _value in table.items or secrets_text.list_of(_text(table, text_of))]
    elif "domain" in action.tables:
        table = action.tables["domain"]
        urls = [value for _key, value in table.items or secrets_text.items_of(_text(table, text_of))]
    return [relay for relay in (_relay(action, url) for url in dict.fromkeys(urls)) if relay is not None]


def _text(table: Table, text_of: Callable[[str], str]) -> str:
    return text_of(table.path) if table.kind == "file" else ""


def _relay(action: Action, url: str) -> Relay | None:
    match = _URL.match(url)
    if match is None:
        return None
    scheme = (match.group("scheme") or "smtp").lower()
    port = int(match.group("port") or (465 if scheme == "smtps" else 25))
    host = match.group("host").strip("[]").lower()
    return Relay(action, url, scheme, match.group("label") or "", host, port)
