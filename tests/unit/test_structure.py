# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plugins' folders and files are rooms on floors: a room imports only from floors below its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PLUGINS, PICTURE = ROOT / "plugins", ROOT / "docs" / "docsite" / "diagrams" / "rooms.dot"
IMPORT = re.compile(r"from ansible_collections\.mailops\.smtp\.plugins\.([\w.]+) import (\w+)")
FROM = re.compile(r"from ansible_collections\.mailops\.smtp\.plugins\.([\w.]+) import (\([^)]*\)|.+)")
# Of all rooms, from the ground floor up. What travels to a mail host is in module_utils and modules.
FLOORS = [
    "module_utils/_errors  module_utils/_text  module_utils/_trust  module_utils/_addresses",
    "module_utils/_secrets  module_utils/_files  module_utils/_arguments  module_utils/_rotation_step",
    "module_utils/_provider  module_utils/_smtp  module_utils/_postfix  module_utils/_secret_file",
    "module_utils/_clients",
    "modules  doc_fragments  plugin_utils/_times  plugin_utils/_threads  plugin_utils/_near  plugin_utils/_batches",
    "plugin_utils/_quoting  plugin_utils/_flows",
    "plugin_utils/_fleet  plugin_utils/_option_checks  plugin_utils/_clock",
    "plugin_utils/_action",
    "plugin_utils/_store",
    "plugin_utils/_senders  plugin_utils/_publishing",
    "plugin_utils/_rotation  plugin_utils/_overview  plugin_utils/_test_sends  plugin_utils/_steps",
    "plugin_utils/_reports",
    "action  filter",
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms.split()}


FILES = sorted(PLUGINS.rglob("*.py"))
# An arrow of the picture; one with a style is a call, and not an import.
ARROW = re.compile(r'^ *"(.+)" -> "(.+)";$', re.MULTILINE)


def room(path: str) -> str:
    kind, _slash, rest = path.partition("/")
    return f"{kind}/{rest.split('/')[0]}" if kind.endswith("_utils") else kind


def imports(file: Path) -> set[tuple[str, str]]:
    """Return a file's room with each other one that it imports from."""
    here = room(str(file.relative_to(PLUGINS).with_suffix("")))
    imported = {room(f"{module}/{name}".replace(".", "/")) for module, name in IMPORT.findall(file.read_text())}
    return {(here, other) for other in imported - {here}}


@pytest.mark.parametrize("file", FILES, ids=lambda path: str(path.relative_to(PLUGINS)))
def test_imports_point_downwards(file: Path) -> None:
    """Catches: a circle between folders, and a folder that depends on what is built on it."""
    assert {other for here, other in imports(file) if FLOOR[other] >= FLOOR[here]} == set()


def test_picture_shows_every_room_and_import() -> None:
    """Catches: a picture in CONTRIBUTING that is not true any more; change rooms.dot, then C(make diagrams)."""
    picture = PICTURE.read_text()
    arrows = set(ARROW.findall(picture))
    rooms = {room for arrow in arrows for room in arrow}
    real = set().union(*map(imports, FILES))
    assert sorted(arrows - real) == []
    assert sorted({(a, b) for a, b in real if {a, b} <= rooms and b not in below(a, arrows)}) == []
    assert [name for name in sorted(FLOOR) if name != "doc_fragments" and name.split("/")[-1] not in picture] == []


def below(room: str, arrows: set[tuple[str, str]]) -> set[str]:
    """Return the rooms that arrows lead to from this one, in one step or several."""
    direct = {b for a, b in arrows if a == room}
    return direct.union(*(below(other, arrows) for other in direct))


def test_what_runs_on_a_mail_host_imports_nothing_of_the_controller() -> None:
    """Catches: a module that ends with an ImportError where ansible-core is not installed."""
    files = [file for kind in ("module_utils", "modules") for file in (PLUGINS / kind).rglob("*.py")]
    assert [
        str(file) for file in files if re.search(r"plugin_utils|from ansible\.(?!module_utils)", file.read_text())
    ] == []


def carried(module: Path) -> set[Path]:
    """Return the collection's files that Ansible sends to a host with a module: it follows imports of every kind."""
    found, todo = set(), [module]
    while todo:
        file = todo.pop()
        if file in found or not file.is_file():
            continue
        found.add(file)
        for path, names in FROM.findall(file.read_text()):
            here = PLUGINS / path.replace(".", "/")
            todo += [here.with_suffix(".py"), *(here / f"{name}.py" for name in re.findall(r"\w+", names))]
    return found


@pytest.mark.parametrize("name", ["smtp_account_info", "smtp_account_password"])
def test_what_only_the_controller_needs_stays_there(name: str) -> None:
    """Catches: all providers and what checks a definition, sent to the host with each call of one provider."""
    provider = PLUGINS / "module_utils" / "_provider"
    own = {provider / "registry.py", provider / "definition_parser.py", *(provider / "built_in").glob("*.py")}
    sent = carried(PLUGINS / "modules" / f"{name}.py")
    assert provider / "http.py" in sent
    assert sorted(str(file) for file in sent & own) == []


def test_what_every_action_imports_knows_no_provider() -> None:
    """Catches: a task that sends a test message or writes a file, and first compiles all providers."""
    assert "_provider" not in (PLUGINS / "plugin_utils" / "_action.py").read_text()
