# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What all demonstrations have: headings, the user's side of a rotation, and an end that leaves nothing behind."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shlex
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from support.mail import try_login

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


class DemoError(Exception):
    """Something did not go as the demonstration promises."""


def heading(number: int, text: str, detail: str = "") -> None:
    """Print a step's heading and what it shows.

    :param number: of the step
    :param text: the heading
    :param detail: what it shows
    """
    print(f"\n\033[1m== {number}. {text}\033[0m", flush=True)
    if detail:
        print(textwrap.fill(detail, 110), flush=True)


def end(process: subprocess.Popen[bytes]) -> None:
    """Have a playbook end its own processes, and end it.

    A signal that comes while it starts a process can be lost in it, so it is told more than once.

    :param process: the playbook's
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
    """The user's side: a store, a Vault password, variables, and the commands that a user types.

    :param folder: an empty one
    :param keys: environment variables with the provider's keys
    :param variables: of the role, beside those that every demonstration sets
    :param playbook: what is run, by its path in the repository
    """

    def __init__(self, folder: Path, keys: Mapping[str, str], variables: Mapping[str, Any], playbook: str) -> None:
        self.store = folder / "smtp.yml"
        self._vault_password = folder / "vault-password"
        self._vault_password.touch(mode=0o600)
        self._vault_password.write_text(secrets.token_urlsafe(24) + "\n")
        self._variables = folder / "rotation.json"
        self._variables.write_text(json.dumps({**variables, **self._settings()}, indent=2))
        self._playbook = ROOT / playbook
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

    def _settings(self) -> dict[str, Any]:
        return {
            "smtp_rotation_vault_file": str(self.store),
            # As long as the demonstration, also in a container.
            "smtp_rotation_store_survives": True,
            "smtp_rotation_progress_interval": 5,
            "smtp_rotation_test_sender": "rotation@acme.example",
            "smtp_rotation_test_recipient": "postmaster@acme.example",
        }

    def show_settings(self) -> None:
        """Print the variables that the playbook is run with."""
        print(self._variables.read_text(), flush=True)

    def play(self, *arguments: str) -> None:
        """Run the playbook, as a user does.

        :param arguments: more of them
        """
        command = [str(BIN / "ansible-playbook"), str(self._playbook), *arguments]
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

    def password(self, account: str) -> str:
        """Return the stored password, decrypted by Ansible itself: from 2.22 on it shows a secret only encoded.

        :param account: whose
        """
        command = [str(BIN / "ansible"), "localhost", "-m", "ansible.builtin.debug", "-e", f"@{self.store}"]
        command += ["-a", f"msg={{{{ smtp_accounts['{account}'].password | b64encode }}}}"]
        command += ["--vault-password-file", str(self._vault_password)]
        environment = {**self._environment, "ANSIBLE_NOCOLOR": "1"}
        shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
        answer: dict[str, str] = json.loads(shown[shown.index("{") :])
        return base64.b64decode(answer["msg"]).decode()


def show_login(place: Mapping[str, Any], account: str, password: str, what: str, expected: int) -> None:
    """Log in once, and print what the server says.

    :param place: where the server is: smtp_host, smtp_port and ca_path
    :param account: the user name
    :param password: its password
    :param what: what the password is called
    :param expected: the code of the answer
    """
    code, text = try_login(place["smtp_host"], place["smtp_port"], account, password, place["ca_path"])
    print(f"  login with the {what}: {code} {text.decode(errors='replace')}", flush=True)
    if code != expected:
        raise DemoError(f"the login with the {what} was answered {code} and not {expected}")


def show_store(store: Path) -> None:
    """Print the store, and check that it needs no Vault secret for its dates and shows no password.

    :param store: its path
    """
    print(store.read_text(), flush=True)
    if "$ANSIBLE_VAULT" not in store.read_text():
        raise DemoError("the store is not encrypted")


def _interrupted(number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt(signal.Signals(number).name)


def run(show: Callable[[Path], None]) -> int:
    """Run a demonstration and clean up after it, however it ends.

    :param show: what it shows, in an empty folder
    """
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
