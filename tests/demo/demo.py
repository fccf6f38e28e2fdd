# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows one rotation from beginning to end, against the stand-in provider. Run it with C(make demo)."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.demonstration import DemoError, Rotation, heading, run, show_login, show_store  # noqa: E402

ACCOUNT = "1.acme.smtp"
WINDOW = 20
START_LIMIT = 30


@contextlib.contextmanager
def standin(folder: Path, keys: Mapping[str, str], old_password: str) -> Iterator[dict[str, Any]]:
    """Run the stand-in provider for as long as the block runs, and yield where it listens."""
    accounts = folder / "accounts.json"
    accounts.touch(mode=0o600)
    accounts.write_text(json.dumps({ACCOUNT: old_password}))
    command = [sys.executable, str(ROOT / "tests" / "standin"), "--directory", str(folder)]
    command += ["--propagation", str(WINDOW), "--accounts", str(accounts), "--stop-with-parent", "--max-seconds", "300"]
    environment = {
        **os.environ,
        "STANDIN_APPLICATION_KEY": keys["EMAILLABS_APPLICATION_KEY"],
        "STANDIN_AUTHORIZATION_KEY": keys["EMAILLABS_AUTHORIZATION_KEY"],
    }
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        yield _ready(folder / "ready.json", process)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        print("The stand-in provider has been stopped.", flush=True)


def _ready(path: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DemoError(f"the stand-in provider ended at once, with code {process.returncode}")
        if path.exists():
            ready: dict[str, Any] = json.loads(path.read_text())
            return ready
        time.sleep(0.1)
    raise DemoError(f"the stand-in provider did not start within {START_LIMIT} seconds")


def settings(ready: Mapping[str, Any]) -> dict[str, Any]:
    """Return the role's variables for the stand-in provider."""
    return {
        "smtp_rotation_accounts": [ACCOUNT],
        "smtp_rotation_api_url": ready["api_url"],
        "smtp_rotation_ca_path": ready["ca_path"],
        "smtp_rotation_smtp_host": ready["smtp_host"],
        "smtp_rotation_smtp_port": ready["smtp_port"],
        "smtp_rotation_propagation_seconds": WINDOW,
    }


def events(folder: Path) -> list[dict[str, Any]]:
    """Return what the stand-in provider has recorded."""
    return [json.loads(line) for line in (folder / "record.jsonl").read_text().splitlines()]


def show_record(recorded: list[dict[str, Any]]) -> None:
    """Print what the provider saw, and check it."""
    changes = [event for event in recorded if event["kind"] == "api" and event["effect"] == "changed"]
    logins = [event for event in recorded if event["kind"] == "login"]
    messages = [event for event in recorded if event["kind"] == "message"]
    inside = [event for event in logins if event["in_window"]]
    print(f"  password changes: {len(changes)}", flush=True)
    print(f"  logins during the {WINDOW} seconds in which they are not allowed: {len(inside)}")
    print(f"  logins after it: {len(logins) - len(inside)}, all accepted: {all(event['accepted'] for event in logins)}")
    print(f"  test messages accepted: {len(messages)}", flush=True)
    if (len(changes), len(inside), len(logins), len(messages)) != (1, 0, 1, 1):
        raise DemoError("the provider's record is not what it should be")


def show(folder: Path) -> None:
    """Go through the demonstration, step by step."""
    keys = {name: secrets.token_hex(32) for name in ("EMAILLABS_APPLICATION_KEY", "EMAILLABS_AUTHORIZATION_KEY")}
    old_password = secrets.token_urlsafe(24)
    heading(1, "A stand-in for the provider", STANDIN)
    with standin(folder, keys, old_password) as ready:
        print(f"  API: {ready['api_url']}   SMTP: {ready['smtp_host']}:{ready['smtp_port']} with STARTTLS", flush=True)
        show_login(ready, ACCOUNT, old_password, "old password", 235)
        before = len(events(folder))
        rotation = Rotation(folder, keys, settings(ready), "playbooks/rotate.yml")
        heading(2, "The first rotation", FIRST)
        rotation.show_settings()
        rotation.play()
        heading(3, "What the provider recorded")
        show_record(events(folder)[before:])
        heading(4, "The second run", "Nothing is due, so it changes nothing (changed=0) and makes no API call.")
        calls = len(events(folder))
        rotation.play()
        print(f"  API calls and logins during the second run: {len(events(folder)) - calls}", flush=True)
        if len(events(folder)) != calls:
            raise DemoError("the second run called the provider")
        heading(5, "The store", STORE)
        show_store(rotation.store)
        heading(6, "The proof from outside", PROOF)
        show_login(ready, ACCOUNT, old_password, "old password", 535)
        show_login(ready, ACCOUNT, rotation.password(ACCOUNT), "new password", 235)
    print("\n\033[1mThe demonstration is complete.\033[0m Everything it created has been removed.", flush=True)


STANDIN = (
    "It offers the provider's API and a real SMTP server for one list of accounts, on this machine only. As with the "
    f"real provider, a new password takes a while to take effect, here {WINDOW} seconds instead of 15 minutes. Logins "
    "are not allowed during that time."
)
FIRST = (
    "The playbook playbooks/rotate.yml with these variables. It runs all checks first, stages the new password in the "
    "store, sets it through the API, waits until it takes effect, logs in once, sends one message, and records the "
    "result."
)
STORE = (
    "Dates are in clear text, so that no Vault secret is needed to see what is due; the password is encrypted with "
    "Ansible Vault. The file can be committed."
)
PROOF = "Two logins by hand: with the old password, and with the new one, which Ansible itself decrypts from the store."


if __name__ == "__main__":
    sys.exit(run(show))
