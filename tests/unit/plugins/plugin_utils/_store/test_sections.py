# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import fields

import pytest
import yaml

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sections import (
    SECTIONS,
    Section,
    lines_of,
    plain_or_quoted,
)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.key)
def test_every_field_has_a_form(section: Section) -> None:
    """Catches: a field of a record that is never written, or is lost when the store is read."""
    assert list(section.forms) == [field.name for field in fields(section.record)]
    assert section.passing <= set(section.forms)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.key)
def test_entry_without_values_has_no_lines(section: Section) -> None:
    """Catches: a field written as null, which the store then reads as a change."""
    assert lines_of(section, section.record(), tuple(section.forms), 4) == []


@pytest.mark.parametrize("text", ["a", "1.acme.smtp", "123", "null", "yes", "1e5", "a b", 'q"', "é", "=", "~", "a: b"])
def test_text_is_read_back(text: str) -> None:
    """Catches: an account such as 123 or null that Ansible reads as a number or as nothing."""
    assert yaml.safe_load(plain_or_quoted(text)) == text


@pytest.mark.parametrize(
    ("node", "message"),
    [("''", "must be the name of an account"), ("!vault x", "must be the name of an account"), ("[a]", "a single")],
)
def test_name_that_is_none(node: str, message: str) -> None:
    """Catches: a role that is taken by something that is not an account."""
    composed = yaml.compose(node, yaml.SafeLoader)
    assert composed is not None
    with pytest.raises(StoreError, match=f"^here must be .*{message[-8:]}"):
        SECTIONS[1].forms["in_use"].read(composed, "here")
