# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What passwords are published to: real programs and servers where there are any; tests without them are skipped."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.aws import KEYS, Aws
from support.bao import Bao, a_bao
from support.controller import BIN
from support.kube import KubernetesApi
from support.publishing import PassStore, Publishing, SopsFiles, a_publishing

PATH = f"{BIN}{os.pathsep}{os.environ['PATH']}"


def needs(*modules: str, programs: str = "") -> None:
    """Skip the test if something is not installed; C(make publish) installs all of it but Debian's packages."""
    for module in modules:
        pytest.importorskip(module, reason=f"{module} is not installed, see make publish")
    for program in programs.split():
        if shutil.which(program, path=PATH) is None:
            pytest.skip(f"the program {program} is not installed")


@pytest.fixture
def publishing(tmp_path: Path) -> Iterator[Publishing]:
    """A controller with a provider, and with keys of AWS."""
    with a_publishing(tmp_path, {"PATH": PATH, **KEYS}) as made:
        yield made


@pytest.fixture
def aws() -> Iterator[Aws]:
    """A server of AWS's services."""
    needs("ansible_collections.community.aws", "boto3", "moto.server")
    made = Aws()
    yield made
    made.stop()


@pytest.fixture
def bao(tmp_path: Path) -> Iterator[Bao]:
    """A server of OpenBao."""
    needs("ansible_collections.community.hashi_vault", "hvac", programs="bao")
    with a_bao(str(shutil.which("bao", path=PATH)), tmp_path) as made:
        yield made


@pytest.fixture
def kubernetes_api() -> Iterator[KubernetesApi]:
    """A counterpart of the Kubernetes API."""
    needs("ansible_collections.kubernetes.core", "kubernetes")
    made = KubernetesApi()
    yield made
    made.stop()


@pytest.fixture
def sops_files(tmp_path: Path) -> SopsFiles:
    """A folder of files that SOPS encrypts for a key of age."""
    needs("ansible_collections.community.sops", programs="sops age-keygen")
    return SopsFiles(tmp_path / "secrets", str(shutil.which("sops", path=PATH)))


@pytest.fixture
def pass_store(tmp_path: Path) -> Iterator[PassStore]:
    """A store of pass, and a key of GnuPG without a passphrase."""
    needs(programs="pass gpg gpgconf")
    made = PassStore(tmp_path / "of-pass")
    yield made
    subprocess.run(["gpgconf", "--kill", "all"], env=made.environment, check=False)
