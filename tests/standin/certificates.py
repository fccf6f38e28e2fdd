# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates for a server on this machine: good ones, and ones that a client has to refuse."""

from __future__ import annotations

import datetime
import ipaddress
import os
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Kind = Literal["trusted", "untrusted", "expired", "wrong_name"]
ADDRESSES = ("127.0.0.1", "::1")
DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class CertificateFiles:
    """PEM files: the authority that clients are told to trust, the server's certificate and its key."""

    ca_path: Path
    certificate_path: Path
    key_path: Path

    def server_context(self) -> ssl.SSLContext:
        """Return a TLS context for the server."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate_path, self.key_path)
        return context


@dataclass(frozen=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def write_certificates(folder: Path, *, kind: Kind = "trusted") -> CertificateFiles:
    """Make an authority and a certificate for this machine and write them to a folder.

    :param folder: an existing folder; files of an earlier call are replaced
    :param kind: C(untrusted) is signed by another authority, C(expired) ended yesterday, C(wrong_name) is for a host
        of another name
    """
    authority = _new_authority("stand-in authority")
    issuer = _new_authority("unknown authority") if kind == "untrusted" else authority
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _issue(issuer, key, kind)
    files = CertificateFiles(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    files.ca_path.write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
    files.certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_private(files.key_path, key)
    return files


def _issue(issuer: _Authority, key: ec.EllipticCurvePrivateKey, kind: Kind) -> x509.Certificate:
    last = _now() - DAY if kind == "expired" else _now() + 30 * DAY
    builder = _builder(subject="stand-in", issuer=issuer.certificate.subject, key=key, first=last - 60 * DAY, last=last)
    authority_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
    return (
        builder.add_extension(x509.SubjectAlternativeName(_names(kind)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(authority_key, critical=False)
        .sign(issuer.key, hashes.SHA256())
    )


def _names(kind: Kind) -> list[x509.GeneralName]:
    if kind == "wrong_name":
        return [x509.DNSName("other.example")]
    return [x509.DNSName("localhost"), *(x509.IPAddress(ipaddress.ip_address(one)) for one in ADDRESSES)]


def _new_authority(name: str) -> _Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = _builder(subject=name, issuer=subject, key=key, first=_now() - 90 * DAY, last=_now() + 90 * DAY)
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_signing_only(), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _Authority(certificate, key)


def _builder(
    *,
    subject: str,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    first: datetime.datetime,
    last: datetime.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(last)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _signing_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _write_private(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(text)
