# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A parameter of AWS Systems Manager, a SecureString. Pure: no I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kind import Call, Kind
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kinds import json_or_text
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Rendered

MODULE = "community.aws.ssm_parameter"
PATH = re.compile(r"(/[A-Za-z0-9_.-]+)+|[A-Za-z0-9_.-]+")


def call(path: str, value: Rendered, options: Mapping[str, Any]) -> Call:
    """Return the run of the module.

    :param path: the parameter's name
    :param value: the value
    :param options: the target's own options
    """
    fixed = {"name": path, "value": json_or_text(value), "string_type": "SecureString", "overwrite_value": "changed"}
    return Call(MODULE, {**options, **fixed, "state": "present"})


def path_form(path: str) -> str:
    """Return what is wrong with a path, an empty text if nothing is.

    :param path: the path
    """
    text = "must have only letters, digits and _ . - /, and begin with / if it has one, such as /mail/{account}"
    return "" if PATH.fullmatch(path) else text


KIND = Kind(
    name="aws_ssm",
    module=MODULE,
    needs="the collection community.aws, and boto3",
    value="{password}",
    call=call,
    place=("region", "endpoint_url", "profile"),
    ours=("name", "value", "string_type", "overwrite_value", "state"),
    path_form=path_form,
)
