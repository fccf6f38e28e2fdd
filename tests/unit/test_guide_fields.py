# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the parser of provider definitions knows, held against the guide and the documentation of the option."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.mailops.smtp.plugins.doc_fragments.provider import ModuleDocFragment
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import BUILT_IN

ROOT = Path(__file__).resolve().parents[2]
RST = ROOT / "docs" / "docsite" / "rst"
GUIDE, PROVIDERS = RST / "guide_add_provider.rst", RST / "guide_providers.rst"
CREATE = {**BUILT_IN["ahasend"], "find_account": BUILT_IN["wildduck_asp"]["find_account"]}
PLACES = ["", "create_credential", "delete_credential", "list_credentials", "find_account", "issued", "limit", "answer"]


def fields_of(place: str) -> set[str]:
    """Return the fields that the parser knows at a place."""
    data: dict[str, Any] = copy.deepcopy(CREATE)
    data["limit"] = {}
    (data[place] if place else data)["unknown"] = 1
    with pytest.raises(InputError, match="unknown field unknown; known fields: ") as caught:
        build(data)
    return set(str(caught.value).partition("known fields: ")[2].split(", "))


KNOWN = sorted({name for place in PLACES for name in fields_of(place)} | {"set_password", "regenerate_password"})


@pytest.mark.parametrize("name", KNOWN)
def test_every_field_is_in_the_guide(name: str) -> None:
    """Catches: a field that nobody can know of."""
    assert f"``{name}``" in GUIDE.read_text(encoding="utf-8") or f"``{name}: " in GUIDE.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(set(KNOWN) - {"source", "standing"}))
def test_every_field_is_shown_by_ansible_doc(name: str) -> None:
    """Catches: a field that the documentation of the option leaves out."""
    options = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    assert re.search(rf"C\({name}\)", " ".join(options["provider_definition"]["description"]))


@pytest.mark.parametrize("provider", BUILT_IN)
def test_every_provider_is_in_its_guide(provider: str) -> None:
    """Catches: a provider that can be chosen and of which nobody can know what to set, a setting or a key left out."""
    text = PROVIDERS.read_text(encoding="utf-8")
    assert text.count(f"``{provider}``") >= 3
    data = BUILT_IN[provider]
    assert all(variable in text for variable in data["credentials"].values())
    assert all(f"{{{name}: …}}" in text for name in data.get("settings", {}))
