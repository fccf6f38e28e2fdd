# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ansible import constants
from ansible.parsing.vault import AnsibleVaultError, VaultLib, VaultSecret

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import vault as vaults
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.vault import Vault

PROD, DEFAULT, OTHER = VaultSecret(b"prod secret"), VaultSecret(b"default secret"), VaultSecret(b"another secret")
BOTH = [("default", DEFAULT), ("prod", PROD)]
LOAD = "start the run with --vault-password-file, --vault-id or --ask-vault-pass"


def header(ciphertext: str) -> str:
    return ciphertext.split("\n", 1)[0]


@pytest.mark.parametrize("plain", ["s3cret", "", " x ", "Zügel 日本", "a\nb", "x" * 5000])
def test_ansible_reads_what_was_encrypted(plain: str) -> None:
    """Catches: a value that the collection can read and Ansible cannot."""
    ciphertext = Vault(BOTH, "prod").encrypt(plain)
    assert VaultLib([("prod", PROD)]).decrypt(ciphertext.encode()).decode() == plain
    assert Vault(BOTH, None).decrypt(ciphertext, "it") == plain
    assert ciphertext == ciphertext.strip() and ciphertext.isascii()
    assert max(map(len, ciphertext.splitlines())) == 80


def test_the_command_reads_what_was_encrypted(tmp_path: Path) -> None:
    """Catches: a value that ansible-vault view refuses, which is what a person has at hand in an emergency."""
    password, value = tmp_path / "password", tmp_path / "value"
    password.write_text("prod secret\n")
    value.write_text(Vault([("prod", PROD)], "prod").encrypt("s3cret"))
    environment = {**os.environ, "ANSIBLE_HOME": str(tmp_path / "home"), "LC_ALL": "C.UTF-8"}
    command = [sys.executable, "-m", "ansible", "vault", "view", "--vault-id", f"prod@{password}", str(value)]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)
    assert (ended.stdout.strip(), ended.returncode) == ("s3cret", 0), ended.stderr


def test_the_collection_reads_what_ansible_encrypted() -> None:
    """Catches: a value of ansible-vault encrypt_string that a store refuses."""
    for label in (None, "prod"):
        encrypted = VaultLib(BOTH).encrypt("s3cret", secret=PROD, vault_id=label).decode()
        assert Vault(BOTH, None).decrypt(encrypted, "it") == "s3cret"


@pytest.mark.parametrize("salt", [None, "a salt of the settings"])
def test_every_encryption_has_a_salt_of_its_own(monkeypatch: pytest.MonkeyPatch, salt: str | None) -> None:
    """Catches: core's VAULT_ENCRYPT_SALT, with which all values share one keystream."""
    monkeypatch.setattr(constants.config, "get_config_value", lambda *_args, **_options: salt)
    vault = Vault(BOTH, None)
    first, second = vault.encrypt("the same text"), vault.encrypt("the same text")
    assert first != second and vault.decrypt(first, "it") == vault.decrypt(second, "it")
    salts = {bytes.fromhex(bytes.fromhex("".join(c.split("\n")[1:])).split(b"\n")[0].decode()) for c in (first, second)}
    assert len(salts) == 2 and {len(found) for found in salts} == {32}


@pytest.mark.parametrize(
    ("secrets", "wanted", "first_line"),
    [
        (BOTH, "prod", "$ANSIBLE_VAULT;1.2;AES256;prod"),
        (BOTH, None, "$ANSIBLE_VAULT;1.1;AES256"),
        (BOTH, "default", "$ANSIBLE_VAULT;1.1;AES256"),
        (BOTH[::-1], None, "$ANSIBLE_VAULT;1.2;AES256;prod"),
    ],
)
def test_identity_in_the_first_line(secrets: list[tuple[str, Any]], wanted: str | None, first_line: str) -> None:
    """Catches: a value encrypted with another identity than asked for, or labelled with the wrong one."""
    ciphertext = Vault(secrets, wanted).encrypt("s3cret")
    assert header(ciphertext) == first_line
    right = PROD if "prod" in first_line else DEFAULT
    assert VaultLib([("any", right)]).decrypt(ciphertext.encode()) == b"s3cret"


def test_configured_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: vault_encrypt_identity of ansible.cfg passed over."""
    monkeypatch.setattr(constants, "DEFAULT_VAULT_ENCRYPT_IDENTITY", "prod")
    assert header(Vault(BOTH, None).encrypt("x")) == "$ANSIBLE_VAULT;1.2;AES256;prod"
    assert header(Vault(BOTH, "default").encrypt("x")) == "$ANSIBLE_VAULT;1.1;AES256"
    with pytest.raises(InputError) as caught:
        Vault([("default", DEFAULT)], None).check()
    assert str(caught.value) == "vault_id: no Vault secret with the identity 'prod' is loaded; loaded: default"


def test_identity_of_one_value_goes_before_the_tasks() -> None:
    """Catches: a file encrypted as a whole that changes its identity when it is written."""
    assert header(Vault(BOTH, "default").encrypt("x", "prod")) == "$ANSIBLE_VAULT;1.2;AES256;prod"


def test_unknown_identity() -> None:
    """Catches: a typo in vault_id that falls back to another secret."""
    with pytest.raises(InputError) as caught:
        Vault(BOTH, "prdo").check()
    assert str(caught.value) == "vault_id: no Vault secret with the identity 'prdo' is loaded; loaded: default, prod"


def test_no_secrets() -> None:
    """Catches: a run that sets a password and only then finds that it cannot store it."""
    with pytest.raises(InputError) as caught:
        Vault([], None).check()
    assert str(caught.value) == f"no Vault secret is loaded, so no password can be stored; {LOAD}"
    with pytest.raises(StoreError) as stored:
        Vault([], None).decrypt(Vault(BOTH, None).encrypt("x"), "smtp.yml: password of a")
    assert str(stored.value) == f"smtp.yml: password of a is encrypted, but no Vault secret is loaded; {LOAD}"


@pytest.mark.parametrize(("wanted", "named"), [("prod", " (Vault identity 'prod')"), ("default", "")])
def test_wrong_secret(wanted: str, named: str) -> None:
    """Catches: core's own message, which says neither the account nor what to load."""
    ciphertext = Vault(BOTH, wanted).encrypt("s3cret")
    with pytest.raises(StoreError) as caught:
        Vault([("default", OTHER), ("prod", OTHER)], None).decrypt(ciphertext, "smtp.yml: password of a")
    rule = "cannot be decrypted with the loaded Vault secrets; load the one that encrypted it"
    assert str(caught.value) == f"smtp.yml: password of a{named} {rule}"
    assert caught.value.__cause__ is None and caught.value.__suppress_context__


@pytest.mark.parametrize("change", ["cut", "flipped", "odd", "not utf-8"])
def test_damaged_value(change: str) -> None:
    """Catches: a damaged value that ends in an exception of another type."""
    lines = Vault(BOTH, None).encrypt("s3cret").split("\n")
    damaged = {
        "cut": lines[:-2],
        "flipped": [*lines[:-1], lines[-1][:-1] + ("1" if lines[-1][-1] == "0" else "0")],
        "odd": [*lines[:-1], lines[-1][:-1]],
        "not utf-8": VaultLib(BOTH).encrypt(b"\xff\xfe", secret=PROD).decode().split("\n"),
    }[change]
    with pytest.raises(StoreError, match="cannot be decrypted with the loaded Vault secrets"):
        Vault(BOTH, None).decrypt("\n".join(damaged), "it")


def test_check_fits_tries_every_identity() -> None:
    """Catches: a second identity in the store whose secret is missing, found out in the middle of a rotation."""
    mine, theirs = Vault(BOTH, "default").encrypt("x"), Vault(BOTH, "prod").encrypt("y")
    only_mine = Vault([("default", DEFAULT)], None)
    only_mine.check_fits([("one", mine), ("two", mine)])
    with pytest.raises(StoreError, match=r"^two \(Vault identity 'prod'\) cannot be decrypted"):
        only_mine.check_fits([("one", mine), ("two", theirs)])


def test_check_fits_decrypts_one_value_of_each_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a thousand derivations before the first call."""
    vault, seen = Vault(BOTH, None), list[str]()
    monkeypatch.setattr(vault, "decrypt", lambda _ciphertext, what: seen.append(what))
    values = [(f"{name} {n}", f"$ANSIBLE_VAULT;1.2;AES256;{name}\n61") for n in range(500) for name in ("a", "b")]
    vault.check_fits(values)
    assert seen == ["a 0", "b 0"]


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("$ANSIBLE_VAULT;1.1;AES256\n61", None),
        ("$ANSIBLE_VAULT;1.2;AES256;prod\n61", "prod"),
        ("", None),
        ("$ANSIBLE_VAULT;1.2;AES256;prod\r\n61", "prod"),
    ],
)
def test_label_of(text: str, label: str | None) -> None:
    """Catches: a line ending in an identity's name, which then is not found."""
    assert vaults.label_of(text) == label


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"$ANSIBLE_VAULT;1.1;AES256\n61", True),
        (b"smtp_accounts: {}\n", False),
        (b"", False),
        (b"\xff\xfe", False),
        (b"# $ANSIBLE_VAULT;1.1;AES256\n", False),
    ],
)
def test_is_vault_text(data: bytes, *, whole: bool) -> None:
    """Catches: a store in clear, with encrypted values, taken for one that is encrypted as a whole."""
    assert vaults.is_vault_text(data) is whole


def test_secrets_of_a_loader() -> None:
    """Catches: the secrets of a run passed over, or a crash where there are none."""
    loader = SimpleNamespace(_vault=SimpleNamespace(secrets=BOTH))
    assert vaults.secrets_of(loader) == BOTH
    assert vaults.secrets_of(SimpleNamespace(_vault=SimpleNamespace(secrets=None))) == []
    assert vaults.secrets_of(SimpleNamespace()) == []


def test_secrets_of_ansibles_own_loader() -> None:
    """Catches: an ansible-core that keeps its Vault secrets elsewhere."""
    from ansible.parsing.dataloader import DataLoader

    loader = DataLoader()
    assert vaults.secrets_of(loader) == []
    loader.set_vault_secrets(BOTH)
    assert vaults.secrets_of(loader) == BOTH


def test_another_secret_of_the_same_name_does_not_read_it() -> None:
    """Catches: a test above that would pass without any encryption."""
    with pytest.raises(AnsibleVaultError):
        VaultLib([("prod", OTHER)]).decrypt(Vault(BOTH, "prod").encrypt("s3cret").encode())
