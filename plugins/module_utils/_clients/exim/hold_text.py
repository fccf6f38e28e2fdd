# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds a transport of Exim, as text of its configuration, and how it is removed again. Pure: no I/O.

A message's size is compared with the transport's limit before anything connects, in every delivery, however it is asked
for; a limit that is not a number puts the message off, without a note in the database of retries. One message is let
through: the one whose ID a macro of the command line names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# Macros of the command line, which only root may set without losing privileges.
MESSAGE, SENDER = "MAILOPS_SMTP_PROOF", "MAILOPS_SMTP_SENDER"
REASON = "held by mailops.smtp"
LIMIT = f"${{if eq{{$message_exim_id}}{{{MESSAGE}}}{{0}}{{{REASON}}}}}"
# The message is sent by nobody, so that it cannot bounce; the relay is told the sender. It never goes without a login.
_OPTIONS = {"message_size_limit": LIMIT, "return_path": SENDER, "hosts_require_auth": "*"}
_BEGIN = "# BEGIN mailops.smtp: keeps mail for {host} in the queue; the module takes these lines out again.\n"
_END = "# END mailops.smtp\n"
# What the user had set of these options.
_PREFIX = "#mailops.smtp# "
_SECTION = re.compile(r"\s*begin\s+(\w+)\s*\n?")
_DRIVER = re.compile(r"\s*driver\s*=\s*\w+\s*\n")
_OURS = re.compile(rf"\s*(?:hide\s+)?(?:{'|'.join(_OPTIONS)})\s*=")
_NAME = re.compile(r"\s*([A-Za-z0-9_]+)\s*:\s*\n?")
TRANSPORTS = "transports"


def held(text: str, transports: Sequence[str], host: str, *, section: str = "main") -> str:
    """Return the text with these transports on hold.

    :param text: of a configuration file without a hold for this host
    :param transports: their names; those that are not in the text are left out
    :param host: the provider's server
    :param section: what the file begins with
    """
    block = [_BEGIN.format(host=host), *(f"  {name} = {value}\n" for name, value in _OPTIONS.items()), _END]
    result: list[str] = []
    hides = False
    for line, place in _placed(text, section):
        ours = place in transports
        hides = ours and (hides or bool(_OURS.match(line)))
        result.append(_PREFIX + line if hides else line)
        # A value goes on in the next line after a backslash, whatever comments are between.
        hides = hides and (_is_comment(line) or line.rstrip().endswith("\\"))
        if ours and _DRIVER.fullmatch(line):
            result += block
    return "".join(result)


def released(text: str, host: str, *, section: str = "main") -> str:
    """Return the text without a hold.

    :param text: of a configuration file
    :param host: the provider's server
    :param section: what the file begins with
    """
    begin = _BEGIN.format(host=host)
    ours: set[str] = set()
    kept: list[tuple[str, str]] = []
    inside = False
    for line, place in _placed(text, section):
        if line == begin:
            inside = True
            ours.add(place)
        if not inside:
            kept.append((line, place))
        inside = inside and line != _END
    if inside:
        # The end is gone: somebody edited the lines. Nothing is guessed.
        return text
    return "".join(line[len(_PREFIX) :] if place in ours and line.startswith(_PREFIX) else line for line, place in kept)


def on_hold(text: str, host: str, *, section: str = "main") -> set[str]:
    """Return the transports that the text has on hold.

    :param text: of a configuration file
    :param host: the provider's server
    :param section: what the file begins with
    """
    return {place for line, place in _placed(text, section) if line == _BEGIN.format(host=host)}


def has_hold(text: str) -> bool:
    """Tell whether the text has a hold, for whichever provider.

    :param text: of a configuration file
    """
    return _BEGIN.partition("{host}")[0] in text


def names(text: str, section: str = "main") -> set[str]:
    """Return the transports that a configuration file has and that can be held.

    :param text: of the file
    :param section: what it begins with
    """
    return {place for line, place in _placed(text, section) if place and _DRIVER.fullmatch(line)}


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _placed(text: str, section: str) -> list[tuple[str, str]]:
    """Return the lines, each with the transport that it belongs to, an empty text for none."""
    *whole, rest = text.split("\n")
    found: list[tuple[str, str]] = []
    place = ""
    goes_on = False
    for line in [one + "\n" for one in whole] + ([rest] if rest else []):
        begins = _SECTION.fullmatch(line)
        name = _NAME.fullmatch(line)
        if not goes_on and begins:
            section, place = begins.group(1), ""
        elif not goes_on and name and section == TRANSPORTS:
            place = name.group(1)
        found.append((line, place))
        if not _is_comment(line):
            goes_on = line.rstrip().endswith("\\")
    return found
