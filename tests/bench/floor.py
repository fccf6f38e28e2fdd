# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The floor: what no implementation can go below, from costs that are measured beside the rest."""

from __future__ import annotations

import base64
import os
import re
import secrets
import sys
import threading
import time
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from ansible.parsing.vault import VaultLib, VaultSecret

ROUNDS = 100


@dataclass(frozen=True)
class Costs:
    """Seconds: of one call, of one derivation in each of as many threads as there are processors, and of a start."""

    latency: float
    derivation: float
    start: float

    def floor(self, accounts: int, concurrency: int) -> float:
        """Return the seconds that a rotation takes at least.

        :param accounts: how many passwords change
        :param concurrency: calls at the same time
        """
        rounds = -(-accounts // concurrency)
        return self.start + rounds * self.latency + accounts * self.derivation


def derivation(threads: int | None = None) -> float:
    """Return the seconds that one encryption with Ansible Vault takes, if several threads share the work.

    :param threads: how many, by default one for each processor
    """
    workers = threads or os.cpu_count() or 1
    secret = VaultSecret(secrets.token_bytes(24))
    lib = VaultLib([("default", secret)])

    def work() -> None:
        for _n in range(ROUNDS):
            lib.encrypt("a password of thirty-two letters", secret=secret, salt=os.urandom(32))

    started = [threading.Thread(target=work) for _n in range(workers)]
    began = time.monotonic()
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()
    return (time.monotonic() - began) / (ROUNDS * workers)


def payload(module: Path) -> tuple[int, int]:
    """Return the bytes that Ansible sends to a host to run a module, and how many files are in them.

    :param module: its file in the collection
    """
    from ansible.executor.module_common import modify_module
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import init_plugin_loader
    from ansible.template import Templar

    init_plugin_loader([])
    made: Any = modify_module(
        module_name=f"ansible_collections.mailops.smtp.plugins.modules.{module.stem}",
        module_path=str(module),
        module_args={},
        templar=Templar(loader=DataLoader()),
        task_vars={"ansible_python_interpreter": sys.executable},
        module_compression="ZIP_DEFLATED",
    )
    built = made[0] if isinstance(made, tuple) else made.b_module_data
    archive = base64.b64decode(max(re.findall(rb"[A-Za-z0-9+/=]{1000,}", built), key=len))
    with zipfile.ZipFile(BytesIO(archive)) as files:
        return len(archive), len(files.namelist())
