# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a target's value is made of: texts with placeholders, such as C({password}). Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

PLACEHOLDER = re.compile(r"\{([A-Za-z_]\w*)\}")
# What a path can have in it. It is shown, so it must not have the password.
OF_PATHS = ("account", "user", "sender", "host", "port")
OF_VALUES = (*OF_PATHS, "encryption", "password", "url")
# A text, or several under names.
Value = str | Mapping[str, str]


@dataclass(frozen=True)
class Login:
    """Who logs in where, without the password. C(sender): whose account it is, with two of each sender.

    C(username): the SMTP user name, where the provider chose another one than the account's name.
    """

    account: str
    host: str = ""
    port: str = ""
    encryption: str = "starttls"
    sender: str = ""
    username: str = ""

    @property
    def user(self) -> str:
        """Return the SMTP user name."""
        return self.username or self.account

    def words(self) -> dict[str, str]:
        """Return what the placeholders of a path stand for. A path stays the same when the user name changes."""
        words = {"account": self.account, "user": self.account, "host": self.host, "port": self.port}
        return {**words, "sender": self.sender, "encryption": self.encryption}

    def words_of_value(self) -> dict[str, str]:
        """Return what the placeholders of a value stand for, without the password."""
        return {**self.words(), "user": self.user}

    def secret_words(self, password: str) -> dict[str, str]:
        """Return what the placeholders of a value stand for.

        :param password: the password
        """
        return {**self.words_of_value(), "password": password, "url": self.url_of(password)}

    def url_of(self, password: str) -> str:
        """Return all of it as one address.

        :param password: the password
        """
        scheme = "smtps" if self.encryption == "tls" else "smtp"
        user, secret = quote(self.user, safe=""), quote(password, safe="")
        return f"{scheme}://{user}:{secret}@{self.host}:{self.port}"


@dataclass(frozen=True)
class Rendered:
    """A value with its password. Never shown."""

    value: Value = field(repr=False)

    def texts(self) -> list[str]:
        """Return all texts in it."""
        return [self.value] if isinstance(self.value, str) else list(self.value.values())


def rendered(value: Value, login: Login, password: str) -> Rendered:
    """Return a value with its placeholders filled in.

    :param value: the value as the target names it
    :param login: who logs in where
    :param password: the password
    """
    words = login.secret_words(password)
    if isinstance(value, str):
        return Rendered(filled(value, words))
    return Rendered({name: filled(text, words) for name, text in value.items()})


def filled(text: str, words: Mapping[str, str]) -> str:
    """Return a text with its placeholders filled in; what is filled in is not read again.

    :param text: the text
    :param words: what they stand for
    """
    return PLACEHOLDER.sub(lambda match: words.get(match[1], match[0]), text)


def unknown(text: str, known: tuple[str, ...]) -> Iterator[str]:
    """Yield the placeholders of a text that stand for nothing.

    :param text: the text
    :param known: those that stand for something
    """
    for name in PLACEHOLDER.findall(text):
        if name not in known:
            yield name
