# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for the repository as a whole, and for the collection that is built from it."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import typing as t
from pathlib import Path

import pytest
import yaml

from ansible_collections.mailops.smtp.plugins.doc_fragments.provider import ModuleDocFragment
from ansible_collections.mailops.smtp.plugins.module_utils._arguments import PASSWORD_SPEC, PROVIDERS, SENDER_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import ARGUMENT_SPEC as SEND_SPEC
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.options import OPTIONS
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import Options

ROOT = Path(__file__).resolve().parents[2]
ROLE = ROOT / "roles" / "smtp_rotation"
NOT_OURS = {".ansible", ".cache", ".git", ".hypothesis", ".venv", "__pycache__", "venv"}
HEADER = """\
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
# Brackets, so that this file does not find itself.
FOREIGN = re.compile(r"\bshare[d]/|/wor[k]/|/tm[p]/w\b|/roo[t]/\.|/opt/(?:whee[l]s|pyp[i])")


def tracked_files() -> t.Iterator[Path]:
    """Yield the files of the checkout that a commit could hold, without asking git: a copy may have none."""
    waiting = [ROOT]
    while waiting:
        for path in sorted(waiting.pop().iterdir()):
            if path.is_symlink() or path.name in NOT_OURS or path.name.endswith("_cache"):
                continue
            if path.is_dir():
                waiting.append(path)
            elif not path.name.endswith((".pyc", ".tar.gz")):
                yield path


def relative(paths: t.Iterable[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def load(path: Path) -> t.Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The names in the collection as `ansible-galaxy` builds it."""
    folder = tmp_path_factory.mktemp("built")
    build = [sys.executable, "-m", "ansible", "galaxy", "collection", "build", "--output-path", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=60)
    (archive,) = folder.glob("mailops-smtp-*.tar.gz")
    with tarfile.open(archive) as tar:
        return set(tar.getnames())


def test_python_files_carry_the_licence() -> None:
    """Catches a new Python file without the licence header."""
    sources = [path for path in tracked_files() if path.suffix == ".py" and path.stat().st_size]
    assert sources
    bare = [path for path in sources if HEADER not in path.read_text(encoding="utf-8")[: len(HEADER) + 40]]
    assert relative(bare) == []


def test_role_defaults_and_argument_specs_name_the_same_variables() -> None:
    """Catches a role variable that is documented without effect, or works undocumented."""
    defaults = load(ROLE / "defaults" / "main.yml")
    options = load(ROLE / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    required = {name for name, option in options.items() if option.get("required")}
    assert set(defaults) | required == set(options)


def test_role_defaults_and_argument_specs_agree_on_values() -> None:
    """Catches a documented default that is not the one in force."""
    defaults = load(ROLE / "defaults" / "main.yml")
    options = load(ROLE / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    documented = {name: option["default"] for name, option in options.items() if "default" in option}
    assert documented == {name: defaults[name] for name in documented}


def test_role_takes_every_provider() -> None:
    """Catches a provider that is built in, and that the role or the documentation does not know."""
    options = load(ROLE / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    assert options["smtp_rotation_provider"]["choices"] == documented["provider"]["choices"] == PROVIDERS


@pytest.mark.parametrize(
    ("handed_on", "spec", "of_tasks"),
    [
        # Not the same in every task, so each task has them.
        (Options.of_password, PASSWORD_SPEC, {"password", "passwords", "rotate", "state", "accounts", "account_ids"}),
        (Options.of_store, SENDER_SPEC, {"senders", "rotate", "max_age", "state"}),
        (Options.of_smtp, SEND_SPEC, {"accounts", "password"}),
    ],
)
def test_role_hands_every_option_on(
    handed_on: t.Callable[[Options], dict[str, t.Any]], spec: dict[str, t.Any], of_tasks: set[str]
) -> None:
    """Catches a role variable of a module's option that the role accepts, and that changes nothing."""
    documented = load(ROLE / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    wanted = {name for name in spec if f"smtp_rotation_{name}" in documented} - of_tasks
    assert wanted - set(handed_on(Options(sorted(OPTIONS), lambda variable: variable))) == set()


def test_role_secrets_are_not_logged() -> None:
    """Catches a role variable that holds a secret and that Ansible would print."""
    options = load(ROLE / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    secret = re.compile(r"_(password|passwords|application_key|authorization_key)$")
    assert [name for name, option in options.items() if secret.search(name) and not option.get("no_log")] == []


@pytest.mark.parametrize(
    "name",
    [
        "CHANGELOG.rst",
        "LICENSE",
        "README.md",
        "meta/execution-environment.yml",
        "meta/runtime.yml",
        "playbooks",
        "plugins/action/smtp_account_password.py",
        "plugins/action/smtp_rotation_step.py",
        "plugins/modules/smtp_test_send.py",
        "requirements.txt",
        "roles/smtp_rotation/meta/argument_specs.yml",
    ],
)
def test_built_collection_has(built: set[str], name: str) -> None:
    """Catches an ignore pattern that takes something away from the users."""
    assert name in built


def test_built_collection_has_nothing_of_the_development(built: set[str]) -> None:
    """Catches the stand-in, the tests, a virtual environment or caches on their way to the users."""
    foreign = re.compile(r"(^|/)(\.|__pycache__)|^(tests|requirements|extensions|findings|venv)(/|$)|\.(pyc|gz)$")
    assert sorted(filter(foreign.search, built)) == []


def test_built_collection_has_no_build_files(built: set[str]) -> None:
    """Catches a development file at the top that no ignore pattern names."""
    assert built.isdisjoint({"Makefile", "pyproject.toml", "CONTRIBUTING.md"})


def test_no_file_names_a_folder_of_one_machine() -> None:
    """Catches text that means something only where it was written."""

    def names_one(path: Path) -> bool:
        return bool(FOREIGN.search(path.read_text(encoding="utf-8", errors="replace")))

    assert relative(filter(names_one, tracked_files())) == []
