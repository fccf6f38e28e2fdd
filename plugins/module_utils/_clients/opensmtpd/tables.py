# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the logins into the tables of OpenSMTPD, and tells what could keep smtpd from reading them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd import secrets_text
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.daemon import closed_folder, is_readable
from ansible_collections.mailops.smtp.plugins.module_utils._clients.opensmtpd.setup import Use, text_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Job
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError


def put(path: str, text: str, access: files.Access | None) -> None:
    """Write a file whole.

    :param path: of the file
    :param text: what is to be in it
    :param access: who may do what with it, None for its owner only
    """
    real = files.real_path(path)
    with files.locked(os.path.dirname(real)):
        files.remove_stale(real)
        files.write(real, text.encode("utf-8", "surrogateescape"), access or files.Access(0, 0, files.CLOSED))


def deploy(path: str, uses: Sequence[Use], user: tuple[int, int] | None, job: Job) -> bool:
    """Write the logins of one table, and tell whether that changed anything.

    :param path: of the table
    :param uses: the logins of all tables
    :param user: who reads the table while smtpd runs, None if that is not known
    :param job: what the verb works with
    """
    before = text = text_of(path)
    for use in uses:
        if use.table.path == path:
            text = secrets_text.merged(text, use.label, use.login.username, use.login.password)
    access = files.access_of(path)
    # At its start, smtpd reads tables as root; later, to read them again, as a user of its own.
    if access and user and not is_readable(path, user):
        access = files.Access(access.uid, user[1], access.mode | 0o040)
    changed = text != before or access != files.access_of(path)
    if changed and not job.check_mode:
        put(path, text, access)
    return changed


def check_folders(uses: Sequence[Use], user: tuple[int, int] | None) -> None:
    """Refuse a table that smtpd cannot read again.

    :param uses: the logins of all tables
    :param user: who reads the table while smtpd runs, None if that is not known
    :raises InputError: if there is one
    """
    for use in uses:
        folder = closed_folder(os.path.realpath(use.table.path), user) if user else ""
        if folder:
            raise InputError(
                f"smtpd could not read {use.table.path} again, since its user may not enter {folder}: make that folder "
                "0711 or 0755"
            )


def notes(uses: Sequence[Use], job: Job, *, paused: bool) -> Iterator[str]:
    """Return what a user should know.

    :param uses: the logins of all tables
    :param job: what the verb works with
    :param paused: whether somebody paused all outgoing mail
    """
    if paused:
        yield "All outgoing mail of smtpd is paused (smtpctl pause mta); it is no longer after the restart for a hold."
    if all(relay.port != job.port for use in uses for relay in use.relays):
        yield f"smtpd sends to port {uses[0].relays[0].port} of {job.host}, not to {job.port}."
    for path in dict.fromkeys(use.table.path for use in uses):
        access = files.access_of(path)
        if access and access.mode & 0o004:
            yield f"Everybody on this host can read {path}: give it the group of smtpd's user and the mode 0640."
