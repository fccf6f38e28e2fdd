# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows one rotation from beginning to end, against the stand-in provider. Run it with C(make demo)."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import secrets
import shlex
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.mail import try_login  # noqa: E402

BIN = Path(sys.executable).parent
ACCOUNT = "1.acme.smtp"
WINDOW = 20
START_LIMIT = 30


class DemoError(Exception):
    """Something did not go as the demonstration promises."""


def heading(number: int, text: str, detail: str = "") -> None:
    """Print a step's heading and what it shows."""
    print(f"\n\033[1m== {number}. {text}\033[0m", flush=True)
    if detail:
        print(textwrap.fill(detail, 110), flush=True)


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


def end(process: subprocess.Popen[bytes]) -> None:
    """Have a playbook end its own processes, and end it.

    A signal that comes while it starts a process can be lost in it, so it is told more than once.
    """
    for _attempt in range(20):
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            process.terminate()
        else:
            return
    process.kill()
    process.wait()


class Rotation:
    """The user's side: a store, a Vault password, variables, and the commands that a user types."""

    def __init__(self, folder: Path, keys: Mapping[str, str], ready: Mapping[str, Any]) -> None:
        self.store = folder / "smtp.yml"
        self._vault_password = folder / "vault-password"
        self._vault_password.touch(mode=0o600)
        self._vault_password.write_text(secrets.token_urlsafe(24) + "\n")
        self._variables = folder / "rotation.json"
        self._variables.write_text(json.dumps(self._settings(ready), indent=2))
        self._environment = {
            **os.environ,
            **keys,
            "ANSIBLE_COLLECTIONS_PATH": os.environ.get(
                "ANSIBLE_COLLECTIONS_PATH", str(ROOT / ".cache" / "collections")
            ),
            "ANSIBLE_LOCALHOST_WARNING": "false",
            "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
            "ANSIBLE_DISPLAY_SKIPPED_HOSTS": "false",
        }

    def _settings(self, ready: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "smtp_rotation_accounts": [ACCOUNT],
            "smtp_rotation_vault_file": str(self.store),
            # As long as the demonstration, also in a container.
            "smtp_rotation_store_survives": True,
            "smtp_rotation_api_url": ready["api_url"],
            "smtp_rotation_ca_path": ready["ca_path"],
            "smtp_rotation_smtp_host": ready["smtp_host"],
            "smtp_rotation_smtp_port": ready["smtp_port"],
            "smtp_rotation_propagation_seconds": WINDOW,
            "smtp_rotation_progress_interval": 5,
            "smtp_rotation_test_sender": "rotation@acme.example",
            "smtp_rotation_test_recipient": "postmaster@acme.example",
        }

    def show_settings(self) -> None:
        """Print the variables that the playbook is run with."""
        print(self._variables.read_text(), flush=True)

    def play(self) -> None:
        """Run the playbook, as a user does."""
        command = [str(BIN / "ansible-playbook"), str(ROOT / "playbooks" / "rotate.yml")]
        command += ["-e", f"@{self._variables}", "--vault-password-file", str(self._vault_password)]
        shown = [part.removeprefix(f"{BIN}/").removeprefix(f"{ROOT}/") for part in command]
        print(f"$ {shlex.join(shown)}", flush=True)
        process = subprocess.Popen(command, env=self._environment, stdin=subprocess.DEVNULL, cwd=ROOT)
        try:
            code = process.wait()
        finally:
            end(process)
        if code != 0:
            raise DemoError(f"ansible-playbook ended with code {code}")

    def password(self) -> str:
        """Return the stored password, decrypted by Ansible itself: from 2.22 on it shows a secret only encoded."""
        command = [str(BIN / "ansible"), "localhost", "-m", "ansible.builtin.debug", "-e", f"@{self.store}"]
        command += ["-a", f"msg={{{{ smtp_accounts['{ACCOUNT}'].password | b64encode }}}}"]
        command += ["--vault-password-file", str(self._vault_password)]
        environment = {**self._environment, "ANSIBLE_NOCOLOR": "1"}
        shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        answer: dict[str, str] = json.loads(shown[shown.index("{") :])
        return base64.b64decode(answer["msg"]).decode()


def show_login(ready: Mapping[str, Any], what: str, password: str, expected: int) -> None:
    """Log in once, and print what the server says."""
    code, text = try_login(ready["smtp_host"], ready["smtp_port"], ACCOUNT, password, ready["ca_path"])
    print(f"  login with the {what} password: {code} {text.decode(errors='replace')}", flush=True)
    if code != expected:
        raise DemoError(f"the login with the {what} password was answered {code} and not {expected}")


def show_store(store: Path) -> None:
    """Print the store, and check that it needs no Vault secret for its dates and shows no password."""
    print(store.read_text(), flush=True)
    if "$ANSIBLE_VAULT" not in store.read_text():
        raise DemoError("the store is not encrypted")


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
        show_login(ready, "old", old_password, 235)
        before = len(events(folder))
        rotation = Rotation(folder, keys, ready)
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
        show_login(ready, "old", old_password, 535)
        show_login(ready, "new", rotation.password(), 235)
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


def _interrupted(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


def main() -> int:
    """Run the demonstration and clean up after it, however it ends."""
    # Also where the shell that started it in the background had Ctrl-C ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupted)
    try:
        with tempfile.TemporaryDirectory(prefix="mailops-demo-") as folder:
            show(Path(folder))
    except KeyboardInterrupt:
        print("\nStopped, with everything that it had started.", file=sys.stderr)
        return 130
    except DemoError as error:
        print(f"\nThe demonstration failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
