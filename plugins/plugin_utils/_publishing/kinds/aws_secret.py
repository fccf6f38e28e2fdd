# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A secret of AWS Secrets Manager. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kind import AS_FIELDS, Call, Kind
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kinds import json_or_text
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Rendered

MODULE = "community.aws.secretsmanager_secret"


def call(path: str, value: Rendered, options: Mapping[str, Any]) -> Call:
    """Return the run of the module.

    :param path: the secret's name
    :param value: the value
    :param options: the target's own options
    """
    # As a text: the module's json_secret would be written in another form than AWS's own rotation does.
    fixed = {"name": path, "secret": json_or_text(value), "secret_type": "string", "overwrite": True}
    return Call(MODULE, {**options, **fixed, "state": "present"})


KIND = Kind(
    name="aws_secret",
    module=MODULE,
    needs="the collection community.aws, and boto3",
    value=AS_FIELDS,
    call=call,
    place=("region", "endpoint_url", "profile"),
    ours=("name", "secret", "json_secret", "secret_type", "overwrite", "state"),
)
