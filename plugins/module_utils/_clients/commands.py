# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the commands of mail programs, with a time limit."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

# Where to look for commands, beside the path of the user who runs the module.
FOLDERS = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/usr/bin", "/usr/local/bin", "/bin")
_SECONDS = 120.0


@dataclass(frozen=True)
class Answer:
    """What a command printed, which can contain a password, and its exit status."""

    code: int
    output: str = field(repr=False)
    errors: str = field(repr=False)


def path_of(command: str) -> str | None:
    """Return where a command is, None if it is not installed.

    :param command: its name
    """
    return shutil.which(command, path=os.pathsep.join((os.environ.get("PATH", ""), *FOLDERS)))


def call(
    command: str,
    *arguments: str,
    given: str = "",
    seconds: float = _SECONDS,
    environment: Mapping[str, str] | None = None,
) -> Answer:
    """Run a command to its end.

    :param command: its path
    :param arguments: its arguments
    :param given: its standard input
    :param seconds: how long it may take
    :param environment: its environment, None for that of the module
    :raises subprocess.TimeoutExpired: if it takes longer
    """
    # Not run_command, which has no time limit: a command that hangs would keep the mail on hold without a word.
    # pylint: disable-next=ansible-bad-function
    done = subprocess.run(  # noqa: S603  (nothing here comes from outside of this host)
        [command, *arguments],
        input=given.encode("utf-8", "surrogateescape"),
        capture_output=True,
        check=False,
        timeout=seconds,
        env=environment,
    )
    texts = (text.decode("utf-8", "surrogateescape") for text in (done.stdout, done.stderr))
    return Answer(done.returncode, *texts)
