# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The supported versions of ansible-core, and what runs on each. Run it with C(make matrix), or C(nox -s core-2.16)."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nox
from nox.command import CommandFailed

nox.options.envdir = ".cache/nox"
nox.options.reuse_existing_virtualenvs = True

# The newest release of each, and the Pythons that it supports, the one to use first; every Python occurs. The last one
# is what `make newest` takes.
CORES = {
    "2.16": ("2.16.19", ["3.10", "3.11", "3.12"]),
    "2.17": ("2.17.14", ["3.11", "3.10", "3.12"]),
    "2.18": ("2.18.19", ["3.12", "3.11", "3.13"]),
    "2.19": ("2.19.14", ["3.13", "3.12", "3.11"]),
    "2.20": ("2.20.10", ["3.12", "3.13", "3.14"]),
    "2.21": ("2.21.5", ["3.13", "3.12", "3.14"]),
    "2.22": ("2.22.0rc1", ["3.13", "3.14", "3.15"]),
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
# One after the other, beside the other list: much of both is waiting, and a single process at work.
LANES = [["unit", "e2e"], ["sanity", "install"]]
# Of the unit tests those of code that imports Ansible; of the others the rotation and, with the role too, what must not
# leak: what changes most between versions of Ansible, in three minutes on two processors.
NEWEST = [
    [*PYTEST, "tests/unit/plugins/plugin_utils", "tests/unit/plugins/modules"],
    [*PYTEST, "-m", "not long", *(f"tests/e2e/test_{name}.py" for name in ("rotation", "leaks"))],
]
PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
ended: dict[str, list[str]] = {}


def find_python(versions: list[str]) -> tuple[str, str]:
    """Return the first of these Pythons that this machine has, and its path; an empty path if it has none.

    A command on the PATH can be a shim of pyenv for a version that is not active, which does not run.
    """
    for version in versions:
        command = shutil.which(f"python{version}")
        roots = {PYENV, *(Path(command).parents[1:2] if command else [])}
        made = sorted(str(path) for root in roots for path in root.glob(f"versions/{version}.*/bin/python3"))
        for path in [*reversed(made), *([command] if command else [])]:
            if subprocess.run([path, "-c", ""], check=False, capture_output=True).returncode == 0:  # noqa: S603
                return version, path
    return " or ".join(versions), ""


def step(session: nox.Session, name: str, version: str) -> str:
    """Run one step to its end, show its output, and return how it ended."""
    start, end = time.monotonic(), "ok"
    print(f"== {session.name}: {name} runs", flush=True)
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        try:
            session.run(*STEPS[name], *([version] if name == "sanity" else []), stdout=output, stderr=output, log=False)
        except CommandFailed:
            end = "FAILED"
        output.seek(0)
        print(f"== {session.name}: {name} is {end}", output.read(), sep="\n", flush=True)
    return f"{end} ({time.monotonic() - start:.0f} s)"


def define(core: str, release: str, version: str, path: str) -> None:
    """Define the session of one version of ansible-core. Arguments of nox choose steps: C(nox -- unit sanity)."""

    def run(session: nox.Session) -> None:
        session.install("--quiet", f"ansible-core=={release}", "-r", "requirements/pytest.txt")
        names = session.posargs or [*STEPS]
        results = dict.fromkeys(STEPS, "not asked for")

        def work(lane: list[str]) -> None:
            results.update({name: step(session, name, version) for name in lane if name in names})

        with ThreadPoolExecutor() as lanes:
            list(lanes.map(work, LANES))
        ended[core] = [version, *results.values()]
        if any(result.startswith("FAILED") for result in results.values()):
            session.error("see above")

    if path:
        nox.session(run, name=f"core-{core}", python=path)
    else:
        ended[core] = ["none", f"left out: this machine has no Python {version}"]


def define_newest(core: str, release: str, version: str, path: str) -> None:
    """Define the session that runs a part of the tests on the newest version, if this machine has a Python for it."""

    def run(session: nox.Session) -> None:
        session.install("--quiet", f"ansible-core=={release}", "-r", "requirements/pytest.txt")
        for command in NEWEST:
            session.run(*command)

    def leave_out(_session: nox.Session) -> None:
        print(f"Left out: ansible-core {core} needs Python {version}, which this machine does not have.")

    if path:
        nox.session(run, name="newest", python=path, default=False)
    else:
        nox.session(leave_out, name="newest", venv_backend="none", default=False)


for core, (release, pythons) in CORES.items():
    define(core, release, *find_python(pythons))
define_newest(core, release, *find_python(pythons))


@nox.session(venv_backend="none")
def table(_session: nox.Session) -> None:
    """Print what ran where, and how it ended."""
    rows = [["ansible-core", "Python", *STEPS], *([core, *cells] for core, cells in ended.items())]
    print("\n".join("".join(f"{cell:<16}" for cell in row).rstrip() for row in rows))
