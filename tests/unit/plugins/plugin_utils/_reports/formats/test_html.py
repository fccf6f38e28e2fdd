# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.formats.html import MOST_OPEN, rendered
from ansible_collections.mailops.smtp.tests.unit.plugins.report_scene import (
    ACCOUNTS,
    DAY,
    SENDERS,
    changed,
    fleet,
    reported,
)

VOID = {"meta", "link", "path", "rect", "circle"}
HOSTILE = "<script>alert(1)</script>\"'&<b>@acme.example"


class Page(HTMLParser):
    """What a browser finds in a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open += [tag] if tag not in VOID else []

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def having(self, tag: str, attribute: str) -> list[str]:
        return [str(attrs[attribute]) for name, attrs in self.tags if name == tag and attribute in attrs]


def page(text: str) -> Page:
    made = Page(text)
    assert made.open == []
    return made


def test_page_is_complete_in_itself() -> None:
    """Catches: a script, a font or a picture from elsewhere, which tells others who looks at the page."""
    text = rendered(reported(ACCOUNTS, SENDERS))
    made = page(text)
    names = {tag for tag, _attrs in made.tags}
    assert names.isdisjoint({"script", "img", "iframe", "object", "embed", "form", "a"})
    assert [url.partition(",")[0] for url in made.having("link", "href")] == ["data:image/svg+xml"]
    assert "url(" not in text and "@import" not in text and "//" not in text.replace("http://www.w3.org/2000/svg", "")
    assert not [attrs for _tag, attrs in made.tags if any(name.startswith("on") or name == "src" for name in attrs)]


@pytest.mark.parametrize("many", [1, 60])
def test_names_cannot_become_a_part_of_the_page(many: int) -> None:
    """Catches: an account's name that runs as a script for whoever looks at the page."""
    accounts = {**fleet(many), HOSTILE: changed(3 * DAY)}
    made = page(rendered(reported(accounts, name=HOSTILE)))
    assert {tag for tag, _attrs in made.tags}.isdisjoint({"script", "b@acme.example"})
    assert HOSTILE in made.texts and sum(HOSTILE in text for text in made.texts) >= 3


def test_what_needs_attention_comes_first() -> None:
    """Catches: a trouble below a thousand accounts that are in order; one that is in no part of the page."""
    made = page(rendered(reported(ACCOUNTS, SENDERS)))
    after = made.texts[made.texts.index("Needs attention") : made.texts.index("Last and next rotations")]
    assert [text for text in after if text in ACCOUNTS] == [
        "failed",
        "doubtful",
        "overdue",
        "staged",
        "none",
        "undated",
        "unverified",
    ]
    assert "SMTP passwords: 7 need attention" in made.texts
    assert "the server refused the login " in made.texts


def test_page_that_is_in_order_says_so() -> None:
    """Catches: an empty part of the page, of which nobody knows whether it is missing something."""
    made = page(rendered(reported(fleet(3))))
    assert "Nothing needs attention." in made.texts and "SMTP passwords: all in order" in made.texts


def test_long_tables_are_folded_up_and_the_most_urgent_is_not() -> None:
    """Catches: a thousand rows before the next heading."""
    made = page(rendered(reported(fleet(1000))))
    folds = [("open" in attrs) for tag, attrs in made.tags if tag == "details"]
    assert folds[0] is True and folds[-1] is False
    assert sum(tag == "tr" for tag, _attrs in made.tags) > 1000 > MOST_OPEN


def test_headings_tables_and_pictures_have_names_for_a_screen_reader() -> None:
    """Catches: a page that only those can use who see it."""
    made = page(rendered(reported(ACCOUNTS, SENDERS)))
    assert made.having("html", "lang") == ["en"]
    assert set(made.having("th", "scope")) == {"col", "row"}
    pictures = [attrs for tag, attrs in made.tags if tag == "svg" or attrs.get("class") == "life"]
    assert pictures and all(attrs["role"] == "img" and attrs["aria-label"] for attrs in pictures)
