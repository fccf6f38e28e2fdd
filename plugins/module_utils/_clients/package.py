# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The version of an installed package."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.module_utils._clients.commands import call, path_of

_QUERIES = {"dpkg-query": ("-W", "-f", "${Version}"), "rpm": ("-q", "--qf", "%{VERSION}-%{RELEASE}")}


def version_of(package: str) -> str:
    """Return the version that the package manager knows, empty if none does.

    :param package: its name
    """
    for command, query in _QUERIES.items():
        path = path_of(command)
        answer = call(path, *query, package) if path else None
        if answer and answer.code == 0:
            return answer.output.strip()
    return ""
