# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Modoboa itself, from PyPI, as its own command deploys it."""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from standin.certificates import CertificateFiles
from support.modoboa.machine import SECONDS, Machine, listens
from support.postfix import free_port
from support.rooted import TREE
from support.waiting import until

HOME = TREE / ".cache" / "modoboa"
BIN = HOME / "venv" / "bin"
INSTALLED = HOME / "complete"
# The site as it is deployed, without accounts: its files and its database.
SITE, DUMP = HOME / "site", HOME / "site" / "dump.sql"
DEPLOY_SECONDS = 180.0
# The API allows five changes a second.
AGAIN = 0.3
# What differs from one run to the next.
SETTINGS = """\
from instance.settings import *

DATABASES["default"]["PORT"] = "{database}"
# Not the web server's own.
LOGGING["disable_existing_loggers"] = False
REDIS_URL = "redis://127.0.0.1:{redis}/0"
CACHES["default"]["LOCATION"] = REDIS_URL
for queue in RQ_QUEUES.values():
    queue.update(URL=REDIS_URL, PORT={redis})
"""
REQUEST = re.compile(r'"(\w+) (\S+) HTTP/[\d.]+" (\d+) ')


@dataclass(frozen=True)
class Request:
    """A request that the site answered."""

    method: str
    path: str
    status: int


class Site:
    """The web server; C(start) and C(stop) it.

    :param machine: where the database and Redis run
    :param folder: an existing folder of its own
    :param certificates: its certificate
    """

    def __init__(self, machine: Machine, folder: Path, certificates: CertificateFiles) -> None:
        self._machine, self._folder, self._certificates = machine, folder, certificates
        self._process: subprocess.Popen[bytes] | None = None
        self._log, self._errors = folder / "access.log", folder / "error.log"
        self.maps = folder / "maps"
        self.token = ""
        self.port = free_port()
        self.url = f"https://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Deploy it, unless that was done, and start it with a token for its administrator."""
        if DUMP.exists():
            self._machine.sql(DUMP.read_text())
        else:
            self._deploy()
        ports = {"database": self._machine.database_port, "redis": self._machine.redis_port}
        (self._folder / "loopback.py").write_text(SETTINGS.format(**ports))
        self.token = self._manage("drf_create_token", "admin").split()[2]
        self._manage("generate_postfix_maps", "--destdir", str(self.maps))
        files = ("--certfile", self._certificates.certificate_path, "--keyfile", self._certificates.key_path)
        logs = ("--access-logfile", self._log, "--error-logfile", self._errors)
        options = ("--no-control-socket", "--workers", "2", "--bind", f"127.0.0.1:{self.port}", *files, *logs)
        command = [str(one) for one in (BIN / "gunicorn", *options, "instance.wsgi")]
        self._process = subprocess.Popen(
            command, env=self._environment(), cwd=SITE, stdin=subprocess.DEVNULL, start_new_session=True
        )
        until(self._answers, seconds=SECONDS)

    def _deploy(self) -> None:
        fresh = HOME / "new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        database = f"default:postgres://modoboa@127.0.0.1:{self._machine.database_port}/modoboa"
        redis = f"redis://127.0.0.1:{self._machine.redis_port}/0"
        where = ("--domain", "127.0.0.1", "--dburl", database, "--redisurl", redis)
        self._run([str(BIN / "modoboa-admin.py"), "deploy", "instance", *where], fresh, {})
        (fresh / "instance" / "dump.sql").write_text(self._machine.dump())
        shutil.rmtree(SITE, ignore_errors=True)
        (fresh / "instance").replace(SITE)

    def _environment(self) -> dict[str, str]:
        path = f"{self._folder}:{SITE}"
        return {**os.environ, "PYTHONPATH": path, "DJANGO_SETTINGS_MODULE": "loopback", "HOME": str(self._folder)}

    def _manage(self, *arguments: str) -> str:
        return self._run([str(BIN / "python"), "manage.py", *arguments], SITE, self._environment())

    def _run(self, command: list[str], folder: Path, more: Mapping[str, str]) -> str:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=DEPLOY_SECONDS,
            check=False,
        )
        # The deployment's steps end with 0 also if they fail.
        assert done.returncode == 0 and "failed, check" not in done.stderr, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def _answers(self) -> bool:
        assert self._process
        if self._process.poll() is not None:
            raise RuntimeError(f"Modoboa ended at once:\n{self._errors.read_text()}")
        return listens(self.port)

    def stop(self) -> None:
        """End it."""
        if self._process:
            self._process.terminate()
            self._process.wait(SECONDS)

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Call the API as its administrator, again if it asks to wait, and return what it answers.

        :param path: the path below C(/api/v2/)
        """
        headers = {"Authorization": f"Token {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v2/{path}", data, headers, method=method)  # noqa: S310
        context = ssl.create_default_context(cafile=self._certificates.ca_path)
        while True:
            try:
                with urllib.request.urlopen(request, timeout=SECONDS, context=context) as answer:  # noqa: S310
                    return json.loads(answer.read() or "null")
            except urllib.error.HTTPError as error:
                if error.code != 429:
                    raise AssertionError(f"{method} {path}: {error.code} {error.read().decode()}") from error
                time.sleep(AGAIN)

    def requests(self) -> list[Request]:
        """Return what it was asked, in order."""
        found = REQUEST.findall(self._log.read_text() if self._log.exists() else "")
        return [Request(method, path, int(status)) for method, path, status in found]
