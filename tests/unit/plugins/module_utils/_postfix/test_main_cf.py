# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.main_cf import (
    BEGIN,
    BEGIN_AFTER_OPEN_LINE,
    END,
    PREFIX,
    MainCf,
    block_of,
    parse,
    render,
    user_value,
)

USERS = "a = b\ndefer_transports = uucp,\n# why\n  lmtp\nmaster_service_disable = inet\nc = d\n"
PIECES = ["a = b", "defer_transports = x", "master_service_disable = y/unix", "\n", "  z", "# c", "\t# d", " ", "\r"]


def states() -> st.SearchStrategy[MainCf]:
    """Any file, and any transports at any stage."""
    bases = st.lists(st.sampled_from(PIECES)).map("".join)
    stages = st.lists(st.tuples(st.sampled_from("pqrs"), st.sampled_from(["draining", "held", "releasing"])))

    def made(base: str, moves: list[tuple[str, str]]) -> MainCf:
        state = MainCf(base)
        for name, stage in moves:
            state = state.moved(name, stage)
        return state

    return st.builds(made, bases, stages)


@given(states())
def test_nothing_is_lost(state: MainCf) -> None:
    """Catches: a file that is not, byte for byte, what it was; a stage that the next run does not find."""
    assert parse(render(state)) == state


@given(states(), st.sampled_from(["extra = 1\n", "# end", "extra = 1"]))
def test_what_is_added_below_stays(state: MainCf, more: str) -> None:
    """Catches: lines of the user's that go with ours."""
    found = parse(render(state) + more)
    assert found.base.endswith(more)
    assert found.base.startswith(state.base)
    assert (found.draining, found.held, found.releasing) == (state.draining, state.held, state.releasing)


def test_text() -> None:
    """Catches: a parameter that Postfix would warn of, because it is there twice; a value of the user's forgotten."""
    state = MainCf(USERS).moved("smtp", "held").moved("relay", "draining")
    assert render(state) == (
        f"a = b\n{PREFIX}defer_transports = uucp,\n# why\n{PREFIX}  lmtp\n"
        f"{PREFIX}master_service_disable = inet\nc = d\n" + BEGIN + "# draining: relay\n# held: smtp\n"
        "defer_transports = relay, smtp, uucp, lmtp\nmaster_service_disable = smtp/unix, inet\n" + END
    )


def test_line_without_an_end() -> None:
    """Catches: our first line joined to the user's last one, or a line end left behind."""
    text = render(MainCf("a = b", held=("smtp",)))
    assert text.startswith("a = b\n" + BEGIN_AFTER_OPEN_LINE)
    assert parse(text).base == "a = b"
    assert parse(text + "c = d\n").base == "a = b\nc = d\n"


@pytest.mark.parametrize(
    ("old", "new", "base"),
    [
        ("defer_transports = smtp, uucp, lmtp", "defer_transports = smtp, fax", "defer_transports = fax\n"),
        ("defer_transports = smtp, uucp, lmtp", "defer_transports = ", "defer_transports = \n"),
        ("disable = smtp/unix, inet", "disable = inet, smtp/unix, pass", "master_service_disable = inet, pass\n"),
    ],
)
def test_edit_of_our_lines(old: str, new: str, base: str) -> None:
    """Catches: what the user did with postconf -e, which edits a parameter where it stands, taken back."""
    text = render(MainCf(USERS, held=("smtp",)))
    assert old in text
    found = parse(text.replace(old, new))
    assert found.base.endswith(base)
    assert found.base.count(base.split()[0]) == 1
    assert found.held == ("smtp",)


def test_our_line_taken_out() -> None:
    """Catches: a file that cannot be read any more after postconf -X."""
    text = render(MainCf(USERS, held=("smtp",)))
    assert parse(text.replace("master_service_disable = smtp/unix, inet\n", "")).base == USERS


@pytest.mark.parametrize("mark", [BEGIN, END])
def test_damaged_marks(mark: str) -> None:
    """Catches: a guess at what is ours."""
    text = render(MainCf(USERS, held=("smtp",)))
    for damaged in (text.replace(mark, ""), text + mark):
        with pytest.raises(InputError, match=r"damaged: remove by hand everything from .* then run postfix reload"):
            parse(damaged)


def test_moves() -> None:
    """Catches: a transport at two stages, or one that is forgotten."""
    state = MainCf("").moved("a", "draining").moved("b", "held").moved("a", "held")
    assert (state.draining, state.held) == ((), ("b", "a"))
    assert (state.stage("a"), state.stage("c")) == ("held", None)
    assert state.moved("a", "releasing").stage("a") == "releasing"
    assert state.moved("a", None).moved("b", None) == MainCf("")


def test_releasing_sets_nothing() -> None:
    """Catches: a transport that is still stopped in the reload that shall start it."""
    assert block_of(MainCf("", releasing=("a",))) == "# releasing: a\n"
    assert block_of(MainCf("x")) == ""


def test_values() -> None:
    """Catches: an earlier setting taken for the one that counts."""
    assert user_value("a = 1\na = 2\n  3\n", "a") == "2 3"
    assert user_value("#a = 1\n", "a") == ""
