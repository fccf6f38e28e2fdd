# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes an SMTP password of a secret that serves for more than SMTP, as the provider publishes it. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError


def ses_smtp_password(secret: str, settings: Mapping[str, str]) -> str:
    """Return the SMTP password that belongs to a secret access key, in one region.

    Source: docs.aws.amazon.com, Amazon SES developer guide, "Obtaining SMTP credentials by converting existing AWS
    credentials"; version 4 of the algorithm.

    :param secret: the secret access key
    :param settings: has the region
    :raises InputError: if it has none
    """
    region = settings.get("region", "")
    if not region:
        raise InputError("provider_settings.region: is required, because the SMTP password depends on it")
    key = ("AWS4" + secret).encode()
    for part in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return base64.b64encode(b"\x04" + key).decode()


DERIVATIONS: dict[str, Callable[[str, Mapping[str, str]], str]] = {"ses_smtp_password": ses_smtp_password}
