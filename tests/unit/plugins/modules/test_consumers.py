# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
from types import ModuleType

import pytest
import yaml

from ansible_collections.mailops.smtp.plugins.module_utils import _secret_file
from ansible_collections.mailops.smtp.plugins.module_utils._clients import arguments
from ansible_collections.mailops.smtp.plugins.module_utils._postfix import password_map_text
from ansible_collections.mailops.smtp.plugins.modules import (
    mail_program,
    postfix_hold,
    postfix_sasl_password,
    secret_file,
)

SPECS = [
    (mail_program, arguments.ARGUMENT_SPEC),
    (postfix_hold, postfix_hold.ARGUMENT_SPEC),
    (postfix_sasl_password, password_map_text.ARGUMENT_SPEC),
    (secret_file, _secret_file.ARGUMENT_SPEC),
]
every_module = pytest.mark.parametrize(
    ("module", "spec"), SPECS, ids=[one.__name__.rsplit(".", maxsplit=1)[-1] for one, _s in SPECS]
)


def agree(documented: dict[str, t.Any], spec: dict[str, t.Any]) -> None:
    assert set(documented) == set(spec)
    for name, option in spec.items():
        for fact, otherwise in (("type", None), ("required", False), ("default", None), ("elements", None)):
            assert documented[name].get(fact, otherwise) == option.get(fact, otherwise), (name, fact)
        assert list(documented[name].get("choices", [])) == option.get("choices", []), name
        agree(documented[name].get("suboptions", {}), option.get("options", {}))


@every_module
def test_documentation_matches_the_options(module: ModuleType, spec: dict[str, t.Any]) -> None:
    """Catches: an option, default, type or choice that the documentation gets wrong."""
    agree(yaml.safe_load(module.DOCUMENTATION)["options"], spec)


@every_module
def test_examples_use_only_options_that_exist(module: ModuleType, spec: dict[str, t.Any]) -> None:
    """Catches: an example that does not run."""
    name = f"mailops.smtp.{module.__name__.split('.')[-1]}"
    for task in yaml.safe_load(module.EXAMPLES):
        options = task[name]
        assert set(options) <= set(spec)
        for part in ("entries", "logins"):
            assert all(set(entry) <= set(spec[part]["options"]) for entry in options.get(part, []))


def test_passwords_are_not_logged() -> None:
    """Catches: no_log missing from what is secret."""
    assert arguments.ARGUMENT_SPEC["logins"]["options"]["password"]["no_log"] is True
    assert password_map_text.ARGUMENT_SPEC["entries"]["options"]["password"]["no_log"] is True
    assert _secret_file.ARGUMENT_SPEC["content"]["no_log"] is True
