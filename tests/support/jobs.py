# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CI service for tests: takes the shell out of a workflow file and runs it in a clone that can vanish at any time."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from support.controller import BIN, COLLECTIONS, Controller

SECRET = re.compile(r"\$\{\{ secrets\.(\w+) \}\}")
# What a test does not install, because it is installed.
INSTALLS = "Install"
SECONDS = 300


@dataclass(frozen=True)
class Step:
    """A piece of shell, with the environment that the workflow gives it, secrets by their names in braces."""

    name: str
    script: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ran:
    """How the shell ended."""

    code: int
    output: str


def github_steps(workflow: Path) -> list[Step]:
    """Return the steps of a GitHub workflow's only job that run a shell, but for the one that installs."""
    (job,) = yaml.safe_load(workflow.read_text())["jobs"].values()
    return [
        Step(step["name"], step["run"], step.get("env", {}))
        for step in job["steps"]
        if "run" in step and step["name"] != INSTALLS
    ]


def gitlab_job(pipeline: Path) -> tuple[list[str], dict[str, str]]:
    """Return the script's lines and the variables of a GitLab pipeline's only job."""
    (job,) = yaml.safe_load(pipeline.read_text()).values()
    return job["script"], job["variables"]


class Service:
    """A bare repository, and runners that clone it and are thrown away.

    :param folder: of the test
    :param files: what the repository has, by name; a path is copied with its mode
    :param secrets: what the service keeps for its jobs, by name
    """

    def __init__(self, folder: Path, files: Mapping[str, Path | str], secrets: Mapping[str, str]) -> None:
        self.folder = folder
        self.secrets = dict(secrets)
        self.remote = folder / "remote.git"
        self.runner = folder / "runner"
        self.summary = folder / "summary.md"
        self.outputs: list[str] = []
        self._home = folder / "home"
        self._home.mkdir()
        self._fill(files)

    def _fill(self, files: Mapping[str, Path | str]) -> None:
        self._git("init", "--quiet", "--bare", "--initial-branch=main", str(self.remote))
        self.clone()
        for name, content in files.items():
            path = self.runner / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                shutil.copy(content, path)
            else:
                path.write_text(content)
        self._git("-C", str(self.runner), "add", "--all")
        self._git("-C", str(self.runner), "commit", "--quiet", "-m", "Begin")
        self._git("-C", str(self.runner), "push", "--quiet", "origin", "HEAD:main")
        self.lose()

    def _git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", *arguments], env=self.environment(), check=True, capture_output=True, text=True, timeout=60
        ).stdout

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return a runner's environment, with the service's secrets in place of their names."""
        given = {name: SECRET.sub(lambda m: self.secrets[m[1]], value) for name, value in (more or {}).items()}
        return {
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "HOME": str(self._home),
            "LC_ALL": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "someone",
            "GIT_AUTHOR_EMAIL": "someone@acme.example",
            "GIT_COMMITTER_NAME": "someone",
            "GIT_COMMITTER_EMAIL": "someone@acme.example",
            "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
            "ANSIBLE_HOME": str(self._home / ".ansible"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PYTHON_INTERPRETER": sys.executable,
            "PYTHONDONTWRITEBYTECODE": "1",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_REF_NAME": "main",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.runner),
            **given,
        }

    def clone(self) -> None:
        """Begin a job on a new runner."""
        self._git("clone", "--quiet", f"file://{self.remote}", str(self.runner))

    def lose(self) -> None:
        """Throw the runner away, with everything that is not pushed."""
        shutil.rmtree(self.runner)

    def shell(self, script: str, environment: Mapping[str, str] | None = None) -> Ran:
        """Run a piece of shell as the services do, in the clone."""
        process = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.runner,
            env=self.environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        self.outputs.append(process.stdout)
        return Ran(process.returncode, process.stdout)

    def steps(self, steps: Sequence[Step]) -> None:
        """Run steps on a new runner, each of which has to succeed, and throw the runner away."""
        self.clone()
        for step in steps:
            ran = self.shell(step.script, step.environment)
            assert ran.code == 0, f"{step.name}: {ran.output}"
        self.lose()

    def history(self) -> str:
        """Return everything that was ever pushed, as anybody who may read the repository sees it."""
        return self._git("--git-dir", str(self.remote), "log", "--patch", "--all")

    def pushed(self, store: str) -> dict[str, dict[str, Any]]:
        """Return the records of the store that is in the repository, decrypted by Ansible; none without a store."""
        text = self.shown(store)
        if not text:
            return {}
        reader = Controller(self.folder / "reader")
        reader.store.write_text(text)
        return reader.decrypted()

    def shown(self, store: str) -> str:
        """Return the store that is in the repository as it is there, nothing without a store."""
        listed = self._git("--git-dir", str(self.remote), "ls-tree", "--name-only", "-r", "main", store)
        return self._git("--git-dir", str(self.remote), "show", f"main:{store}") if listed else ""
