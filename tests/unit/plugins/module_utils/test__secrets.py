# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import html
import json
import random
import re
import string
import time
import typing as t
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._secrets import CENSORED, Scrubber, forms

SECRET = "Pä Ss/w+rd\"<&>'\\%=?"
ENCODERS: dict[str, t.Callable[[str], str]] = {
    "plain": str,
    "quoted": lambda s: quote(s, safe=""),
    "quoted in a form": quote_plus,
    "JSON": lambda s: json.dumps(s)[1:-1],
    "JSON with Unicode": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "JSON in JSON": lambda s: json.dumps(json.dumps(s))[3:-3],
    "HTML": html.escape,
    "Python": lambda s: repr(s)[1:-1],
    "hexadecimal": lambda s: s.encode().hex(),
    "HEXADECIMAL": lambda s: s.encode().hex().upper(),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 for URLs": lambda s: base64.urlsafe_b64encode(s.encode()).decode().rstrip("="),
    "quoted in lower case": lambda s: lower_escapes(quote(s, safe="")),
    "quoted in a form in lower case": lambda s: lower_escapes(quote_plus(s)),
    "JSON as PHP writes it": lambda s: json.dumps(s)[1:-1].replace("/", "\\/"),
    "HTML as PHP writes it": lambda s: html.escape(s).replace("&#x27;", "&#039;"),
}


def lower_escapes(text: str) -> str:
    """Return a quoted text as .NET and others write it: %2f, and letters as they are."""
    return re.sub("%..", lambda match: match.group().lower(), text)


@pytest.mark.parametrize("name", list(ENCODERS))
def test_every_form(name: str) -> None:
    """Catches: a secret that comes back in another writing than it was sent."""
    shown = ENCODERS[name](SECRET)
    assert Scrubber([SECRET]).text(f"<{shown}>").replace("=", "") == f"<{CENSORED}>"


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("before", ["", "a:", "api", "api:", "\0me\0"])
@pytest.mark.parametrize("after", ["", "\n", ":x", "and more"])
def test_base64_of_a_longer_text(encode: t.Callable[[bytes], bytes], before: str, after: str) -> None:
    """Catches: a Basic header or AUTH PLAIN, in which the secret is encoded together with its neighbours."""
    shown = encode(f"{before}{SECRET}{after}".encode()).decode().rstrip("=")
    head, _censored, tail = Scrubber([SECRET]).text(shown).partition(CENSORED)
    # Six bits a character: no whole byte of the secret is left.
    assert len(head) * 6 // 8 <= len(before) and len(tail) * 6 <= len(after) * 8 + 5 + 4


TEXTS = st.text(alphabet=st.characters(codec="utf-8"), min_size=4, max_size=20)


@given(secret=TEXTS, around=st.tuples(st.text(max_size=5), st.text(max_size=5)))
def test_no_secret_survives(secret: str, around: tuple[str, str]) -> None:
    """Catches: any text of four characters or more that is still there afterwards."""
    scrubber = Scrubber([secret])
    for form in forms(secret):
        clean = scrubber.text(around[0] + form + around[1])
        assert form not in clean.replace(CENSORED, "\n") or form in "".join(around)


@given(st.lists(TEXTS, min_size=2, max_size=4))
def test_one_secret_inside_another(secrets: list[str]) -> None:
    """Catches: the rest of the longer secret left over when the shorter one is found first."""
    longer = "".join(secrets)
    assert Scrubber([*secrets, longer]).text(f"\n{longer}\n") == f"\n{CENSORED}\n"


def test_overlapping_secrets() -> None:
    """Catches: a part of a secret that stays because it overlaps with another."""
    clean = Scrubber(["aabbcc", "bbccddeeffgg"]).text("x aabbccddeeffgg y")
    assert "ddeeffgg" not in clean


@given(
    secret=TEXTS, tree=st.recursive(st.integers() | st.none(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_any_depth(secret: str, tree: t.Any) -> None:
    """Catches: a secret in a key, a list, a tuple or a set inside of a dict, or a value that is not text changed."""
    scrubber = Scrubber([secret])
    value = {"k": [tree, {"x": (f"<{secret}>", {secret})}, secret.encode()], secret: 1, 2: None, "n": 1.5}
    clean = scrubber.clean(value)
    assert clean[CENSORED] == 1 and clean[2] is None and clean["n"] == 1.5
    assert clean["k"][1:] == [{"x": [f"<{CENSORED}>", [CENSORED]]}, CENSORED]


@pytest.mark.parametrize("kind", [frozenset, bytearray])
def test_other_containers(kind: t.Any) -> None:
    """Catches: a secret in a type that nobody thought of."""
    value = kind([SECRET]) if kind is frozenset else kind(SECRET.encode())
    assert SECRET not in str(Scrubber([SECRET]).clean(value)) and not isinstance(Scrubber([SECRET]).clean(value), kind)


def test_a_tuple_as_key() -> None:
    """Catches: an action that dies while it scrubs its result."""
    assert Scrubber([SECRET]).clean({("a", SECRET): 1})


def test_nothing_to_hide() -> None:
    """Catches: words that are censored because a secret is empty or short."""
    scrubber = Scrubber([None, "", "a", "ok"])
    assert scrubber.text("a word, ok, None") == "a word, ok, None"
    assert Scrubber().clean({"a": [1, "b"]}) == {"a": [1, "b"]}


def test_learns_more_later() -> None:
    """Catches: a secret that is learnt after the first text and then not looked for."""
    scrubber = Scrubber(["first-secret"])
    assert scrubber.text("first-secret second-secret") == f"{CENSORED} second-secret"
    scrubber.add("second-secret", None)
    assert scrubber.text("first-secret second-secret") == f"{CENSORED} {CENSORED}"


def test_a_surrogate() -> None:
    """Catches: a crash, outside of what is scrubbed, for an argument that will be refused later."""
    assert Scrubber(["\ud800-secret"]).text("\ud800-secret") == CENSORED


def test_a_fleet_of_secrets_in_a_long_text() -> None:
    """Catches: a scrubber that needs minutes: 1,000 secrets in 100 kB took about 1 second, 10,000 in 1 MB took 100."""
    choose = random.Random(1)  # noqa: S311
    alphabet = string.ascii_letters + string.digits

    def text(length: int) -> str:
        return "".join(choose.choices(alphabet, k=length))

    def seconds(count: int, long: str) -> float:
        scrubber = Scrubber(text(32) for _n in range(count))
        scrubber.text("compiled")
        start = time.process_time()
        scrubber.text(long)
        return time.process_time() - start

    long = text(100_000)
    assert seconds(2000, long) < 5 * seconds(200, long) + 0.05
