# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The supported versions of ansible-core, and what runs on each. Run it with C(make matrix), or C(nox -s core-2.16)."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.options.envdir = ".cache/nox"
nox.options.reuse_existing_virtualenvs = True

# The newest release of each, and the Pythons that it supports, the one to use first; every Python occurs.
CORES = {
    "2.16": ("2.16.19", ["3.10", "3.11", "3.12"]),
    "2.17": ("2.17.14", ["3.11", "3.10", "3.12"]),
    "2.18": ("2.18.19", ["3.12", "3.11", "3.13"]),
    "2.19": ("2.19.14", ["3.13", "3.12", "3.11"]),
    "2.20": ("2.20.10", ["3.12", "3.13", "3.14"]),
    "2.21": ("2.21.5", ["3.13", "3.12", "3.14"]),
}
# What differs most between versions of Ansible: module and action plugin, role, look-up, options that are dictionaries.
SHORT = [
    f"tests/e2e/test_{name}.py" for name in ("rotation", "role", "role_fleet", "role_alternate", "info", "own_provider")
]
E2E = ["tests/e2e"] if os.environ.get("FULL") else ["-m", "not long", *SHORT]
PYTEST = ["python", "-m", "pytest", "--quiet", "-n", os.environ.get("JOBS", "3")]
STEPS = {
    "unit": [*PYTEST, "tests/unit"],
    "e2e": [*PYTEST, *E2E],
    "install": [*PYTEST, "tests/install"],
    "sanity": ["python", "tests/checks/sanity.py", "--python"],
}
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
ended: dict[str, list[str]] = {}


def find_python(versions: list[str]) -> tuple[str, str]:
    """Return the first of these Pythons that this machine has, and its path; an empty path if it has none."""
    for version in versions:
        made = sorted(PYENV.glob(f"versions/{version}.*/bin/python3"))
        found = str(made[-1]) if made else shutil.which(f"python{version}")
        if found:
            return version, found
    return " or ".join(versions), ""


def step(session: nox.Session, name: str, version: str) -> str:
    """Run one step to its end, and return how it ended."""
    start = time.monotonic()
    try:
        session.run(*STEPS[name], *([version] if name == "sanity" else []))
    except CommandFailed:
        return f"FAILED ({time.monotonic() - start:.0f} s)"
    return f"ok ({time.monotonic() - start:.0f} s)"


def define(core: str, release: str, version: str, path: str) -> None:
    """Define the session of one version of ansible-core. Arguments of nox choose steps: C(nox -- unit sanity)."""

    def run(session: nox.Session) -> None:
        session.install("--quiet", f"ansible-core=={release}", "-r", "requirements/pytest.txt")
        names = session.posargs or [*STEPS]
        results = {name: step(session, name, version) if name in names else "not asked for" for name in STEPS}
        ended[core] = [version, *results.values()]
        if any(result.startswith("FAILED") for result in results.values()):
            session.error("see above")

    if path:
        nox.session(run, name=f"core-{core}", python=path)
    else:
        ended[core] = ["none", f"left out: this machine has no Python {version}"]


for core, (release, pythons) in CORES.items():
    define(core, release, *find_python(pythons))


@nox.session(venv_backend="none")
def table(_session: nox.Session) -> None:
    """Print what ran where, and how it ended."""
    rows = [["ansible-core", "Python", *STEPS], *([core, *cells] for core, cells in ended.items())]
    print("\n".join("".join(f"{cell:<16}" for cell in row).rstrip() for row in rows))
