# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The stand-in as a program."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import typing as t
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import requests
from standin import cli
from support.mail import try_login
from support.waiting import PATIENCE

from .conftest import ACCOUNT, NEW, OLD

TESTS = Path(__file__).resolve().parents[2]
KEYS = {"STANDIN_APPLICATION_KEY": "application-secret", "STANDIN_AUTHORIZATION_KEY": "authorization-secret"}
HEADERS = {"Application-Key": "application-secret", "Authorization": "authorization-secret"}
Run = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(name="run")
def fixture_run(tmp_path: Path) -> Iterator[Run]:
    """Start the program in tmp_path with these arguments; it is ended after the test."""
    started: list[subprocess.Popen[str]] = []
    (tmp_path / "accounts.json").write_text(json.dumps({ACCOUNT: OLD}))

    def run(
        *arguments: str, keys: Mapping[str, str] | None = None, prefix: tuple[str, ...] = ()
    ) -> subprocess.Popen[str]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("STANDIN_")}
        command = [*prefix, sys.executable, str(TESTS / "standin"), "--accounts", "accounts.json", *arguments]
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**environment, **(KEYS if keys is None else keys)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def ready(folder: Path) -> dict[str, t.Any]:
    """Wait until the program listens, and return where."""
    deadline = time.monotonic() + PATIENCE
    while not (folder / "ready.json").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    addresses: dict[str, t.Any] = json.loads((folder / "ready.json").read_text())
    return addresses


def change(addresses: dict[str, t.Any], password: str = NEW) -> int:
    url = f"{addresses['api_url']}/v2.1/email/smtpAccount/{ACCOUNT}/password"
    body = {"password": password}
    return requests.put(url, json=body, headers=HEADERS, verify=addresses["ca_path"], timeout=PATIENCE).status_code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_start_use_stop(run: Run, tmp_path: Path, number: signal.Signals) -> None:
    """A program that is ready before it listens, prints a secret, or leaves ready.json behind."""
    folder = tmp_path / "made" / "here"
    process = run("--directory", str(folder), "--propagation", "0", "--print")
    addresses = ready(folder)
    assert addresses["pid"] == process.pid and change(addresses) == 200
    arguments = (addresses["smtp_host"], addresses["smtp_port"], ACCOUNT)
    assert try_login(*arguments, NEW, addresses["ca_path"])[0] == 235
    assert try_login(*arguments, OLD, addresses["ca_path"])[0] == 535
    process.send_signal(number)
    printed, _none = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and not (folder / "ready.json").exists()
    first, *lines = printed.splitlines()
    assert json.loads(first) == addresses and "Traceback" not in printed
    assert [line.split(" ", 1)[1] for line in lines] == [
        f"API     PUT /v2.1/email/smtpAccount/{ACCOUNT}/password -> 200, password changed",
        f"login   {ACCOUNT} accepted (current password, PLAIN, starttls)",
        f"login   {ACCOUNT} refused (previous password, PLAIN, starttls)",
    ]
    recorded = (folder / "record.jsonl").read_text()
    assert [json.loads(line)["kind"] for line in recorded.splitlines()] == ["api", "login", "login"]
    assert [one for one in (NEW, OLD, "secret") if one in printed + recorded] == []


def test_options(run: Run, tmp_path: Path) -> None:
    """An option of the program that changes nothing; and a stop over the admin listener."""
    process = run("--directory", ".", "--propagation", "900", "--old-password-works")
    addresses = ready(tmp_path)
    assert change(addresses) == 200
    arguments = (addresses["smtp_host"], addresses["smtp_port"], ACCOUNT)
    assert try_login(*arguments, OLD, addresses["ca_path"])[0] == 235
    assert try_login(*arguments, NEW, addresses["ca_path"])[0] == 535
    requests.post(f"{addresses['admin_url']}/_standin/stop", timeout=PATIENCE)
    assert process.communicate(timeout=PATIENCE)[0] == "" and process.returncode == 0


def test_stale_ready_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The addresses of an earlier run, taken for this one's while it starts."""
    (tmp_path / "ready.json").write_text("{}")
    seen: list[bool] = []
    monkeypatch.setattr(cli, "_run", lambda *_arguments: seen.append((tmp_path / "ready.json").exists()))
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    assert cli.main(["--directory", str(tmp_path)]) == 0 and seen == [False]


def test_keys_from_a_file(run: Run, tmp_path: Path) -> None:
    """Keys that can only be given in the environment, or a temporary folder that stays."""
    keys = {"application_key": "application-secret", "authorization_key": "authorization-secret"}
    (tmp_path / "keys.json").write_text(json.dumps(keys))
    process = run("--keys", "keys.json", keys={})
    assert process.stdout
    addresses = json.loads(process.stdout.readline())
    assert change(addresses) == 200
    process.terminate()
    process.wait(PATIENCE)
    assert not Path(addresses["ca_path"]).parent.exists()


def test_one_key(run: Run, tmp_path: Path) -> None:
    """A provider that the program knows by name, and whose key it does not take."""
    (tmp_path / "accounts.json").write_text('{"alice@example.com": "old-password-1"}')
    run("--directory", ".", "--provider", "mailgun", keys={"STANDIN_API_KEY": "api-secret"})
    addresses = ready(tmp_path)
    url = f"{addresses['api_url']}/v3/domains/example.com/credentials/alice"

    def put(key: str) -> int:
        body, authority = {"password": NEW}, addresses["ca_path"]
        return requests.put(url, data=body, auth=("api", key), verify=authority, timeout=PATIENCE).status_code

    assert (put(""), put("api-secret")) == (401, 200)


def test_time_limit(run: Run) -> None:
    """A stand-in that somebody forgot, for ever."""
    process = run("--max-seconds", "0.1")
    process.communicate(timeout=PATIENCE)
    assert process.returncode == 0


def test_parent_that_ends(run: Run, tmp_path: Path) -> None:
    """A stand-in that stays when the test that started it was killed."""
    parent = run("--directory", ".", "--stop-with-parent", prefix=(sys.executable, "-c", PARENT))
    pid = ready(tmp_path)["pid"]
    assert pid != parent.pid
    parent.kill()
    deadline = time.monotonic() + PATIENCE
    while (tmp_path / "ready.json").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    stopped = not (tmp_path / "ready.json").exists()
    if not stopped:
        os.kill(pid, signal.SIGKILL)
    assert stopped


PARENT = "import subprocess, sys; subprocess.Popen(sys.argv[1:]).wait()"

MISTAKES = [
    pytest.param((), {}, "set STANDIN_APPLICATION_KEY and STANDIN_AUTHORIZATION_KEY, or use --keys", id="no keys"),
    pytest.param(("--accounts", "none.json"), KEYS, "No such file", id="no accounts"),
    pytest.param(("--accounts", "list.json"), KEYS, "list.json: not a JSON object of texts", id="a list"),
    pytest.param(("--keys", "accounts.json"), KEYS, "unknown keys: 1.acme.smtp", id="other keys"),
    pytest.param(("--propagation", "-1"), KEYS, "must be a number of seconds, not negative", id="negative"),
    pytest.param(("--provider", "x"), KEYS, "invalid choice", id="provider"),
    pytest.param(("--provider", "mailu"), KEYS, "set STANDIN_API_KEY, or use --keys", id="another key"),
]


@pytest.mark.parametrize(("arguments", "keys", "words"), MISTAKES)
def test_mistakes(run: Run, tmp_path: Path, arguments: tuple[str, ...], keys: dict[str, str], words: str) -> None:
    """A mistake that ends in a traceback, or in a stand-in that runs otherwise than was meant."""
    (tmp_path / "list.json").write_text("[1]")
    process = run(*arguments, keys=keys)
    printed, _none = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2 and words in printed and "Traceback" not in printed and OLD not in printed
