# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Delivers what waited in Exim's queue because of a hold, or of a refused login. Other mail keeps its schedule."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection, Iterator, Sequence

from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim import hold_text
from ansible_collections.mailops.smtp.plugins.module_utils._clients.exim.instance import Exim

# After one refused login, Exim puts off all mail for the relay, until the time of its retry rule.
_OTHERS = "retry time not reached for any host"
_WAITS = re.compile(rf"{re.escape(hold_text.REASON)}|authenticat|after AUTH |{_OTHERS}", re.IGNORECASE)
_TRANSPORT = re.compile(r" T=(\S+)")
_FROZEN = re.compile(r"^\s*\S+\s+\S+ (\S+) <.*\*\*\* frozen \*\*\*", re.MULTILINE)
# How much of the log of a message counts.
_LAST_BYTES = 8192
_AT_ONCE = 4


def waits(log: str, transports: Collection[str], *, frozen: bool) -> bool:
    """Tell whether a message waits because of the hold or of a refused login. Pure: no I/O.

    :param log: what Exim wrote about the message
    :param transports: the names of those that were held
    :param frozen: whether it is frozen: by Exim, because a bounce was refused, or by the user, who decides himself
    """
    lines = [line for line in log.splitlines() if set(_TRANSPORT.findall(line)) & set(transports)]
    if frozen:
        lines = [line for line in lines[-1:] if hold_text.REASON not in line]
    return any(_WAITS.search(line) for line in lines)


def deliver(exim: Exim, transports: Sequence[str]) -> None:
    """Start the deliveries, and return.

    :param exim: the Exim of this host
    :param transports: the names of those that were held
    """
    if exim.setting("message_logs") == "no_message_logs":
        _start([exim.path, "-q"])
        return
    names = sorted(_waiting(exim, transports))
    for first in range(min(_AT_ONCE, len(names))):
        _start([exim.path, "-M", *names[first::_AT_ONCE]])


def _waiting(exim: Exim, transports: Sequence[str]) -> Iterator[str]:
    frozen = set(_FROZEN.findall(exim.call("-bpr").output))
    for folder, _folders, names in os.walk(os.path.join(exim.setting("spool_directory"), "msglog")):
        for name in names:
            if waits(_end_of(os.path.join(folder, name)), transports, frozen=name in frozen):
                yield name


def _end_of(path: str) -> str:
    try:
        with open(path, "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _LAST_BYTES))
            return file.read().decode("utf-8", "replace")
    except FileNotFoundError:
        return ""


def _start(command: Sequence[str]) -> None:
    # It goes on after the module has ended.
    # pylint: disable-next=ansible-bad-function
    subprocess.Popen(  # noqa: S603  (nothing here comes from outside of this host)
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
    )
