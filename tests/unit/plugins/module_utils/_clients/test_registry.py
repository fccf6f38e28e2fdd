# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.mailops.smtp.plugins.module_utils import _clients
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import BY_LOGIN, BY_MESSAGE, Program
from ansible_collections.mailops.smtp.plugins.module_utils._clients.registry import NAMES, program_of
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

FOLDER = Path(_clients.__file__).parent
PLUGINS = FOLDER.parents[1]
VERBS = ("cannot_carry", "is_installed", "find", "hold", "deploy", "prove", "release")
each = pytest.mark.parametrize("program", [*map(program_of, NAMES)], ids=NAMES)


def test_every_folder_is_registered() -> None:
    """Catches: a mail program that is there and that no task can name."""
    folders = sorted(path.parent.name for path in FOLDER.glob("*/program.py"))
    assert list(NAMES) == folders == [program_of(name).name for name in folders]
    imported = re.findall(r"_clients\.(\w+) import program as", (FOLDER / "registry.py").read_text())
    assert imported == folders


def test_program_that_is_not_known() -> None:
    """Catches: a traceback in place of the names that there are."""
    with pytest.raises(InputError, match=r"there is no mail program sendmial; there are: .*postfix"):
        program_of("sendmial")


@each
def test_every_verb_is_there(program: Program) -> None:
    """Catches: a verb that ends with an exception without words, when mail is on hold."""
    assert [verb for verb in VERBS if getattr(type(program), verb) is getattr(Program, verb)] == []
    assert program.proof in (BY_MESSAGE, BY_LOGIN)


@each
def test_options_are_a_specification(program: Program) -> None:
    """Catches: an option without a type, which no check sees."""
    assert all("type" in option for option in program.OPTIONS.values())
    required = [name for name, option in program.OPTIONS.items() if option.get("required")]
    assert required == []
    assert ArgumentSpecValidator(dict(program.OPTIONS)).validate({}).errors.messages == []


@each
def test_harmless_password_is_carried(program: Program) -> None:
    """Catches: a program that refuses what every generated password is made of."""
    assert program.cannot_carry("1.acme.smtp", "aA1") == ""


@each
def test_nothing_else_names_a_program(program: Program) -> None:
    """Catches: a decision about one mail program in the code that serves all of them."""
    named = re.compile(rf"""['"]{program.name}['"]""")
    files = [
        *(PLUGINS / "plugin_utils").rglob("*.py"),
        *(PLUGINS / "action").glob("*.py"),
        *(FOLDER / f"{name}.py" for name in ("program", "arguments", "commands")),
    ]
    assert [str(file.relative_to(PLUGINS)) for file in files if named.search(file.read_text())] == []
