# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Generates passwords, and checks given ones. Pure apart from the random source."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Iterator, Sequence

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import PasswordRules
from ansible_collections.mailops.smtp.plugins.module_utils._text import has_control

SHORTEST_GENERATED = 12
LONGEST = 128
AT_LEAST = 2
IS_OF: dict[str, Callable[[str], bool]] = {
    "lower": str.islower,
    "upper": str.isupper,
    "digit": str.isdigit,
    "symbol": lambda char: not char.isalnum(),
}
CLASSES = (string.ascii_lowercase, string.ascii_uppercase, string.digits)


def check_shape(length: int, symbols: str, rules: PasswordRules) -> None:
    """Refuse options that conflict with the rules for passwords.

    :param length: the option C(password_length), in characters
    :param symbols: the option C(password_symbols)
    :param rules: the provider's rules
    :raises InputError: naming the option
    """
    low, high = max(SHORTEST_GENERATED, rules.min_length), min(LONGEST, rules.max_length)
    if not low <= length <= high:
        raise InputError(f"password_length: must be from {low} to {high}, not {length}")
    bad = sorted({char for char in symbols if char not in string.punctuation})
    if bad:
        raise InputError("password_symbols: only printable ASCII symbols are allowed, not letters, digits or spaces")
    if "symbol" in rules.classes and not symbols:
        raise InputError("password_symbols: the provider requires a symbol in every password; list some")
    if rules.symbols is not None and set(symbols) - set(rules.symbols):
        raise InputError(f"password_symbols: the provider accepts only {rules.symbols or 'none'}")


def generate(length: int, symbols: str, choose: Callable[[Sequence[str]], str] = secrets.choice) -> str:
    """Return a new random password; all passwords that contain all classes are equally likely.

    A password without a class is discarded as a whole, because adding characters would favour some passwords.

    :param length: in characters
    :param symbols: symbols to use in addition to letters and digits, at least two of them if there are any
    :param choose: chooses an element of a sequence
    """
    classes = [*CLASSES, "".join(dict.fromkeys(symbols))] if symbols else list(CLASSES)
    alphabet = "".join(classes)
    while True:
        password = "".join(choose(alphabet) for _n in range(length))
        if all(sum(char in group for char in password) >= AT_LEAST for group in classes):
            return password


def check_given(password: str, option: str, rules: PasswordRules) -> str:
    """Return a given password if it can be sent, stored and used to log in.

    :param password: the password
    :param option: its name in messages
    :param rules: the provider's rules
    :raises InputError: without the password itself
    """
    check_usable(password, option)
    for breach in breaches(password, rules):
        raise InputError(f"{option}: {breach}")
    return password


def check_usable(password: str, option: str) -> None:
    """Refuse a password that nobody can store or log in with, whatever a provider allows.

    :param password: the password
    :param option: its name in messages
    :raises InputError: without the password itself
    """
    if not password:
        raise InputError(f"{option}: is empty")
    try:
        password.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(f"{option}: contains characters that cannot be encoded as UTF-8") from None
    if has_control(password):
        raise InputError(f"{option}: contains a line break or another control character")


def breaches(password: str, rules: PasswordRules) -> Iterator[str]:
    """Yield which of the provider's rules a password breaks.

    :param password: the password
    :param rules: the provider's rules
    """
    low, high = rules.min_length, min(LONGEST, rules.max_length)
    if not low <= len(password) <= high:
        yield f"must have {low} to {high} characters, not {len(password)}"
    missing = [name for name in rules.classes if not any(IS_OF[name](char) for char in password)]
    if missing:
        yield f"the provider also requires these kinds of characters: {', '.join(missing)}"
    if rules.trimmed and password != password.strip():
        yield "begins or ends with a blank, which the provider cuts off: nobody could log in with the stored password"
