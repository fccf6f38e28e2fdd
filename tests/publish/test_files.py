# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publishing to files on the controller: SOPS with age, and pass with GnuPG, all of them the real programs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from support.controller import BIN
from support.publishing import Publishing, a_publishing

pytest.importorskip("ansible_collections.community.sops", reason="community.sops is not installed: run make publish")


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip a test where a program is missing."""
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    missing = [name for name in programs if shutil.which(name, path=path) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} is not installed")


@pytest.fixture
def publishing(tmp_path: Path) -> Iterator[Publishing]:
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    with a_publishing(tmp_path, {"PATH": path}) as made:
        yield made


# -- SOPS


def decrypted(path: Path, key: Path) -> str:
    """Return what sops itself reads in a file."""
    command = [str(BIN / "sops"), "--decrypt", str(path)]
    shown = subprocess.run(
        command, env={"SOPS_AGE_KEY_FILE": str(key), "PATH": "/usr/bin"}, capture_output=True, text=True, check=True
    )
    return shown.stdout


@needs("sops", "age-keygen")
@pytest.mark.parametrize("form", ["yaml", "json"])
def test_sops_file(publishing: Publishing, tmp_path: Path, form: str) -> None:
    """Catches: a file that only its reader could have written; plaintext on the disk; a new file in every run."""
    key = tmp_path / "age.key"
    subprocess.run(["age-keygen", "-o", str(key)], check=True, capture_output=True)
    recipient = key.read_text().split("public key: ")[1].split()[0]
    file = tmp_path / "secrets" / f"1.acme.smtp.{form}"
    file.parent.mkdir()
    target = {"kind": "sops", "path": f"{file.parent}/{{account}}.{form}", "options": {"age": [recipient]}}
    first = publishing.run([target])
    assert first.code == 0, first.output
    text = decrypted(file, key)
    found = json.loads(text) if form == "json" else yaml.safe_load(text)
    assert (found["username"], found["password"]) == ("1.acme.smtp", publishing.in_force())
    assert publishing.in_force() not in file.read_text()
    before = file.read_bytes()
    assert publishing.run([target]).code == 0
    assert file.read_bytes() == before
    assert publishing.run([target], rotate="always").code == 0
    assert publishing.in_force() in decrypted(file, key)


# -- pass


@needs("pass", "gpg")
def test_entry_of_pass(publishing: Publishing, tmp_path: Path) -> None:
    """Catches: an entry whose first line is not the password; an entry that is encrypted anew in every run."""
    home = publishing.scene.controller.home
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "PASSWORD_STORE_DIR": str(tmp_path / "of-the-tests")}
    generate = [
        "gpg",
        "--batch",
        "--pinentry-mode",
        "loopback",
        "--passphrase",
        "",
        "--quick-gen-key",
        "tests",
        "future-default",
    ]

    def run(*command: str) -> str:
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    try:
        run(*generate)
        run("pass", "init", "tests")
        options = {"directory": environment["PASSWORD_STORE_DIR"]}
        target = {"kind": "pass", "path": "mail/{account}", "options": options}
        first = publishing.run([target])
        assert first.code == 0, first.output
        server = publishing.scene.provider
        expected = ["user: 1.acme.smtp", f"host: {server.smtp_host}", f"port: {server.smtp_port}"]
        assert run("pass", "show", "mail/1.acme.smtp").splitlines() == [publishing.in_force(), *expected]
        entry = tmp_path / "of-the-tests" / "mail" / "1.acme.smtp.gpg"
        before = entry.read_bytes()
        assert publishing.run([target]).code == 0
        assert entry.read_bytes() == before
        assert publishing.run([target], rotate="always").code == 0
        assert run("pass", "show", "mail/1.acme.smtp").splitlines()[0] == publishing.in_force()
    finally:
        subprocess.run(["gpgconf", "--kill", "all"], env=environment, check=False)
