# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page "What a message means", held against the source: every message that a user can get is on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.messages import all_messages, of_python, of_yaml, squeezed

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "docsite" / "rst" / "troubleshooting.rst"
ENTRY = re.compile(r"^(?:\| )?``(.+)``$", re.MULTILINE)


def on_the_page() -> list[str]:
    return ENTRY.findall(PAGE.read_text(encoding="utf-8"))


def test_every_message_is_explained() -> None:
    """Catches: a message that leaves its reader alone. To mend it, put the lines that it prints where they belong."""
    known = set(on_the_page())
    missing = [f"``{text}``    (of {file})" for text, file in all_messages(ROOT).items() if text not in known]
    assert missing == [], "\n" + "\n".join(missing)


def test_no_message_is_explained_that_nobody_gets() -> None:
    """Catches: an explanation that stayed when its message went or was worded anew."""
    assert sorted(set(on_the_page()) - set(all_messages(ROOT))) == []


def test_no_message_is_explained_twice() -> None:
    """Catches: two explanations, of which one will be wrong some day."""
    entries = on_the_page()
    assert sorted({entry for entry in entries if entries.count(entry) > 1}) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("raise InputError(f'{name}: is {a} empty')", {"…: is … empty"}),
        ("raise StoreError('one text ' 'in two parts')", {"one text in two parts"}),
        ("raise StoreError('this is so' if a else 'that is so')", {"this is so", "that is so"}),
        ("raise ProviderError(str(error))", set()),
        ("raise ValueError('for programmers only')", set()),
        ("Failure(reason='tls', what='is not trusted', advice='Do something')", {"is not trusted", "Do something"}),
        ("Meaning(Kind.UNKNOWN, f'{name} did not answer')", {"… did not answer"}),
        ("module.fail_json(msg='it is not there')", {"it is not there"}),
        ("done.warnings.append('beware of this')", {"beware of this"}),
        ("NEXT = {'a': 'what comes next'}", {"what comes next"}),
        ("text = 'a sentence'\ntext += ' and its end'", {"a sentence", "and its end"}),
        ("def told() -> str:\n    return 'what is told'", {"what is told"}),
        ("def wrong():\n    yield f'{name} is not right'", {"… is not right"}),
        ("{'hints': {'401': 'Check the key of it'}}", {"Check the key of it"}),
    ],
)
def test_messages_are_found(source: str, found: set[str]) -> None:
    """Catches: a way to make a message that this test does not see, so that none would be missing."""
    assert of_python(source) == found


def test_messages_of_the_role_are_found() -> None:
    """Catches: the same for YAML; what is only shown, by debug, is no failure."""
    text = """
    - block:
        - ansible.builtin.assert: {that: x, fail_msg: "{{ host }} is not there"}
        - ansible.builtin.fail:
            msg: >-
              It failed
              on {{ host }}
        - ansible.builtin.debug: {msg: All is well here}
    """
    assert of_yaml(text) == {"… is not there", "It failed on …"}


def test_messages_are_many() -> None:
    """Catches: a search that finds nothing, and then misses nothing."""
    assert len(all_messages(ROOT)) > 150
    assert squeezed("a  … …\n b") == "a … b"
