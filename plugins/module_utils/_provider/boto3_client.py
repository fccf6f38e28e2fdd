# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries calls through boto3, which signs them and finds the keys where its users keep them.

The path of a request is C(/SERVICE/OPERATION), both as boto3 names them, and its body has the operation's parameters.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Reply
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Request
from ansible_collections.mailops.smtp.plugins.module_utils._provider.http import (
    Untrusted,
    check_authorities,
    translated,
    within,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import fill

# Of the keys, what boto3's session calls them. If none is given, boto3 looks for them.
KEYS = {
    "access_key": "aws_access_key_id",
    "secret_key": "aws_secret_access_key",
    "session_token": "aws_session_token",
}


class _Unusable(Exception):
    """No call can be made, with these keys or at all. C(code): what boto3 calls the reason."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.code = type(error).__name__


class Boto3Client:
    """Calls one provider's API. Not thread-safe.

    :param connection: the provider and how to reach it
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._clients: dict[str, Any] = {}

    def send(self, request: Request, values: Mapping[str, str]) -> Reply:
        """Send one request and return the response.

        :param request: the call, with placeholders
        :param values: the value of each placeholder
        :raises NoAnswer: if no complete response came in time
        :raises Untrusted: if the server's certificate cannot be verified
        """
        service, _slash, operation = request.path.strip("/").partition("/")
        known = {**self._connection.settings, **self._connection.credentials, **values}
        parameters = fill(request.body or {}, known)
        return within(self._connection.timeout, lambda: self._called(service, operation, parameters))

    def _called(self, service: str, operation: str, parameters: Mapping[str, Any]) -> Reply:
        from botocore.exceptions import ClientError, NoCredentialsError, ParamValidationError

        try:
            return _reply(self._operation(service, operation)(**parameters))
        except ClientError as error:
            return _reply(error.response)
        except (_Unusable, NoCredentialsError) as error:
            return _not_sent(403, error)
        except ParamValidationError as error:
            return _not_sent(400, error)
        except Untrusted:
            raise
        # What else boto3 and its parser raise has no class in common.
        except Exception as error:
            raise translated(error) from error

    def _operation(self, service: str, operation: str) -> Callable[..., Mapping[str, Any]]:
        found: Callable[..., Mapping[str, Any]] | None = getattr(self._client(service), operation, None)
        if found is None:
            raise _Unusable(LookupError(f"boto3 has no operation {operation} of {service}"))
        return found

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._new_client(service)
        return self._clients[service]

    def _new_client(self, service: str) -> Any:
        # Imported here, because it is slow, and only some providers need it.
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        connection = self._connection
        check_authorities(connection.verify)
        if isinstance(connection.verify, str) and os.path.isdir(connection.verify):
            raise Untrusted("ca_path is a directory, but boto3 needs a file")
        given = _keys(connection.credentials)
        url = connection.definition.api_url
        config = Config(
            connect_timeout=connection.timeout,
            read_timeout=connection.timeout,
            # Whether a call is made again is decided elsewhere.
            retries={"max_attempts": 0},
            # What is not encrypted stays on this machine.
            proxies={} if url.startswith("http:") else None,
            user_agent_extra="mailops.smtp",
        )
        # With None, what boto3's own settings say of certificates holds.
        verify = None if connection.verify is True else connection.verify
        try:
            session = boto3.session.Session(**given, region_name=connection.settings.get("region"))
            keys = session.get_credentials()
            if keys is not None:
                # Where they are fetched over the network, this is when.
                keys.get_frozen_credentials()
            return session.client(service, endpoint_url=url or None, verify=verify, config=config)
        except (BotoCoreError, ValueError) as error:
            raise _Unusable(error) from error


def _keys(credentials: Mapping[str, str]) -> dict[str, str]:
    """Return the keys as boto3 names them. It would take half of them, and sign with nothing."""
    from botocore.exceptions import PartialCredentialsError

    given = {name: value for name, value in credentials.items() if name in KEYS and value}
    for name in ("access_key", "secret_key"):
        if given and name not in given:
            raise _Unusable(PartialCredentialsError(provider="the options or the environment", cred_var=name))
    return {KEYS[name]: value for name, value in given.items()}


def _not_sent(status: int, error: Exception) -> Reply:
    """Return what stands for a response where nothing was sent."""
    code = error.code if isinstance(error, _Unusable) else type(error).__name__
    return Reply(status, {}, json.dumps({"Error": {"Code": code, "Message": str(error)}}))


def _reply(answer: Mapping[str, Any]) -> Reply:
    """Return what boto3 has made of a response as a response again."""
    meta = answer.get("ResponseMetadata", {})
    headers = {str(name).lower(): str(value) for name, value in meta.get("HTTPHeaders", {}).items()}
    body = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    body["RequestId"] = meta.get("RequestId") or headers.get("x-amzn-requestid", "")
    return Reply(int(meta.get("HTTPStatusCode", 0)), headers, json.dumps(body, default=str))
