# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Amazon on this machine: moto's IAM, and an SMTP server that accepts the access keys that IAM has."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import io
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl

from moto import settings
from moto.core.authorization import ActionAuthenticatorMixin
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.iam.models import AccessKey, IAMBackend, iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from standin.accounts import AccountStore, LoginOutcome
from standin.certificates import Kind, write_certificates
from standin.record import Record
from standin.submission import Mailroom, Message, SubmissionOptions, SubmissionServer
from werkzeug.serving import make_server

REGION = "eu-west-1"
ONE, TWO = "ses-one", "ses-two"
THROTTLED = (
    b'<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>'
    b"<Code>Throttling</Code><Message>Rate exceeded</Message></Error><RequestId>r-1</RequestId></ErrorResponse>"
)
logging.getLogger("werkzeug").setLevel(logging.ERROR)


def smtp_password(secret: str, region: str = REGION) -> str:
    """Return the SMTP password of a secret access key, by the algorithm that AWS publishes."""

    def signed(key: bytes, text: str) -> bytes:
        return hmac.new(key, text.encode("utf-8"), hashlib.sha256).digest()

    dated = signed(("AWS4" + secret).encode("utf-8"), "11111111")
    terminal = signed(signed(signed(dated, region), "ses"), "aws4_request")
    return base64.b64encode(bytes([0x04]) + signed(terminal, "SendRawEmail")).decode("ascii")


class _Logins(AccountStore):
    """Accepts the ID of an active access key with the password that belongs to its secret key."""

    def __init__(self, backend: IAMBackend) -> None:
        super().__init__()
        self._backend = backend

    def check(self, username: str, password: str, now: float | None = None) -> LoginOutcome:
        key = self._backend.access_keys.get(username)
        if key is None or key.status != "Active" or key not in self._backend.list_access_keys(str(key.user_name)):
            return LoginOutcome(False, "wrong", False)
        if not hmac.compare_digest(smtp_password(key.secret_access_key), password):
            return LoginOutcome(False, "wrong", False)
        age = (time.time() if now is None else now) - key.create_date.timestamp()
        return LoginOutcome(age >= self.propagation, "current", age < self.propagation)


class Iam:
    """IAM with users who have no access keys yet, and the SMTP server of one region; a context manager.

    C(faults) has, by operation, what happens to the next calls: C(throttle), which does nothing, or C(lose), which
    does it and gives no answer.

    :param folder: for the certificates, and for the record if it is to be a file
    :param users: the names of the users
    :param propagation: seconds until a new key can log in
    :param certificate: of the API, which has no TLS without one
    """

    def __init__(
        self,
        folder: Path,
        users: Iterable[str] = (ONE, TWO),
        *,
        propagation: float = 0.0,
        certificate: Kind | None = None,
    ) -> None:
        self._backend: IAMBackend = iam_backends[DEFAULT_ACCOUNT_ID]["aws"]
        self._backend.reset()
        for user in users:
            self._backend.create_user("us-east-1", user)
        self.faults: dict[str, list[str]] = {}
        self.record = Record()
        self.options = SubmissionOptions()
        certificates = write_certificates(folder, kind=certificate or "trusted")
        self.ca_path = str(certificates.ca_path)
        self._tls = certificates.server_context() if certificate else None
        logins = _Logins(self._backend)
        logins.propagation = propagation
        self._mailroom = Mailroom(logins, self.record, self.options)
        self._mail = SubmissionServer(self._mailroom, certificates.server_context())
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._api = make_server("127.0.0.1", 0, self._answer, threaded=True, ssl_context=self._tls)
        self._thread = threading.Thread(target=self._api.serve_forever, daemon=True)

    @property
    def api_url(self) -> str:
        """The API's address."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._api.server_port}"

    @property
    def smtp_host(self) -> str:
        """Where the SMTP server is."""
        return "127.0.0.1"

    @property
    def smtp_port(self) -> int:
        """The port with STARTTLS."""
        return self._mail.ports["starttls"]

    @property
    def messages(self) -> list[Message]:
        """The messages that were accepted."""
        return list(self._mailroom.messages)

    def keys(self, user: str) -> list[AccessKey]:
        """Return a user's access keys, the oldest first."""
        return list(self._backend.list_access_keys(user))

    def ids(self, user: str) -> list[str]:
        """Return the IDs of a user's access keys, the oldest first."""
        return [key.access_key_id for key in self.keys(user)]

    def make_key(self, user: str) -> AccessKey:
        """Give a user another access key, as somebody else does."""
        return self._backend.create_access_key(user)

    def delete_key(self, user: str, key_id: str) -> None:
        """Delete an access key, as somebody else does."""
        self._backend.delete_access_key(key_id, user)

    def calls(self, operation: str | None = None) -> list[str]:
        """Return the operations that were asked for, or those of one kind."""
        return [event["operation"] for event in self.record.api_calls(operation)]

    @contextlib.contextmanager
    def checked(self, *actions: str) -> Iterator[dict[str, str]]:
        """Have IAM check keys and permissions, and yield the keys of somebody who may do no more than these actions."""
        self._backend.create_user("us-east-1", "rotation")
        key = self.make_key("rotation")
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": [*actions], "Resource": "*"}]}
        self._backend.put_user_policy("rotation", "rotation", json.dumps(policy))
        settings.INITIAL_NO_AUTH_ACTION_COUNT, ActionAuthenticatorMixin.request_count = 0, 0
        try:
            yield {"access_key": key.access_key_id, "secret_key": key.secret_access_key}
        finally:
            settings.INITIAL_NO_AUTH_ACTION_COUNT = float("inf")

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = io.BytesIO(body)
        asked: Mapping[str, str] = dict(parse_qsl(body.decode()))
        operation = asked.get("Action", "")
        fault = self.faults.get(operation, [])[:1]
        del self.faults.get(operation, [])[:1]
        begun: list[tuple[str, Any]] = []
        if fault == ["throttle"]:
            begun, answer = [("400 Bad Request", [("Content-Type", "text/xml")])], [THROTTLED]
        else:
            answer = list(self._moto(environ, lambda status, headers, *_more: begun.append((status, headers))))
        known = {"account": asked.get("UserName"), "id": asked.get("AccessKeyId"), "agent": environ["HTTP_USER_AGENT"]}
        self.record.add("api", operation=operation, status=int(begun[0][0][:3]), fault=fault[:1], **known)
        if fault == ["lose"]:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError
        start_response(*begun[0])
        return answer

    def start(self) -> Iam:
        """Listen on every port."""
        self._mail.start()
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close every port and leave no thread."""
        self._mail.stop()
        self._api.shutdown()
        self._thread.join()
        self._api.server_close()

    def __enter__(self) -> Iam:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
