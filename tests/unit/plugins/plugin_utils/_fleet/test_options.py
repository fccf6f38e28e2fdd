# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.options import (
    CHECKED,
    HOW_WRITTEN,
    OPTIONS,
    PREFIX,
    TEXTS,
    ignored,
    mistakes,
)

ROLE = Path(__file__).resolve().parents[5] / "roles" / "smtp_rotation"
SPECS = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
FINE: dict[str, Any] = {
    **dict.fromkeys(TEXTS, ""),
    "accounts": ["1.acme.smtp"],
    "senders": {},
    "passwords": {},
    "account_ids": {},
    "provider_settings": {},
    "postfix_entries": [],
    "consumer": "",
    "program_options": {},
    "publish": [],
}
CONSUMER = "smtp_rotation_consumer must be a name, such as postfix, or a list of names"
OF_PROGRAMS = (
    "smtp_rotation_program_options must map mail programs to their options, such as {msmtp: {path: /srv/app/msmtprc}}"
)
LIST = "smtp_rotation_accounts must be a list of strings, such as [1.acme.smtp]"
PAIRS = (
    "smtp_rotation_senders must map each sender to a list of two strings, its accounts, such as "
    "{newsletter: [1.acme.smtp, 2.acme.smtp]}"
)
PASSWORDS = "smtp_rotation_passwords must map accounts to passwords"
ENTRIES = (
    "smtp_rotation_postfix_entries must be a list of mappings with a key, such as [{key: '[smtp.example.com]:587', "
    "account: 1.acme.smtp}]"
)


def test_all_options_are_known() -> None:
    """Catches: an option that is documented and refused, and one that is accepted and does nothing."""
    assert {PREFIX + name for name in OPTIONS} == set(SPECS)


def test_what_has_more_than_one_value_is_checked() -> None:
    """Catches: a list or a mapping that Ansible makes of a text, and that nobody looks at."""
    # The module that gets them, and nothing of the role, reads these.
    handed_on = {"api_credentials", "provider_definition", "password_request"}
    kinds = {name.removeprefix(PREFIX) for name, spec in SPECS.items() if spec.get("type") in ("list", "dict", "raw")}
    assert kinds - handed_on == set(HOW_WRITTEN)
    assert {SPECS[PREFIX + name]["type"] for name in TEXTS} == {"str"}


def test_only_options_are_checked() -> None:
    """Catches: a play that ends with a traceback, because the role looks at a variable that it does not have."""
    assert set(CHECKED) <= OPTIONS


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("accounts", [], None),
        ("accounts", ["1.acme.smtp", "2.acme.smtp"], None),
        ("accounts", "1.acme.smtp", LIST),
        ("accounts", "[1.acme.smtp]", LIST),
        ("accounts", {"1.acme.smtp": None}, LIST),
        ("accounts", [["1.acme.smtp"]], LIST),
        ("accounts", [7], LIST),
        ("accounts", None, LIST),
        ("senders", {"a": ["1", "2"]}, None),
        ("senders", {"a": ["1", "2", "3"]}, None),
        ("senders", {"a": "12"}, PAIRS),
        ("senders", {"a": {"in_use": "1", "at_rest": "2"}}, PAIRS),
        ("senders", {"a": [1, 2]}, PAIRS),
        ("senders", {"a": None}, PAIRS),
        ("senders", [{"a": ["1", "2"]}], PAIRS),
        ("senders", "a", PAIRS),
        ("passwords", {"a": "b"}, None),
        ("passwords", "a=a-secret", PASSWORDS),
        ("passwords", ["a-secret"], PASSWORDS),
        ("postfix_entries", [{"key": "x", "account": "a"}], None),
        ("postfix_entries", [{"account": "a"}], ENTRIES),
        ("postfix_entries", ["x"], ENTRIES),
        ("postfix_entries", {"key": "x", "account": "a"}, ENTRIES),
        ("consumer", "exim", None),
        ("consumer", None, None),
        ("consumer", ["exim", "template"], None),
        ("consumer", {"exim": {}}, CONSUMER),
        ("consumer", [["exim"]], CONSUMER),
        ("program_options", {"msmtp": {"path": "/a"}}, None),
        ("program_options", {"msmtp": "/a"}, OF_PROGRAMS),
        ("program_options", ["msmtp"], OF_PROGRAMS),
        ("hold_tasks", "hold.yml", None),
        ("hold_tasks", None, None),
        ("hold_tasks", ["hold.yml"], "smtp_rotation_hold_tasks must be a string, not a list"),
        ("smtp_host", {"a": "b"}, "smtp_rotation_smtp_host must be a string, not a mapping"),
    ],
)
def test_form(name: str, value: Any, message: str | None) -> None:
    """Catches: a text taken for a list of its letters; a form that fails much later, with words that nobody expects."""
    found = mistakes({**FINE, name: value}, [])
    assert found == ([message] if message else [])
    assert "a-secret" not in repr(found)


def test_all_mistakes_at_once() -> None:
    """Catches: a run for each mistake."""
    assert mistakes({**FINE, "accounts": "a", "senders": "b"}, []) == [LIST, PAIRS]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("maxage", "max_age"), ("account", "accounts"), ("test_sendr", "test_sender"), ("hold_task", "hold_tasks")],
)
def test_misspelt_option(name: str, meant: str) -> None:
    """Catches: an option that is passed over in silence, and its default used."""
    assert mistakes(FINE, [PREFIX + name, PREFIX + meant]) == [
        f"{PREFIX}{name} is not an option of the role (did you mean {PREFIX}{meant}?); correct it, or rename it if it "
        "is a variable of your own"
    ]
    assert ignored([PREFIX + name]) == ""


def test_names_of_the_users_own() -> None:
    """Catches: a working playbook refused for a result that it registers; a wrong name that nobody ever hears of."""
    names = [PREFIX + name for name in ("result", "enabled", *OPTIONS)]
    assert mistakes(FINE, names) == []
    assert ignored(names) == (
        "ignored, because the role mailops.smtp.smtp_rotation has no such option: smtp_rotation_enabled and "
        "smtp_rotation_result"
    )


@pytest.mark.parametrize("name", [*sorted(OPTIONS), "audit", "host", "hosts"])
def test_names_that_belong_to_the_role(name: str) -> None:
    """Catches: an option that is refused, or warned of, since another one is called much the same."""
    assert mistakes(FINE, [PREFIX + name]) == []
    assert ignored([PREFIX + name]) == ""
