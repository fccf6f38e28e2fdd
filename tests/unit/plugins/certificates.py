# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates with the extensions that a test names, and no others."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Union

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

ADDRESS = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
CA = x509.BasicConstraints(ca=True, path_length=None)
Key = Union[ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey]  # noqa: UP007 -- evaluated by Python 3.8


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Key

    def write(self, path: Path) -> str:
        """Write both to a file and return its path."""
        private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        pem = self.certificate.public_bytes(serialization.Encoding.PEM)
        path.write_bytes(pem + self.key.private_bytes(serialization.Encoding.PEM, *private))
        return str(path)


def issue(
    name: str,
    issuer: Issued | None = None,
    *,
    extensions: Sequence[x509.ExtensionType] = (),
    days: int = 36500,
    key: Key | None = None,
) -> Issued:
    """Issue a certificate from 2020 on, by itself if there is no issuer."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    first = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(first)
        .not_valid_after(first + datetime.timedelta(days=days))
    )
    for extension in extensions:
        # Not critical, as an extension file for C(openssl x509) leaves it.
        builder = builder.add_extension(extension, critical=False)
    return Issued(builder.sign(issuer.key if issuer else key, hashes.SHA256()), key)
