# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A secret of AWS Secrets Manager. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kind import AS_FIELDS, Call, Kind
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kinds import json_or_text
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Rendered

MODULE = "community.aws.secretsmanager_secret"
PATH = re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}")


def call(path: str, value: Rendered, options: Mapping[str, Any]) -> Call:
    """Return the run of the module.

    :param path: the secret's name
    :param value: the value
    :param options: the target's own options
    """
    # As a text: the module's json_secret would be written in another form than AWS's own rotation does.
    fixed = {"name": path, "secret": json_or_text(value), "secret_type": "string", "overwrite": True}
    return Call(MODULE, {**options, **fixed, "state": "present"})


def path_form(path: str) -> str:
    """Return what is wrong with a path, an empty text if nothing is.

    :param path: the path
    """
    text = "must have only letters, digits and / _ + = . @ -, such as mail/{account}"
    return "" if PATH.fullmatch(path) else text


KIND = Kind(
    name="aws_secret",
    module=MODULE,
    needs="the collection community.aws, and boto3",
    value=AS_FIELDS,
    call=call,
    place=("region", "endpoint_url", "profile"),
    ours=("name", "secret", "json_secret", "secret_type", "overwrite", "state"),
    path_form=path_form,
)
