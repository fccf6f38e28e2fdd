# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""TLS: which servers are trusted, by the same rules on every Python, and what is wrong with those that are not."""

from __future__ import annotations

import os
import ssl

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.advice import CONNECTION_ADVICE
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.refusal import Failure
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import Request
from ansible_collections.mailops.smtp.plugins.module_utils._text import printable
from ansible_collections.mailops.smtp.plugins.module_utils._trust import check_as_every_python

_HANDSHAKE_ADVICE = (
    "Port 465 needs encryption tls, ports 587, 2525 and 25 need starttls, and the server must speak TLS 1.2 or later. "
    "A server that wants a client certificate also ends like this. No password was sent."
)
_ENDED_ADVICE = (
    "The server may want a client certificate, which this module cannot present, or other encryption (port 465 needs "
    "tls, the others starttls), or it may be busy. Run again in a few minutes. No password was sent."
)
_CERTIFICATE_ADVICE = {
    "name": (
        "Set host to a name or address that the certificate is for, or have one issued whose subjectAltName contains "
        "host. No password was sent."
    ),
    "issuer": (
        "This host does not know the authority that issued it. Name that authority's certificate in ca_path, or have "
        "the server send its intermediate certificates. No password was sent."
    ),
    "ca_path": (
        "No certificate in ca_path issued it. Put the authority's certificate there, or have the server send its "
        "intermediate certificates. No password was sent."
    ),
    "date": "Check this host's clock. If it is right, the server needs a new certificate. No password was sent.",
    "authority": (
        "Its issuer is not allowed to issue certificates: an authority's certificate needs basicConstraints CA:TRUE "
        "and, if it has a keyUsage, keyCertSign. No password was sent."
    ),
    "purpose": (
        "It is not for a server: its extendedKeyUsage lacks serverAuth. The server needs a new certificate. No "
        "password was sent."
    ),
    "weak": (
        "A key or a signature is too weak for this host's OpenSSL. The server needs a new certificate, with RSA of "
        "2048 bits or an elliptic curve, and SHA-256. No password was sent."
    ),
    "other": "The server needs a certificate without that fault. No password was sent.",
}
# OpenSSL's X509_V_ERR_… that say the same to the user.
_CERTIFICATE_KINDS = {
    "issuer": (2, 18, 19, 20, 21),
    "date": (9, 10),
    "authority": (24, 32, 79),
    "purpose": (26,),
    "name": (62, 63, 64),
    "weak": (66, 67, 68),
}


def make_context(request: Request) -> ssl.SSLContext:
    """Return the TLS context of an exchange: TLS 1.2 or later, with the same checks on every Python.

    :param request: what is to be trusted
    :raises InputError: if its ca_path cannot be used
    """
    path = request.ca_path if request.validate_certs else None
    is_folder = bool(path and os.path.isdir(path))
    try:
        context = ssl.create_default_context(cafile=None if is_folder else path, capath=path if is_folder else None)
    except OSError as error:
        raise InputError(f"ca_path {path} cannot be used: {words(error)}.") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    check_as_every_python(context)
    if not request.validate_certs:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def handshake_failure(error: Exception, request: Request) -> Failure:
    """Return the failure that an error of the handshake is.

    :param error: what the ssl module raised
    :param request: what was to be trusted
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        what = f"has a certificate that is not trusted: {error.verify_message.rstrip('.')}"
        kind = certificate_kind(error.verify_code, request)
        return Failure(reason="tls", what=what, advice=_CERTIFICATE_ADVICE[kind])
    what = f"did not complete the TLS handshake: {words(error)}"
    return Failure(reason="tls", what=what, advice=tls_advice(error))


def certificate_kind(code: int, request: Request) -> str:
    """Return what is wrong with a certificate, as a key of the advice.

    :param code: OpenSSL's number for it
    :param request: what was to be trusted
    """
    kind = next((kind for kind, codes in _CERTIFICATE_KINDS.items() if code in codes), "other")
    return "ca_path" if kind == "issuer" and request.ca_path else kind


def tls_advice(error: Exception) -> str:
    """Return the advice for TLS that broke.

    :param error: what the ssl module raised
    """
    if "CERTIFICATE_REQUIRED" in (getattr(error, "reason", None) or ""):
        return CONNECTION_ADVICE["certificate"]
    # The server's alert gets lost if it hangs up while more is on its way to it.
    hung_up = isinstance(error, (ConnectionError, ssl.SSLEOFError))
    return _ENDED_ADVICE if hung_up else _HANDSHAKE_ADVICE


def words(error: Exception) -> str:
    """Return an error's own words, on one line, without a full stop.

    :param error: the error
    """
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return printable(text=text).rstrip(".")
