# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds mail in smtpd.conf, and how it is removed again. Pure: no I/O.

A held action relays to a place that no connection may be made to: its mail waits in the queue, is never tried, and a
flush does not change that. The statement of the user stays as a comment above which ours stands. What proves a login is
an action of its own; only what comes through a port of its own, with a word that nobody else knows, gets there.

Not a limit of connections to the provider's host itself: the proof, too, would be held by it, in whatever case the host
is written. Not C(smtpctl pause mta), which holds all mail and ends with a restart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.config_text import Action, Config, Relay
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.lexer import Word
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.secrets_text import lines_of
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

# A place on this host that nobody else uses: nothing is looked up for it, and nothing listens there.
NOWHERE = "[127.77.97.105]"
NAME = "mailops.smtp"
BEGIN = f"# BEGIN {NAME}: keeps mail in the queue; the module removes these lines.\n"
END = f"# END {NAME}\n"
RELEASING = "# releasing\n"
PREFIX = f"#{NAME}# "
SUFFIX = f" # {NAME}: on hold\n"
_LISTEN = re.compile(r"listen on 127\.0\.0\.1 port (\d+) ")
_HELO = re.compile(r'helo "([0-9a-f]+)\.1"')


@dataclass(frozen=True)
class Door:
    """Through which proofs come in.

    :param port: on the loopback interface
    :param word: how a client has to introduce itself
    """

    port: int
    word: str

    def helo(self, number: int) -> str:
        """Return how a client introduces itself that wants an action.

        :param number: the number of the action, from 1
        """
        return f"{self.word}.{number}"


def is_marked(text: str) -> bool:
    """Tell whether something of ours is in a file.

    :param text: of the file
    """
    return any(line == BEGIN or line.startswith(PREFIX) for line in lines_of(text))


def door_of(text: str) -> Door | None:
    """Return through which proofs come in, None if no mail is held.

    :param text: of the main file
    """
    port, word = _LISTEN.search(_block(text)), _HELO.search(_block(text))
    return Door(int(port.group(1)), word.group(1)) if port and word else None


def _block(text: str) -> str:
    return text.partition(BEGIN)[2].partition(END)[0]


def base_of(text: str) -> str:
    """Return a file as the user wrote it.

    :param text: of the file
    :raises InputError: if the marks are not as they were written
    """
    found: list[str] = []
    inside = False
    for line in lines_of(text):
        if line in (BEGIN, END):
            if inside == (line == BEGIN):
                raise _damaged()
            inside = not inside
        elif not inside and not line.endswith(SUFFIX):
            found.append(line[len(PREFIX) :] if line.startswith(PREFIX) else line)
    if inside:
        raise _damaged()
    return "".join(found)


def _damaged() -> InputError:
    return InputError(
        "the lines that were written into smtpd.conf to hold mail are damaged: remove by hand everything from "
        f'"# BEGIN {NAME}" to "# END {NAME}", each line that ends with "{SUFFIX.strip()}", and the prefix "{PREFIX}" '
        "of all others, then restart smtpd"
    )


def held(config: Config, main: str, relays: Sequence[Relay], door: Door) -> dict[str, str]:
    """Return the texts of the files in which these relays are on hold.

    :param config: as the user wrote it
    :param main: the path of the main file
    :param relays: what reaches the provider
    :param door: through which proofs come in
    """
    actions = {relay.action.name: relay.action for relay in relays}.values()
    texts = {path: _without(path, text, actions) for path, text in config.files.items()}
    before = config.first_match or 0
    # The lines that hold an action are one more than those of the user.
    added = sum(one.statement.file == main and one.statement.first < before for one in actions)
    lines = lines_of(texts[main])
    lines[before + added : before + added] = [BEGIN, *_directives(relays, door), END]
    return {**texts, main: "".join(lines)}


def _without(path: str, text: str, actions: Iterable[Action]) -> str:
    lines = lines_of(text)
    for action in actions:
        statement = action.statement
        if statement.file != path:
            continue
        for number in range(statement.first, statement.last + 1):
            lines[number] = PREFIX + lines[number]
        ttl = f" ttl {action.ttl}" if action.ttl else ""
        ours = f'action {Word(action.name, False)} relay host "smtp+notls://{NOWHERE}:9"{ttl}{SUFFIX}'
        lines[statement.first] = ours + lines[statement.first]
    return "".join(lines)


def _directives(relays: Sequence[Relay], door: Door) -> list[str]:
    return [
        f'mta limit for domain "{NOWHERE}" max-conn-per-relay 0\n',
        f'listen on 127.0.0.1 port {door.port} tag "{NAME}"\n',
        *(_proof(number, relay) for number, relay in enumerate(relays, 1)),
        *(
            f'match tag "{NAME}" helo "{door.helo(number)}" for any action "{NAME}.{number}"\n'
            for number in range(1, len(relays) + 1)
        ),
        f'match tag "{NAME}" for any reject\n',
    ]


def _proof(number: int, relay: Relay) -> str:
    """Return the action that sends a proof as mail is sent otherwise."""
    tables = relay.action.tables
    options = [f"{option} <{tables[option].name}>" for option in ("auth", "src", "helo-src") if _named(relay, option)]
    options += [f"{option} {Word(tables[option].items[0][0], False)}" for option in ("src",) if _single(relay, option)]
    words = " ".join([*options, *map(str, relay.action.rest)])
    return f'action "{NAME}.{number}" relay host {Word(relay.url, False)} {words} ttl "1h"\n'


def _named(relay: Relay, option: str) -> bool:
    table = relay.action.tables.get(option)
    return table is not None and bool(table.name)


def _single(relay: Relay, option: str) -> bool:
    table = relay.action.tables.get(option)
    return table is not None and not table.name and bool(table.items)


def releasing(texts: Mapping[str, str], main: str, first_match: int) -> dict[str, str]:
    """Return the texts in which nothing is held, with a mark that says so until smtpd is started again.

    :param texts: of the files, as the user wrote them
    :param main: the path of the main file
    :param first_match: where the mark goes
    """
    lines = lines_of(texts[main])
    lines[first_match:first_match] = [BEGIN, RELEASING, END]
    return {**texts, main: "".join(lines)}
