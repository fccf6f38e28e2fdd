# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with the way to the provider, in sentences. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.routes import Service, Way, effective
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Job, NotUsedError
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

_ENABLE, _SOFT, _LEVEL, _OPTIONS = (
    "sasl_auth_enable",
    "sasl_auth_soft_bounce",
    "tls_security_level",
    "sasl_tls_security_options",
)
_OLDER = ("use_tls", "enforce_tls")
# What is read of each transport, without smtp_ or lmtp_.
SASL = (_ENABLE, _SOFT, _LEVEL, _OPTIONS, *_OLDER, "sender_dependent_authentication")


def not_reached(main_cf: str, ways: Sequence[Way], job: Job) -> NotUsedError:
    """Return what to tell if no mail goes to the provider.

    :param main_cf: the instance's main.cf
    :param ways: where it goes instead
    :param job: what the verb works with
    """
    relays = ", ".join(dict.fromkeys(way.hop.text for way in ways))
    instead = f"it relays to {relays}" if relays else "it has no relayhost"
    return NotUsedError(
        f"Postfix sends no mail to {job.host}, as {main_cf} says: {instead}. Set relayhost = [{job.host}]:{job.port} "
        "there, or correct the host that is rotated (with the role: smtp_rotation_smtp_host)"
    )


def refusal(service: Service, settings: Mapping[str, str], folder: str) -> InputError | None:
    """Return why a transport does not log in, None if it does.

    :param service: the transport
    :param settings: the values of main.cf
    :param folder: that of main.cf
    """
    if effective(service, _ENABLE, settings) == "yes":
        return None
    name = f"{service.command}_{_ENABLE}"
    option = "" if folder == "/etc/postfix" else f"-c {folder} "
    here = f"-P '{service.name}/unix/{name}=yes'" if name in service.options else f"-e '{name} = yes'"
    return InputError(
        f"Postfix does not log in with the transport {service.name}, because {name} is not yes: run postconf {option}"
        f"{here}, then postfix {option}reload"
    )


def warnings_of(service: Service, settings: Mapping[str, str], encryption: str) -> Iterator[str]:
    """Yield what can make a login fail later.

    :param service: the transport
    :param settings: the values of main.cf
    :param encryption: how the provider is spoken to
    """
    command = service.command
    if effective(service, _SOFT, settings) == "no":
        yield (
            f"{command}_{_SOFT} is no: if the login is refused, Postfix returns the mail to its sender instead of "
            "keeping it in the queue"
        )
    older = any(effective(service, name, settings) == "yes" for name in _OLDER)
    if encryption != "none" and effective(service, _LEVEL, settings) in ("", "none") and not older:
        yield (
            f"the transport {service.name} does not use TLS: set {command}_{_LEVEL} = encrypt, because the password is "
            "sent in clear, or the server does not offer a login"
        )
    if "noplaintext" in effective(service, _OPTIONS, settings):
        yield (
            f"{command}_{_OPTIONS} has noplaintext, so the transport {service.name} cannot log in at a server that "
            "offers only PLAIN and LOGIN: set it to noanonymous"
        )
