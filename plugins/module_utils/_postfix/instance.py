# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Talks to the Postfix of this machine: its settings, its processes, its commands."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

# Where to look for Postfix's commands, beside the path of the user who runs the module.
_FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/opt/local/sbin")
_SECONDS = 120.0


class PostfixError(Exception):
    """Postfix did not do what was asked of it.

    :param in_flight: how many deliveries were still under way
    """

    def __init__(self, message: str, *, in_flight: int = 0) -> None:
        super().__init__(message)
        self.in_flight = in_flight


@dataclass(frozen=True)
class Answer:
    """What a command printed, which can contain a password, and its exit status."""

    code: int
    output: str = field(repr=False)
    errors: str = field(repr=False)


class Postfix:
    """One instance of Postfix.

    :param config_directory: the folder of its main.cf, None for Postfix's own default
    :raises InputError: if there is no such instance
    """

    def __init__(self, config_directory: str | None) -> None:
        self._bin = _command_directory()
        self._options: tuple[str, ...] = ()
        if config_directory and not os.path.isabs(config_directory):
            raise InputError(
                "config_directory must be the absolute path of one instance's folder, such as /etc/postfix-out. A host "
                "with several instances needs one task for each; with the role, one host in the inventory for each, "
                "with the same ansible_host and its own smtp_rotation_postfix_config_directory"
            )
        self.config_directory = config_directory or self.setting("config_directory")
        self._options = ("-c", self.config_directory)
        self.main_cf = os.path.join(self.config_directory, "main.cf")
        if not os.path.isfile(self.main_cf):
            raise InputError(f"there is no {self.main_cf}: set config_directory to the folder of Postfix's main.cf")
        self.queue = self.setting("queue_directory")
        self._daemons = self.setting("daemon_directory")

    def call(self, command: str, *arguments: str, given: str = "") -> Answer:
        """Run one of Postfix's commands for this instance.

        :param command: its name
        :param arguments: its arguments, after the one that names the instance
        :param given: its standard input
        """
        whole = [self._path(command), *self._options, *arguments]
        # Not run_command, which has no time limit: a command that hangs would keep the mail on hold without a word.
        # pylint: disable-next=ansible-bad-function
        done = subprocess.run(  # noqa: S603  (nothing here comes from outside of this host)
            whole,
            input=given.encode("utf-8", "surrogateescape"),
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
        texts = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
        return Answer(done.returncode, *texts)

    def _path(self, command: str) -> str:
        return os.path.join(self._daemons if command == "master" else self._bin, command)

    def setting(self, name: str) -> str:
        """Return the value of a parameter of main.cf, its macros expanded.

        :raises InputError: if Postfix cannot read its configuration
        """
        answer = self.call("postconf", "-xh", name)
        if answer.code != 0:
            raise InputError(f"postconf cannot read {name}: {_last_line(answer.errors)}")
        return answer.output.strip()

    def command_of(self, service: str) -> str | None:
        """Return the program behind a service of type unix in master.cf, None if there is no such service."""
        for line in self.call("postconf", "-M", f"{service}/unix").output.splitlines():
            words = line.split()
            if words[:2] == [service, "unix"] and len(words) > _COMMAND_FIELD:
                return words[_COMMAND_FIELD]
        return None

    def transports(self) -> list[str]:
        """Return the services of type unix that deliver over SMTP."""
        lines = (line.split() for line in self.call("postconf", "-M").output.splitlines())
        return [
            words[0]
            for words in lines
            if len(words) > _COMMAND_FIELD and words[1] == "unix" and words[_COMMAND_FIELD] in ("smtp", "lmtp")
        ]

    def map_types(self) -> list[str]:
        """Return the types of lookup tables that are installed."""
        return self.call("postconf", "-m").output.split()

    def running(self) -> bool:
        """Tell whether Postfix runs."""
        # With -t, 0 means that nobody holds the lock. `postfix status` would write into the mail log at each call.
        return self.call("master", "-t").code != 0

    def reload(self) -> None:
        """Make Postfix read its configuration again; deliveries under way continue.

        :raises PostfixError: if it does not
        """
        # A file, not a pipe: the command leaves a process behind that would keep the pipe open.
        with tempfile.TemporaryFile() as errors:
            whole = [self._path("postfix"), *self._options, "reload"]
            # pylint: disable-next=ansible-bad-function
            done = subprocess.run(  # noqa: S603
                whole, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, check=False, timeout=_SECONDS
            )
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace")
        if done.returncode != 0:
            raise PostfixError(f"postfix reload failed: {_last_line(said) or 'its reason is in the mail log'}")

    def processes(self, service: str) -> set[int]:
        """Return the processes that serve a service of type unix at this moment."""
        master = self._master()
        if master is None:
            return set()
        numbers = (int(name) for name in os.listdir("/proc") if name.isdigit())
        return {number for number in numbers if _parent(number) == master and _service(number) == service}

    def _master(self) -> int | None:
        try:
            with open(os.path.join(self.queue, "pid", "master.pid"), encoding="ascii") as file:
                return int(file.read())
        except (OSError, ValueError):
            return None


# The fields of master.cf: service, type, private, unprivileged, chroot, wakeup, maximum, command.
_COMMAND_FIELD = 7


def _command_directory() -> str:
    path = os.pathsep.join([os.environ.get("PATH", ""), *_FOLDERS])
    found = shutil.which("postconf", path=path)
    if found is None:
        raise InputError("Postfix is not installed on this host: there is no postconf")
    return os.path.dirname(found)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def _parent(process: int) -> int | None:
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            # After the name, which can contain anything: state, parent.
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError):
        return None


def _service(process: int) -> str | None:
    try:
        with open(f"/proc/{process}/cmdline", "rb") as file:
            return service_of(file.read().decode("utf-8", "replace").split("\0")[:-1])
    except OSError:
        return None


def service_of(arguments: Sequence[str]) -> str | None:
    """Return the service of type unix that a process of Postfix serves, None for any other process.

    The master passes the service's name with -n if it differs from its program's, then the type with -t; the user's own
    arguments follow.

    :param arguments: the process's command line
    """
    if "-t" not in arguments:
        return None
    kind = list(arguments).index("-t")
    if arguments[kind + 1 : kind + 2] != ["unix"]:
        return None
    before = list(arguments[:kind])
    return before[before.index("-n") + 1] if "-n" in before else os.path.basename(before[0])
