# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What carries the calls of a definition. Each transport is imported only where a definition names it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Reply
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Request


class Client(Protocol):
    """Carries calls, one after the other."""

    def send(self, request: Request, values: Mapping[str, str]) -> Reply:
        """Send one request and return the response.

        :param request: the call, with placeholders
        :param values: the value of each placeholder
        :raises NoAnswer: if no complete response came in time
        :raises Untrusted: if the server's certificate cannot be verified
        """
        raise NotImplementedError


def client_of(connection: Connection) -> Client:
    """Return what carries the calls to a provider.

    :param connection: the provider and how to reach it
    """
    return _TRANSPORTS[connection.definition.transport]()(connection)


def _http() -> Callable[[Connection], Client]:
    from ansible_collections.mailops.smtp.plugins.module_utils._provider.http import Client

    return Client


def _boto3() -> Callable[[Connection], Client]:
    from ansible_collections.mailops.smtp.plugins.module_utils._provider.boto3_client import Boto3Client

    return Boto3Client


_TRANSPORTS = {"http": _http, "boto3": _boto3}
# What has to be installed for each, on the host where the API is called.
PACKAGES = {"http": ("requests",), "boto3": ("boto3",)}
