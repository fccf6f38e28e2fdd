# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes an SMTP password of a secret that serves for more than SMTP, as the provider publishes it. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
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
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-[0-9]", region):
        raise InputError(f"provider_settings.region: must be a region of AWS, such as eu-west-1, not {region!r}")
    key = ("AWS4" + secret).encode()
    for part in ("11111111", region, "ses", "aws4_request", "SendRawEmail"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return base64.b64encode(b"\x04" + key).decode()


DERIVATIONS: dict[str, Callable[[str, Mapping[str, str]], str]] = {"ses_smtp_password": ses_smtp_password}
