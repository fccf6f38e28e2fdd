# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes passwords, and tells whether one that was given can be used. Pure but for the random source."""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Sequence

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
    """Refuse options that no generated password can meet.

    :param length: the option C(password_length), in characters
    :param symbols: the option C(password_symbols)
    :param rules: the provider's
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
    """Return a new password, every one that has the classes being equally likely.

    Made as a whole and thrown away if a class is missing: putting classes in afterwards would favour some passwords.

    :param length: in characters
    :param symbols: symbols to use beside letters and digits, at least two of them if any are named
    :param choose: picks one of a sequence
    """
    classes = [*CLASSES, "".join(dict.fromkeys(symbols))] if symbols else list(CLASSES)
    alphabet = "".join(classes)
    while True:
        password = "".join(choose(alphabet) for _n in range(length))
        if all(sum(char in group for char in password) >= AT_LEAST for group in classes):
            return password


def check_given(password: str, option: str, rules: PasswordRules) -> str:
    """Return a password that a user gave, if it can be sent, stored and used to log in.

    :param password: the password
    :param option: what messages call it
    :param rules: the provider's
    :raises InputError: without the password's text
    """
    if not password:
        raise InputError(f"{option}: is empty")
    try:
        password.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError(f"{option}: contains characters that cannot be encoded as UTF-8") from None
    if has_control(password):
        raise InputError(f"{option}: contains a line break or another control character")
    low, high = rules.min_length, min(LONGEST, rules.max_length)
    if not low <= len(password) <= high:
        raise InputError(f"{option}: must have {low} to {high} characters, not {len(password)}")
    missing = [name for name in rules.classes if not any(IS_OF[name](char) for char in password)]
    if missing:
        raise InputError(f"{option}: the provider also requires these kinds of characters: {', '.join(missing)}")
    return password
