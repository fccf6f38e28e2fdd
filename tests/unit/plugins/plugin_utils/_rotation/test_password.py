# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import random
import re
import shlex
import string
from collections import Counter
from collections.abc import Sequence
from urllib.parse import quote, quote_plus

import pytest
import yaml

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import PasswordRules
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation import password as passwords

ANY = PasswordRules()
TRIMMED = "begins or ends with a blank, which the provider cuts off: nobody could log in with the stored password"
SAMPLES = 3000


def is_well_made(password: str, length: int, symbols: str) -> bool:
    classes = [string.ascii_lowercase, string.ascii_uppercase, string.digits, *([symbols] if symbols else [])]
    enough = all(sum(char in group for char in password) >= 2 for group in classes)
    return len(password) == length and enough and set(password) <= set("".join(classes))


@pytest.mark.parametrize("length", [12, 13, 32, 128])
@pytest.mark.parametrize("symbols", ["", "!", "!!!", "-_.", string.punctuation])
def test_generated_password_has_length_and_classes(length: int, symbols: str) -> None:
    """Catches: a password that a provider's policy refuses, or with a character that nobody allowed."""
    assert all(is_well_made(passwords.generate(length, symbols), length, symbols) for _n in range(20))


def test_generated_passwords_differ() -> None:
    """Catches: a random source that is seeded, shared by forks, or asked once."""
    assert len({passwords.generate(32, "") for _n in range(SAMPLES)}) == SAMPLES


def chi_square(observed: Sequence[int]) -> float:
    expected = sum(observed) / len(observed)
    return sum((count - expected) ** 2 / expected for count in observed)


@pytest.mark.parametrize("length", [12, 32])
def test_every_position_has_the_same_distribution(length: int) -> None:
    """Catches: classes put at fixed places, or a modulo that favours the first letters."""
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")
    source = random.Random(seed)  # noqa: S311
    made = [passwords.generate(length, "", source.choice) for _n in range(SAMPLES)]
    # Within a class all characters are alike, wherever they stand. 15 standard deviations above the mean: p < 1e-9.
    for group, place in itertools.product(passwords.CLASSES, (0, 1, length // 2, length - 1)):
        counts = [sum(password[place] == char for password in made) for char in group]
        freedom = len(group) - 1
        assert chi_square(counts) < freedom + 15 * (2 * freedom) ** 0.5, (group, place, seed)
    # Between the places the share of digits is alike.
    digits = [sum(password[place].isdigit() for password in made) for place in range(length)]
    assert chi_square(digits) < length + 15 * (2 * length) ** 0.5, seed


def test_a_million_characters_have_no_bias() -> None:
    """Catches: a character that is a little likelier than its neighbours, with the source that users have."""
    made = Counter("".join(passwords.generate(100, "") for _n in range(10_000)))
    assert sum(made.values()) == 1_000_000
    for group in passwords.CLASSES:
        freedom = len(group) - 1
        # p < 1e-9, as above.
        assert chi_square([made[char] for char in group]) < freedom + 15 * (2 * freedom) ** 0.5, made


def test_generated_password_needs_no_quotes_anywhere() -> None:
    """Catches: a character that a shell, a URL, a .env file, YAML, or a map of Postfix reads as something else."""
    for password in (passwords.generate(length, "") for length in (12, 32, 128) for _n in range(300)):
        assert shlex.split(f"password={password} # end", comments=True) == [f"password={password}"]
        assert quote(password, safe="") == quote_plus(password, safe="") == password
        assert yaml.safe_load(f"password: {password}") == {"password": password}
        key, value = f"[smtp.example.com]:587 1.acme.smtp:{password}".split(None, 1)
        assert (key, value.partition(":")[2]) == ("[smtp.example.com]:587", password)
        assert re.fullmatch("[A-Za-z0-9]+", password)


def test_duplicate_symbols_are_not_more_likely() -> None:
    """Catches: '!!!!#' that makes nearly every symbol an exclamation mark."""
    seen: list[str] = []

    def choose(alphabet: Sequence[str]) -> str:
        seen.append(str(alphabet))
        return random.choice(alphabet)  # noqa: S311

    passwords.generate(20, "!!!!#", choose)
    assert sorted(seen[0]) == sorted(string.ascii_letters + string.digits + "!#")


def test_a_draw_without_a_class_is_thrown_away_whole() -> None:
    """Catches: a password that is repaired, which makes some passwords likelier than others."""
    draws = iter("a" * 12 + "aaAA11bbBB22")
    assert passwords.generate(12, "", lambda _alphabet: next(draws)) == "aaAA11bbBB22"


@pytest.mark.parametrize(
    ("length", "symbols", "rules"),
    [(12, "", ANY), (128, "!#", ANY), (32, "-_", PasswordRules(symbols="-_.")), (32, "", PasswordRules(5, 32))],
)
def test_shape_is_fine(length: int, symbols: str, rules: PasswordRules) -> None:
    """Catches: a bound that is off by one."""
    passwords.check_shape(length, symbols, rules)


@pytest.mark.parametrize(
    ("length", "symbols", "rules", "message"),
    [
        (11, "", ANY, "password_length: must be from 12 to 128, not 11"),
        (129, "", ANY, "password_length: must be from 12 to 128, not 129"),
        (33, "", PasswordRules(5, 32), "password_length: must be from 12 to 32, not 33"),
        (15, "", PasswordRules(16, 300), "password_length: must be from 16 to 128, not 15"),
        (32, "a", ANY, "password_symbols: only printable ASCII symbols are allowed, not letters, digits or spaces"),
        (32, "! ", ANY, "password_symbols: only printable ASCII symbols are allowed, not letters, digits or spaces"),
        (32, "§", ANY, "password_symbols: only printable ASCII symbols are allowed, not letters, digits or spaces"),
        (32, "!", PasswordRules(symbols="-_"), "password_symbols: the provider accepts only -_"),
        (32, "!", PasswordRules(symbols=""), "password_symbols: the provider accepts only none"),
    ],
)
def test_shape_is_refused(length: int, symbols: str, rules: PasswordRules, message: str) -> None:
    """Catches: a generator that never ends, or a length limit that the provider reports as another error."""
    with pytest.raises(InputError) as caught:
        passwords.check_shape(length, symbols, rules)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "password", ["12345678", "Zügel und Roß", "a" * 128, " inner and outer ", "日本語のパスワード"]
)
def test_given_password_is_kept_as_it_is(password: str) -> None:
    """Catches: a password that is trimmed or normalised on its way."""
    assert passwords.check_given(password, "password", ANY) == password


@pytest.mark.parametrize(
    ("password", "rules", "message"),
    [
        ("", ANY, "password: is empty"),
        ("1234567", ANY, "password: must have 8 to 128 characters, not 7"),
        ("s" * 129, ANY, "password: must have 8 to 128 characters, not 129"),
        ("s" * 33, PasswordRules(5, 32), "password: must have 5 to 32 characters, not 33"),
        ("secret12\n", ANY, "password: contains a line break or another control character"),
        ("secret\x0012", ANY, "password: contains a line break or another control character"),
        ("secret\x7f12", ANY, "password: contains a line break or another control character"),
        (
            "secret12",
            PasswordRules(8, 128, ("lower", "upper", "symbol")),
            "password: the provider also requires these kinds of characters: upper, symbol",
        ),
        *(
            (f"{before}secret12{after}", PasswordRules(trimmed=True), f"password: {TRIMMED}")
            for before, after in ((" ", ""), ("", " "), ("", "\u00a0"))
        ),
        ("secret\u202812", ANY, "password: contains a line break or another control character"),
        ("secret\ud80012", ANY, "password: contains characters that cannot be encoded as UTF-8"),
    ],
)
def test_given_password_is_refused_without_its_text(password: str, rules: PasswordRules, message: str) -> None:
    """Catches: a password that cannot be stored or used to log in, found out only after it is in force."""
    with pytest.raises(InputError) as caught:
        passwords.check_given(password, "password", rules)
    assert str(caught.value) == message
    assert caught.value.__cause__ is None
