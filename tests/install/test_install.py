# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as users get it: built, installed with an empty HOME, and the README's first playbook run from there.

The virtual environment has ansible-core and requests, in the versions that run this test, and nothing else.
"""

from __future__ import annotations

import base64
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import tarfile
import venv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from standin.service import StandIn
from support.controller import KEYS
from support.mail import try_login

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "1.acme.smtp"
OLD = "the-password-of-before-0"
VAULT_PASSWORD = "the vault password of the installation"
# The mail programs, the guides and the providers are its largest parts.
MAX_BYTES = 680_000
# Everything that a user gets, and nothing else. Folders of the tarball have no entry here.
SHIPPED = re.compile(
    r"CHANGELOG\.rst|FILES\.json|LICENSE|MANIFEST\.json|README\.md|REUSE\.toml|SECURITY\.md"
    r"|requirements\.txt|changelogs/changelog\.yaml|meta/(runtime|execution-environment)\.yml"
    r"|docs/docsite/[\w/.-]+|examples/[\w/.-]+|playbooks/\w+\.yml"
    r"|plugins/(action|doc_fragments|filter|modules|module_utils|plugin_utils)/(_\w+/(\w+/)?)?\w+\.py"
    r"|roles/\w+/(README\.md|(defaults|handlers|meta|tasks|vars|templates|files)/[\w/.-]+)"
)


@dataclass
class User:
    """Somebody with a virtual environment, an empty HOME, and a folder for a playbook."""

    folder: Path
    bin: Path
    tarball: Path

    @property
    def home(self) -> Path:
        """The user's HOME, which starts empty."""
        return self.folder / "home"

    @property
    def work(self) -> Path:
        """Where the playbook is."""
        return self.folder / "work"

    def run(self, program: str, *arguments: str, **environment: str) -> str:
        """Run a program of the environment and return its standard output."""
        command = [str(self.bin / program), *arguments]
        kept = {"PATH": f"{self.bin}:{os.defpath}", "HOME": str(self.home), "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
        ended = subprocess.run(
            command,
            env={**kept, **environment},
            cwd=self.work,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode == 0, f"{' '.join(command)}\n{ended.stdout}{ended.stderr}"
        return ended.stdout


def _environment_with(folder: Path, *packages: str) -> Path:
    """Make a virtual environment with these packages, in the versions that run this test, and return its programs."""
    venv.create(folder, with_pip=True, symlinks=True)
    wanted = [f"{name}=={importlib.metadata.version(name)}" for name in packages]
    install = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, *wanted], check=True, timeout=300)
    return folder / "bin"


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    """A user who has built the collection and installed it."""
    folder = tmp_path_factory.mktemp("user")
    for name in ("home", "work"):
        (folder / name).mkdir()
    programs = _environment_with(folder / "venv", "ansible-core", "requests")
    build = [str(programs / "ansible-galaxy"), "collection", "build", "--output-path", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    (tarball,) = folder.glob("mailops-smtp-*.tar.gz")
    made = User(folder, programs, tarball)
    made.run("ansible-galaxy", "collection", "install", str(tarball))
    return made


@pytest.fixture(scope="module")
def provider() -> Iterator[StandIn]:
    """The provider that the user has an account at."""
    with StandIn({ACCOUNT: OLD}, propagation=1.0, **KEYS) as running:
        yield running


def first_playbook() -> str:
    """Return the first playbook of the README, as it is printed there."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"^`{3}yaml\n(.*?)^`{3}$", readme, re.MULTILINE | re.DOTALL)
    assert block is not None
    return block[1]


def play(user: User, provider: StandIn) -> str:
    """Run the README's first playbook with its command, and only what differs between a provider and the stand-in."""
    (user.work / "rotate.yml").write_text(first_playbook(), encoding="utf-8")
    (user.work / "group_vars" / "all").mkdir(parents=True, exist_ok=True)
    (user.folder / "vault-password").write_text(VAULT_PASSWORD, encoding="utf-8")
    extra: Mapping[str, object] = {
        "smtp_rotation_api_url": provider.api_url,
        "smtp_rotation_ca_path": provider.ca_path,
        "smtp_rotation_smtp_host": provider.smtp_host,
        "smtp_rotation_smtp_port": provider.smtp_port,
        "smtp_rotation_propagation_seconds": 1,
    }
    keys = {f"EMAILLABS_{name.upper()}": value for name, value in KEYS.items()}
    return user.run(
        "ansible-playbook",
        "rotate.yml",
        "--vault-id",
        f"prod@{user.folder / 'vault-password'}",
        "--extra-vars",
        json.dumps(extra),
        **keys,
    )


def password(user: User) -> str:
    """Return the password in the store, decrypted by Ansible."""
    shown = user.run(
        "ansible",
        "localhost",
        "--module-name=ansible.builtin.debug",
        # From ansible-core 2.22 on a secret is shown only encoded.
        "--args=msg={{ smtp_accounts['1.acme.smtp'].password | b64encode }}",
        "--extra-vars=@group_vars/all/smtp.yml",
        f"--vault-id=prod@{user.folder / 'vault-password'}",
    )
    return base64.b64decode(json.loads(shown[shown.index("{") :])["msg"]).decode()


def test_tarball_has_what_users_need_and_nothing_else(user: User, capsys: pytest.CaptureFixture[str]) -> None:
    """Catches: tests, the stand-in, caches or development files on their way to the users, and a tarball that grows."""
    with tarfile.open(user.tarball) as tar:
        files = [member.name for member in tar.getmembers() if member.isfile()]
    size = user.tarball.stat().st_size
    with capsys.disabled():
        print(f"\n== {user.tarball.name}: {size} bytes, {len(files)} files")
        print("\n".join(f"   {name}" for name in sorted(files)))
    assert [name for name in files if not SHIPPED.fullmatch(name)] == []
    assert size < MAX_BYTES


def test_environment_has_only_what_the_readme_names(user: User) -> None:
    """Catches: a dependency that nobody declared, and that only the developers have."""
    listed = {entry["name"].lower() for entry in json.loads(user.run("pip", "list", "--format=json"))}
    assert {"ansible-core", "requests"} <= listed
    assert listed.isdisjoint({"aiosmtpd", "pytest", "openapi-core", "molecule", "ansible", "ruamel.yaml"})


def test_first_playbook_rotates_and_then_rests(user: User, provider: StandIn) -> None:
    """Catches: a playbook in the README that does not do what the README says, where users run it."""
    output = play(user, provider)
    new = password(user)
    for secret in (new, *KEYS.values(), VAULT_PASSWORD):
        assert secret not in output
    assert try_login(provider.smtp_host, provider.smtp_port, ACCOUNT, OLD, provider.ca_path)[0] == 535
    assert try_login(provider.smtp_host, provider.smtp_port, ACCOUNT, new, provider.ca_path)[0] == 235
    calls = len(provider.record.api_calls())
    assert "changed=0" in play(user, provider)
    assert len(provider.record.api_calls()) == calls


@pytest.mark.parametrize("kind", ["module", "role"])
def test_documentation_is_installed(user: User, kind: str) -> None:
    """Catches: documentation that is complete in the checkout only, as a fragment that is not shipped makes it."""
    names = {"module": "mailops.smtp.smtp_account_password", "role": "mailops.smtp.smtp_rotation"}
    assert "mailops.smtp contributors" in user.run("ansible-doc", "--type", kind, names[kind])


def test_imports_find_only_the_installed_collection(user: User) -> None:
    """Catches: a test that proves the checkout, since Ansible found it before the installed collection."""
    listed = json.loads(user.run("ansible-galaxy", "collection", "list", "--format=json"))
    ours = [path for path, collections in listed.items() if "mailops.smtp" in collections]
    assert ours == [str(user.home / ".ansible" / "collections" / "ansible_collections")]
    assert sys.prefix not in ours[0]
