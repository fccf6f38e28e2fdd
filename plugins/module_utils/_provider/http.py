# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The only file that speaks HTTP: one request, one response of limited size, no redirects, no retries."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from ansible_collections.mailops.smtp.plugins.module_utils._addresses import is_loopback
from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Reply
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection, Request
from ansible_collections.mailops.smtp.plugins.module_utils._provider.placeholders import fill, fill_path
from ansible_collections.mailops.smtp.plugins.module_utils._trust import check_as_every_python

if TYPE_CHECKING:
    import requests
    from requests.adapters import HTTPAdapter

LARGEST_ANSWER = 8 * 1024 * 1024
CHUNK = 64 * 1024
T = TypeVar("T")


class NoAnswer(Exception):
    """The connection failed or timed out: the request may or may not have been processed."""


class Untrusted(Exception):
    """The server's certificate cannot be verified: nothing was sent."""


class Client:
    """Calls one provider's API. Not thread-safe."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._session: requests.Session | None = None

    def send(self, request: Request, values: Mapping[str, str]) -> Reply:
        """Send one request and return the response.

        :param request: the call, with placeholders
        :param values: the value of each placeholder
        :raises NoAnswer: if no complete response came in time
        :raises Untrusted: if the server's certificate cannot be verified
        """
        session = self._session or self._new_session()
        self._session = None
        reply = within(self._connection.timeout, lambda: self._exchange(session, request, values))
        # Keep the session only after a complete exchange. Otherwise the next account could read this one's response,
        # which may still arrive late or follow a 1xx.
        if reply.status >= 200:
            self._session = session
        return reply

    def _new_session(self) -> requests.Session:
        # Imported here, because it is slow and most tasks find nothing to do.
        import requests

        check_authorities(self._connection.verify)
        session = requests.Session()
        if isinstance(self._connection.verify, str):
            session.mount("https://", _adapter())
        session.auth = self._authenticate
        session.headers["User-Agent"] = "mailops.smtp"
        session.headers["Accept"] = "application/json"
        return session

    def _authenticate(self, prepared: Any) -> Any:
        """Set the credentials. Used as C(auth), because requests would let a .netrc replace a plain header."""
        definition, credentials = self._connection.definition, self._connection.credentials
        prepared.headers.update(fill(definition.headers, credentials))
        if definition.basic is not None:
            from requests.auth import HTTPBasicAuth

            basic = fill(definition.basic, credentials)
            prepared = HTTPBasicAuth(basic["username"].encode(), basic["password"].encode())(prepared)
        return prepared

    def _proxies(self) -> dict[str, str]:
        """Bypass the environment's proxies for clear text, which must not leave this machine."""
        url = urlsplit(self._connection.definition.api_url)
        host = url.hostname or ""
        return {"no_proxy": host} if url.scheme == "http" and is_loopback(host) else {}

    def _exchange(self, session: requests.Session, request: Request, values: Mapping[str, str]) -> Reply:
        import requests

        known = {**self._connection.settings, **self._connection.credentials, **values}
        body = None if request.body is None else fill(request.body, known)
        try:
            with session.request(
                request.method,
                self._connection.definition.api_url + fill_path(request.path, known),
                params=fill(request.query, known),
                headers=fill(request.headers, known),
                json=body if request.encoding == "json" else None,
                data=body if request.encoding == "form" else None,
                timeout=self._connection.timeout,
                # Not set on the session, where REQUESTS_CA_BUNDLE would replace ca_path.
                verify=self._connection.verify,
                proxies=self._proxies(),
                allow_redirects=False,
                stream=True,
            ) as response:
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status_code, headers, _bounded_text(response))
        except requests.RequestException as error:
            raise translated(error) from error
        except OSError as error:
            raise NoAnswer(type(error).__name__) from error


def _adapter() -> HTTPAdapter:
    """Return what opens connections to a server of which ca_path names the authority."""
    from requests.adapters import HTTPAdapter
    from urllib3.util.ssl_ import create_urllib3_context

    context = create_urllib3_context()
    check_as_every_python(context)

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **options: Any) -> None:
            super().init_poolmanager(*args, ssl_context=context, **options)

        def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
            return super().proxy_manager_for(proxy, ssl_context=context, **options)

    return Adapter()


def check_authorities(verify: bool | str) -> None:
    """Refuse a ca_path that cannot be used, before anything is sent.

    :param verify: as in requests
    :raises Untrusted: saying why it cannot
    """
    if isinstance(verify, str):
        try:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(**{"capath" if os.path.isdir(verify) else "cafile": verify})
        except (OSError, ssl.SSLError) as error:
            why = "it contains no certificate" if isinstance(error, ssl.SSLError) else str(error.strerror)
            raise Untrusted(f"ca_path cannot be used: {why}") from error


def _bounded_text(response: requests.Response) -> str:
    """Return the body; an unreasonably large one counts as no answer."""
    received = bytearray()
    try:
        for chunk in response.iter_content(CHUNK):
            received += chunk
            if len(received) > LARGEST_ANSWER:
                raise NoAnswer(f"the answer is larger than {LARGEST_ANSWER // 1024 // 1024} MiB")
    except ValueError as error:
        # Raised by Python itself, for a chunk of negative length.
        raise NoAnswer("the answer is malformed") from error
    return received.decode("utf-8", "replace")


def translated(error: Exception) -> Exception:
    """Return our exception for one of a library, without its text, which can contain the request.

    :param error: what the library raised
    """
    cause: BaseException | None = error
    chain = []
    while cause is not None and cause not in chain:
        chain.append(cause)
        reason = getattr(cause, "reason", None) or next(iter(getattr(cause, "args", ())), None)
        cause = reason if isinstance(reason, BaseException) else cause.__cause__ or cause.__context__
    for link in chain:
        if isinstance(link, ssl.SSLCertVerificationError):
            # What urllib3 1.x raises for a wrong host name lacks OpenSSL's words.
            return Untrusted(getattr(link, "verify_message", "") or "it is for another host name")
    names = {type(link).__name__ for link in chain}
    if "CertificateError" in names:
        return Untrusted("it is for another host name")
    for name, words in _REASONS.items():
        if name in names:
            return NoAnswer(words)
    return NoAnswer(f"the connection failed ({type(error).__name__})")


_REASONS = {
    "ProxyError": "the proxy failed",
    "NameResolutionError": "the API's host name cannot be resolved",
    "gaierror": "the API's host name cannot be resolved",
    "ConnectionRefusedError": "the connection was refused",
    "ConnectTimeoutError": "the connection timed out",
    "ConnectTimeout": "the connection timed out",
    "ReadTimeoutError": "no answer in time",
    "ReadTimeout": "no answer in time",
    "ConnectionResetError": "the connection was reset",
    "BrokenPipeError": "the connection was lost",
    "RemoteDisconnected": "the connection was closed without an answer",
    "IncompleteRead": "the connection was lost in the middle of the answer",
    "ResponseParserError": "the answer is malformed",
    "SSLError": "the TLS connection failed",
}


def within(seconds: float, call: Callable[[], T]) -> T:
    """Return what a call returns, or give up after some time, whatever the call is waiting for.

    A library's timeouts limit a single read each, so a server that sends a byte now and then would never be cut off.

    :param seconds: the time limit
    :param call: the function to call; if it is late, its thread keeps running and the result is discarded
    :raises NoAnswer: if it takes longer
    """
    outcome: list[T] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(call())
        except BaseException as error:  # noqa: BLE001  (raised again in the caller's thread)
            failure.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    if failure:
        raise failure[0]
    if not outcome:
        raise NoAnswer(f"no complete answer within {seconds:g} seconds")
    return outcome[0]
