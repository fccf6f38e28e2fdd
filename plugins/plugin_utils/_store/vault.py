# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only file that uses Ansible's Vault API, which is private and differs between versions of ansible-core."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.parsing.vault import VaultLib, is_encrypted, match_encrypt_secret

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, StoreError

SALT_BYTES = 32
HOW_TO_LOAD = "start the run with --vault-password-file, --vault-id or --ask-vault-pass"


@dataclass(frozen=True)
class Opened:
    """A value's plaintext, and the identity and the password that opened it."""

    plain: str = field(repr=False)
    identity: str
    password: bytes = field(repr=False)


class Vault:
    """Encrypts and decrypts single values with the Vault secrets of this run."""

    def __init__(self, secrets: Sequence[tuple[str, Any]], wanted: str | None) -> None:
        self._secrets = list(secrets)
        self._lib = VaultLib(self._secrets)
        self._wanted = wanted

    def check(self) -> None:
        """Check that passwords can be encrypted.

        :raises InputError: if no Vault secret is loaded, or not the one that C(vault_id) names
        """
        self._identity(self._wanted)

    def _identity(self, wanted: str | None) -> tuple[str, Any]:
        if not self._secrets:
            raise InputError(f"no Vault secret is loaded, so no password can be stored; {HOW_TO_LOAD}")
        try:
            found: Any = match_encrypt_secret(
                self._secrets, encrypt_vault_id=wanted or C.DEFAULT_VAULT_ENCRYPT_IDENTITY
            )
        except AnsibleError:
            found = None
        if not found:
            loaded = ", ".join(sorted({str(name) for name, _secret in self._secrets}))
            name = wanted or C.DEFAULT_VAULT_ENCRYPT_IDENTITY
            raise InputError(f"vault_id: no Vault secret with the identity {name!r} is loaded; loaded: {loaded}")
        return found[0], found[1]

    @property
    def encrypts_with(self) -> tuple[str, bytes]:
        """Return the identity that encrypts, and its password.

        :raises InputError: as C(check)
        """
        name, secret = self._identity(self._wanted)
        return name, bytes(secret.bytes)

    def passwords_of(self, identity: str) -> set[bytes]:
        """Return the loaded passwords of an identity; more than one if it was loaded more than once.

        :param identity: its name
        """
        return {bytes(secret.bytes) for name, secret in self._secrets if name == identity}

    def opened(self, ciphertext: str) -> Opened | None:
        """Decrypt a ciphertext with one secret after the other, None if none fits.

        :param ciphertext: a value of the store, or a whole file
        """
        label = label_of(ciphertext) or C.DEFAULT_VAULT_IDENTITY
        # Each attempt derives a key, so the secret that the value names comes first.
        for name, secret in sorted(self._secrets, key=lambda one: one[0] != label):
            try:
                plain: bytes = VaultLib([(name, secret)]).decrypt(ciphertext.encode("utf-8"))
                return Opened(plain.decode("utf-8"), str(name), bytes(secret.bytes))
            except (AnsibleError, ValueError):
                continue
        return None

    def encrypt(self, plaintext: str, identity: str | None = None) -> str:
        """Return the ciphertext of a text, as C(ansible-vault encrypt_string) writes it, without indentation.

        Always uses a new salt: with the fixed one that VAULT_ENCRYPT_SALT can set, two values would be encrypted with
        the same keystream.

        :param plaintext: the secret
        :param identity: the Vault identity, by default the task's or Ansible's own choice
        """
        name, secret = self._identity(identity or self._wanted)
        label = None if name == C.DEFAULT_VAULT_IDENTITY else name
        lib = VaultLib(self._secrets)
        encrypted: bytes = lib.encrypt(plaintext, secret=secret, vault_id=label, salt=os.urandom(SALT_BYTES))
        return encrypted.decode("ascii").rstrip("\n")

    def decrypt(self, ciphertext: str, what: str) -> str:
        """Return the plaintext of a ciphertext.

        :param ciphertext: a value of the store, or a whole file
        :param what: its name in messages
        :raises StoreError: if no loaded secret can decrypt it
        """
        if not self._secrets:
            raise StoreError(f"{what} is encrypted, but no Vault secret is loaded; {HOW_TO_LOAD}")
        try:
            plain: bytes = self._lib.decrypt(ciphertext.encode("utf-8"))
            return plain.decode("utf-8")
        except (AnsibleError, ValueError):
            label = label_of(ciphertext)
            named = f" (Vault identity {label!r})" if label else ""
            raise StoreError(
                f"{what}{named} cannot be decrypted with the loaded Vault secrets; load the one that encrypted it"
            ) from None

    def check_fits(self, ciphertexts: Iterable[tuple[str, str]]) -> None:
        """Check that the loaded secrets fit the store by decrypting one value of each Vault identity.

        :param ciphertexts: the name of each value in messages, and the value
        :raises StoreError: if one cannot be decrypted
        """
        seen: set[str | None] = set()
        for what, ciphertext in ciphertexts:
            label = label_of(ciphertext)
            if label not in seen:
                seen.add(label)
                self.decrypt(ciphertext, what)


def is_vault_text(data: bytes) -> bool:
    """Return whether a file is encrypted as a whole.

    :param data: the file's content
    """
    return bool(is_encrypted(data))


def label_of(ciphertext: str) -> str | None:
    """Return the identity that a ciphertext's first line names, None if it names none.

    :param ciphertext: a value of Ansible Vault
    """
    parts = ciphertext.split("\n", 1)[0].strip().split(";")
    return parts[3] if len(parts) > 3 else None


def secrets_of(loader: Any) -> list[tuple[str, Any]]:
    """Return the Vault secrets of this run, as pairs of identity and secret.

    :param loader: the action plugin's data loader
    """
    return list(getattr(getattr(loader, "_vault", None), "secrets", None) or [])
