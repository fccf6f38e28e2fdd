# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets to see a request: certificates, private certificate authorities, proxies."""

from __future__ import annotations

import socket
import ssl
import threading
import typing as t
from importlib.metadata import version
from pathlib import Path

import pytest
import requests
import urllib3

from ansible_collections.mailops.smtp.plugins.module_utils._provider.http import (
    NoAnswer,
    Untrusted,
    translated,
)
from ansible_collections.mailops.smtp.tests.unit.plugins.certificates import ADDRESS, CA, issue
from ansible_collections.mailops.smtp.tests.unit.plugins.scripted_http import (  # noqa: F401  # pylint: disable=unused-import
    CLEAN,
    KEYS,
    Serve,
    answer,
    connection_to,
    envelope,
    fixture_serve,
    make_certificate,
    put,
)

OLD_URLLIB3 = version("urllib3").startswith("1.")


@pytest.fixture(name="good", scope="session")
def fixture_good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a certificate that is in order, but that nobody knows."""
    return make_certificate(tmp_path_factory.mktemp("good"))


def test_unknown_certificate(serve: Serve, good: Path) -> None:
    """Catches: keys and password sent to a server that nobody vouches for."""
    server = serve(CLEAN, certificate=good)
    with pytest.raises(Untrusted, match=r"^self[- ]signed certificate$"):
        put(connection_to(server.url))
    server.close()
    assert server.heard == [] and len(server.steps) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"years": (2020, 2021)}, "certificate has expired"),
        ({"years": (2110, 2120)}, "certificate is not yet valid"),
        pytest.param(
            {"address": "127.0.0.2"},
            "IP address mismatch, certificate is not valid for '127.0.0.1'.",
            marks=pytest.mark.skipif(OLD_URLLIB3, reason="the test for urllib3 1.x stands below"),
        ),
    ],
)
def test_wrong_certificate_of_a_known_authority(
    serve: Serve, tmp_path: Path, options: dict[str, t.Any], words: str
) -> None:
    """Catches: a certificate that is accepted, or whose refusal counts as unknown, because its authority is known."""
    certificate = make_certificate(tmp_path, **options)
    server = serve(CLEAN, certificate=certificate)
    with pytest.raises(Untrusted) as caught:
        put(connection_to(server.url, verify=str(certificate)))
    server.close()
    assert str(caught.value) == words
    assert server.heard == []


def test_wrong_host_name_with_urllib3_1() -> None:
    """Catches: a crash where urllib3 1.x finds the wrong name: its error lacks OpenSSL's words."""
    error = ssl.SSLCertVerificationError("hostname '127.0.0.1' doesn't match '127.0.0.2'")
    found = translated(requests.exceptions.SSLError(urllib3.exceptions.SSLError(error)))
    assert isinstance(found, Untrusted)
    assert str(found) == "it is for another host name"


def test_ca_path_is_accepted(serve: Serve, good: Path) -> None:
    """Catches: a private certificate authority that is not used."""
    server = serve(CLEAN, certificate=good)
    assert put(connection_to(server.url, verify=str(good))).status == 200


@pytest.mark.parametrize("trusts", ["authority", "intermediate"])
def test_every_python_trusts_the_same(serve: Serve, tmp_path: Path, trusts: str) -> None:
    """Catches: an authority as openssl makes it, which Python 3.13 refuses, or an intermediate one, which others do."""
    issuer = issue("authority", extensions=[CA])
    if trusts == "intermediate":
        issuer = issue("intermediate", issuer, extensions=[CA])
    certificate = tmp_path / "server.pem"
    issue("server", issuer, extensions=[ADDRESS]).write(certificate)
    server = serve(CLEAN, certificate=certificate)
    assert put(connection_to(server.url, verify=issuer.write(tmp_path / "ca.pem"))).status == 200


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_without_verification(serve: Serve, good: Path) -> None:
    """Catches: validate_certs=false without effect."""
    assert put(connection_to(serve(CLEAN, certificate=good).url, verify=False)).status == 200


def test_ca_path_of_another_authority(serve: Serve, good: Path, tmp_path: Path) -> None:
    """Catches: ca_path that adds to the system's authorities in place of replacing them."""
    server = serve(CLEAN, certificate=good)
    with pytest.raises(Untrusted):
        put(connection_to(server.url, verify=str(make_certificate(tmp_path))))
    server.close()
    assert server.heard == []


def test_ca_path_that_does_not_exist(serve: Serve, good: Path, tmp_path: Path) -> None:
    """Catches: a typing error in ca_path that counts as an unknown outcome and is tried four times more."""
    server = serve(CLEAN, certificate=good)
    with pytest.raises(Untrusted, match=r"^ca_path cannot be used: No such file or directory$"):
        put(connection_to(server.url, verify=str(tmp_path / "missing.pem")))
    server.close()
    assert server.raw == []


def test_ca_path_without_certificates(serve: Serve, good: Path, tmp_path: Path) -> None:
    """Catches: a wrong file in ca_path that counts as an unknown outcome, although nothing can have been sent."""
    (tmp_path / "text.pem").write_text("no certificate\n", encoding="utf-8")
    server = serve(CLEAN, certificate=good)
    with pytest.raises(Untrusted, match=r"^ca_path cannot be used: it contains no certificate$"):
        put(connection_to(server.url, verify=str(tmp_path / "text.pem")))
    server.close()
    assert server.raw == []


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_ca_path_is_stronger_than_the_environment(
    serve: Serve, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Catches: an authority from the environment in place of the one that the task names."""
    monkeypatch.setenv(variable, str(make_certificate(tmp_path)))
    assert put(connection_to(serve(CLEAN, certificate=good).url, verify=str(good))).status == 200


def test_environment_does_not_widen_ca_path(
    serve: Serve, good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a server that the task's own ca_path does not vouch for, trusted because of the environment."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(good))
    server = serve(CLEAN, certificate=good)
    with pytest.raises(Untrusted):
        put(connection_to(server.url, verify=str(make_certificate(tmp_path))))


def test_no_tls_at_all(serve: Serve) -> None:
    """Catches: clear text where TLS was asked for."""
    server = serve(CLEAN)
    with pytest.raises(NoAnswer):
        put(connection_to(server.url.replace("http:", "https:"), timeout=1))
    server.close()
    assert not any(key.encode() in raw for key in KEYS.values() for raw in server.raw)


# -- proxies


def tunnel_to(port: int) -> t.Callable[[socket.socket], None]:
    """Return a step that makes the connection a tunnel, as a proxy does for CONNECT."""

    def step(near: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", port)) as far:
            near.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            other = threading.Thread(target=pump, args=(far, near), daemon=True)
            other.start()
            pump(near, far)
            other.join(5)

    return step


def pump(source: socket.socket, target: socket.socket) -> None:
    """Hand on all bytes."""
    try:
        for data in iter(lambda: source.recv(65536), b""):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_a_proxy_carries_tls_and_sees_no_key(serve: Serve, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a proxy of the environment that is not used, or that gets the keys."""
    server = serve(CLEAN, certificate=good)
    proxy = serve(tunnel_to(server.port))
    monkeypatch.setenv("https_proxy", proxy.url)
    assert put(connection_to(server.url, verify=str(good))).status == 200
    assert [heard.line.rsplit(" ", 1)[0] for heard in proxy.heard] == [f"CONNECT 127.0.0.1:{server.port}"]
    assert "authorization" not in proxy.heard[0].headers and "application-key" not in proxy.heard[0].headers
    assert server.heard[0].headers["authorization"] == KEYS["authorization_key"]


def test_no_proxy_is_respected(serve: Serve, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a proxy where the environment says that there is none."""
    server, proxy = serve(CLEAN, certificate=good), serve()
    monkeypatch.setenv("https_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert put(connection_to(server.url, verify=str(good))).status == 200
    assert proxy.heard == []


@pytest.mark.parametrize("variable", ["http_proxy", "all_proxy"])
def test_clear_text_on_loopback_goes_to_no_proxy(serve: Serve, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    """Catches: keys and password that cross the network in clear text on their way to a proxy."""
    server, proxy = serve(CLEAN), serve(CLEAN)
    monkeypatch.setenv(variable, proxy.url)
    put(connection_to(server.url))
    assert proxy.heard == [] and len(server.heard) == 1


def test_message_names_the_proxy(serve: Serve, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a search for the fault at the provider while it is the proxy that is down."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    server = serve(CLEAN, certificate=good)
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
    with pytest.raises(NoAnswer, match=r"^the proxy failed$"):
        put(connection_to(server.url, verify=str(good)))


def test_a_proxy_that_refuses(serve: Serve, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a proxy's answer that is taken for the provider's."""
    server = serve(CLEAN, certificate=good)
    proxy = serve(lambda sock: sock.sendall(answer(407, envelope())))
    monkeypatch.setenv("https_proxy", proxy.url)
    with pytest.raises(NoAnswer, match=r"^the proxy failed$"):
        put(connection_to(server.url, verify=str(good)))
    server.close()
    assert server.heard == []
