# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries calls through boto3, which signs them and finds the keys where its users keep them.

The path of a request is C(/SERVICE/OPERATION), both as boto3 names them, and its body has the operation's parameters.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Reply
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Request
from ansible_collections.mailops.smtp.plugins.module_utils._provider.http import NoAnswer, Untrusted, within
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import fill

# Of the keys, what boto3's session calls them. One that is not given is found by boto3 itself.
KEYS = {
    "access_key": "aws_access_key_id",
    "secret_key": "aws_secret_access_key",
    "session_token": "aws_session_token",
    "profile": "profile_name",
}


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
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, ProfileNotFound, SSLError

        try:
            answer = getattr(self._client(service), operation)(**parameters)
        except ClientError as error:
            return _reply(error.response)
        except SSLError as error:
            raise Untrusted(type(error).__name__) from error
        except (NoCredentialsError, ProfileNotFound) as error:
            # Nothing was sent.
            body = {"Error": {"Code": type(error).__name__, "Message": str(error)}}
            return Reply(403, {}, json.dumps(body))
        except BotoCoreError as error:
            raise NoAnswer(type(error).__name__) from error
        return _reply(answer)

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._new_client(service)
        return self._clients[service]

    def _new_client(self, service: str) -> Any:
        # Imported here: it is slow, and only some providers need it.
        import boto3
        from botocore.config import Config

        connection = self._connection
        given = {KEYS[name]: value for name, value in connection.credentials.items() if name in KEYS and value}
        session = boto3.session.Session(**given, region_name=connection.settings.get("region"))
        config = Config(
            connect_timeout=connection.timeout,
            read_timeout=connection.timeout,
            # Whether a call is made again is decided elsewhere.
            retries={"total_max_attempts": 1},
            user_agent_extra="mailops.smtp",
        )
        return session.client(
            service, endpoint_url=connection.definition.api_url or None, verify=connection.verify, config=config
        )


def _reply(answer: Mapping[str, Any]) -> Reply:
    """Return what boto3 has made of a response as a response again."""
    meta = answer.get("ResponseMetadata", {})
    headers = {str(name).lower(): str(value) for name, value in meta.get("HTTPHeaders", {}).items()}
    body = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    body["RequestId"] = meta.get("RequestId", "")
    return Reply(int(meta.get("HTTPStatusCode", 0)), headers, json.dumps(body, default=str))
