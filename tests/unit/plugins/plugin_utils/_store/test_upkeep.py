# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole tasks on real stores, with real keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.vault import VaultLib, VaultSecret

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils._store import vault
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.document import parse
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.edit import edited
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.rekey import values_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Store
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.upkeep import Done, Request, run
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.vault import Vault, label_of
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NOW, only_the_store

Secrets = list[tuple[str, VaultSecret]]
OLD, NEW, DEV = (("prod", VaultSecret(b"old")), ("new", VaultSecret(b"new one")), ("dev", VaultSecret(b"dev")))
AGAIN = ("prod", VaultSecret(b"of prod, but new"))


def made(path: Path, values: Mapping[str, tuple[str, Secrets]], *, whole: Secrets | None = None) -> None:
    """Write a store; C(values) maps accounts to a password and the secret that encrypts it."""
    records = {
        name: Record(password=Vault(secrets, None).encrypt(plain), changed_at=NOW)
        for name, (plain, secrets) in values.items()
    }
    text = edited(parse("", "S"), records, "S").text
    path.write_text(Vault(whole, None).encrypt(text) + "\n" if whole else text)


def rekey(path: Path, secrets: Secrets, *, new: str = "new", old: str | None = None, check_mode: bool = False) -> Done:
    store = Store(str(path), Vault(secrets, new))
    return run(Request(True, old, {}, 0), store, lambda _secret: None, check_mode=check_mode)


def plains(path: Path, secrets: Secrets) -> dict[str, str]:
    """Return what some secrets open; a value that they do not open is missing."""
    store = Store(str(path), Vault(secrets, None))
    opened = {value.name: store.vault.opened(value.ciphertext) for value in values_of(store.read().document)}
    return {name: found.plain for name, found in opened.items() if found is not None}


def test_all_under_the_new_identity(tmp_path: Path) -> None:
    """Catches: a value that the old secret still opens, one that nobody opens any more, a second run that writes."""
    path = tmp_path / "smtp.yml"
    made(path, {"a": ("one", [OLD]), "b": ("two", [OLD]), "c": ("three", [NEW])})
    before = path.read_text()
    done = rekey(path, [OLD, NEW], check_mode=True)
    assert (done.rekeyed, path.read_text()) == ({"password of a": "prod", "password of b": "prod"}, before)
    assert rekey(path, [OLD, NEW]).identities == {"new": 3}
    assert plains(path, [OLD]) == {}
    assert plains(path, [NEW]) == {"password of a": "one", "password of b": "two", "password of c": "three"}
    third = before[before.index("  c:\n") :]
    assert path.read_text().endswith(third), "a value under the new identity keeps its ciphertext"
    after = path.read_bytes()
    assert not rekey(path, [OLD, NEW]).changed and not rekey(path, [NEW]).changed
    assert path.read_bytes() == after and only_the_store(path)


def test_another_password_of_the_same_identity(tmp_path: Path) -> None:
    """Catches: values that are taken for new ones because they name the same identity."""
    path = tmp_path / "smtp.yml"
    made(path, {"a": ("one", [OLD]), "b": ("two", [AGAIN])})
    assert list(rekey(path, [AGAIN, OLD], new="prod", old="prod").rekeyed) == ["password of a"]
    assert plains(path, [OLD]) == {} and len(plains(path, [AGAIN])) == 2
    assert not rekey(path, [AGAIN], new="prod", old="prod").changed


def test_only_the_old_identity(tmp_path: Path) -> None:
    """Catches: values of another team that are taken from them."""
    path = tmp_path / "smtp.yml"
    made(path, {"a": ("one", [OLD]), "b": ("two", [DEV]), "c": ("three", [("default", OLD[1])])})
    done = rekey(path, [NEW, OLD], old="prod")
    assert list(done.rekeyed) == ["password of a", "password of c"]
    assert done.left == ["password of b"]
    assert plains(path, [OLD]) == {} and list(plains(path, [DEV])) == ["password of b"]


def test_without_the_old_secret(tmp_path: Path) -> None:
    """Catches: a store of which half is under the new secret, a message that does not say which values are closed."""
    path = tmp_path / "smtp.yml"
    made(path, {**{f"a{n:02}": ("one", [OLD]) for n in range(11)}, "b": ("two", [DEV])})
    before = path.read_bytes()
    named = ", ".join(f"password of a{n:02} (Vault identity prod)" for n in range(10))
    for old in (None, "prod"):
        with pytest.raises(StoreError) as caught:
            rekey(path, [NEW, DEV], old=old)
        assert str(caught.value) == (
            f"{path}: 11 values cannot be opened with the loaded Vault secrets, so nothing was changed: {named} and 1 "
            "more; load the old secret as well, beside the new one"
        )
    assert path.read_bytes() == before and only_the_store(path)


def test_refusals(tmp_path: Path) -> None:
    """Catches: a rekeying that ends well and helps nobody."""
    path = tmp_path / "smtp.yml"
    with pytest.raises(InputError, match=r"smtp\.yml does not exist; vault_file must name the store"):
        rekey(path, [NEW, OLD])
    made(path, {"a": ("one", [OLD])})
    same = ("same", OLD[1])
    for secrets, new, old, message in [
        ([OLD], "new", None, "vault_id: no Vault secret with the identity 'new' is loaded; loaded: prod"),
        ([NEW, OLD], "new", "prd", "old_vault_id: no Vault secret with the identity 'prd' is loaded, and no value in"),
        ([same, OLD], "same", "prod", "old_vault_id: prod and same have the same password; load another one for same"),
    ]:
        with pytest.raises(InputError) as caught:
            rekey(path, secrets, new=new, old=old)
        assert str(caught.value).startswith(message)
    done = rekey(path, [same, OLD], new="same")
    assert done.same_password and label_of(
        values_of(Store(str(path), Vault([same], None)).read().document)[0].ciphertext
    )


def test_file_that_is_encrypted_as_a_whole(tmp_path: Path) -> None:
    """Catches: values under the new secret in a file under the old one, and the other way round."""
    path = tmp_path / "smtp.yml"
    made(path, {"a": ("one", [OLD])}, whole=[OLD])
    assert list(rekey(path, [OLD, NEW]).rekeyed) == ["the file as a whole", "password of a"]
    assert path.read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;new\n")
    assert plains(path, [NEW]) == {"password of a": "one"}
    assert not rekey(path, [NEW]).changed
    made(path, {"a": ("one", [NEW])}, whole=[OLD])
    assert list(rekey(path, [OLD, NEW]).rekeyed) == ["the file as a whole"]
    assert plains(path, [NEW]) == {"password of a": "one"}
    made(path, {"a": ("one", [OLD])}, whole=[DEV])
    done = rekey(path, [OLD, NEW, DEV], old="prod")
    assert (list(done.rekeyed), done.left) == (["password of a"], ["the file as a whole"])
    assert path.read_text().startswith("$ANSIBLE_VAULT;1.2;AES256;dev\n")


def test_each_value_takes_two_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a rekeying of many values that takes minutes, because each one is tried with every secret, or twice."""
    path = tmp_path / "smtp.yml"
    made(path, {f"{n}.acme.smtp": (f"password {n}", [OLD]) for n in range(5)})
    calls: list[str] = []

    class Counting(VaultLib):  # type: ignore[misc]
        def decrypt(self, vaulttext: bytes) -> bytes:
            calls.append("open")
            return bytes(super().decrypt(vaulttext))

        def encrypt(self, *arguments: Any, **keywords: Any) -> bytes:
            calls.append("seal")
            return bytes(super().encrypt(*arguments, **keywords))

    monkeypatch.setattr(vault, "VaultLib", Counting)
    assert len(rekey(path, [NEW, DEV, OLD]).rekeyed) == 5
    assert sorted(calls) == ["open"] * 5 + ["seal"] * 5


def test_another_run_adds_an_account(tmp_path: Path) -> None:
    """Catches: a password that another run staged meanwhile, and that stays under the old secret."""
    path = tmp_path / "smtp.yml"
    made(path, {"a": ("one", [OLD])})
    store = Store(str(path), Vault([NEW, OLD], "new"))
    read, times = store.read, []

    def interrupted() -> object:
        times.append(1)
        if len(times) == 2:
            other = Store(str(path), Vault([OLD], None))
            other.write(other.read(), {"b": Record(password=other.vault.encrypt("two"))})
        return read()

    store.read = interrupted  # type: ignore[assignment, method-assign]
    done = run(Request(True, None, {}, 0), store, lambda _secret: None, check_mode=False)
    assert list(done.rekeyed) == ["password of a", "password of b"]
    assert plains(path, [OLD]) == {} and only_the_store(path)
