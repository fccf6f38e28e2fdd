# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Counts what a run costs beside time: key derivations, and bytes that take a file's place. Python imports it by name.

Each derivation and each replaced file is one line of the file C(BENCH_COUNTS), appended at once: so the lines of all
processes of a run are there whatever became of them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

VAULT = "ansible.parsing.vault"


def _count(line: str) -> None:
    descriptor = os.open(os.environ["BENCH_COUNTS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, (line + "\n").encode())
    os.close(descriptor)


class _OnceVaultIsLoaded:
    """A finder of modules that waits for Ansible's Vault and has its derivations counted."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        """Return the module's own specification, whose loader then counts."""
        if name != VAULT:
            return None
        import importlib.util

        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def load_and_count(module: ModuleType) -> None:
            load(module)
            original = module.VaultAES256._create_key_cryptography

            def derive(*args: Any) -> Any:
                _count("derivation")
                return original(*args)

            module.VaultAES256._create_key_cryptography = staticmethod(derive)

        spec.loader.exec_module = load_and_count  # type: ignore[method-assign]
        return spec


def _watch_renames(folder: str) -> None:
    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "os.rename" and os.fsdecode(arguments[1]).startswith(folder):
            _count(f"bytes {os.path.getsize(arguments[0])}")

    sys.addaudithook(hook)


if "BENCH_COUNTS" in os.environ:
    sys.meta_path.insert(0, _OnceVaultIsLoaded())
    _watch_renames(os.environ["BENCH_FOLDER"])
