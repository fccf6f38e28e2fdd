# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publishing to files on the controller: SOPS with age, and pass with GnuPG, all of them the real programs."""

from __future__ import annotations

import json

import pytest
import yaml
from support.publishing import PassStore, Publishing, SopsFiles


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_sops_file(publishing: Publishing, sops_files: SopsFiles, form: str) -> None:
    """Catches: a file that only its reader could have written; plaintext on the disk; a new file in every run."""
    target, file = sops_files.target(form), sops_files.folder / f"1.acme.smtp.{form}"
    first = publishing.run([target])
    assert first.code == 0, first.output
    text = sops_files.decrypted(file.name)
    found = json.loads(text) if form == "json" else yaml.safe_load(text)
    assert (found["username"], found["password"]) == ("1.acme.smtp", publishing.in_force())
    assert publishing.in_force() not in file.read_text()
    before = file.read_bytes()
    assert publishing.run([target]).code == 0
    assert file.read_bytes() == before
    assert publishing.run([target], rotate="always").code == 0
    assert publishing.in_force() in sops_files.decrypted(file.name)


def test_entry_of_pass(publishing: Publishing, pass_store: PassStore) -> None:
    """Catches: an entry whose first line is not the password; an entry that is encrypted anew in every run."""
    publishing.scene.controller.environment["GNUPGHOME"] = pass_store.environment["GNUPGHOME"]
    target, entry = pass_store.target(), pass_store.folder / "mail" / "1.acme.smtp.gpg"
    first = publishing.run([target])
    assert first.code == 0, first.output
    server = publishing.scene.provider
    expected = ["user: 1.acme.smtp", f"host: {server.smtp_host}", f"port: {server.smtp_port}"]
    assert pass_store.shown("mail/1.acme.smtp") == [publishing.in_force(), *expected]
    before = entry.read_bytes()
    assert publishing.run([target]).code == 0
    assert entry.read_bytes() == before
    assert publishing.run([target], rotate="always").code == 0
    assert pass_store.shown("mail/1.acme.smtp")[0] == publishing.in_force()


def test_entry_of_pass_for_a_key_that_is_missing(publishing: Publishing, pass_store: PassStore) -> None:
    """Catches: a failure of pass of which nobody learns the reason."""
    publishing.scene.controller.environment["GNUPGHOME"] = pass_store.environment["GNUPGHOME"]
    (pass_store.folder / ".gpg-id").write_text("nobody\n")
    refused = publishing.run([pass_store.target()])
    assert refused.code == 2
    assert "was not published to pass: non-zero return code: gpg: nobody: skipped: No public key" in refused.said
