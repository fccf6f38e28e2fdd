# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A secret of Kubernetes. Pure: no I/O."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kind import AS_FIELDS, Call, Kind
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Rendered

MODULE = "kubernetes.core.k8s"
NAMESPACE, NAME = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?"
PATH = re.compile(rf"{NAMESPACE}/{NAME}")


def call(path: str, value: Rendered, options: Mapping[str, Any]) -> Call:
    """Return the run of the module.

    :param path: the namespace and the name, with a slash between them
    :param value: the value
    :param options: the target's own options
    """
    namespace, _slash, name = path.partition("/")
    fields = {"password": value.value} if isinstance(value.value, str) else value.value
    # Not stringData: the server never returns that, so every comparison would find a difference.
    data = {key: base64.b64encode(text.encode()).decode() for key, text in fields.items()}
    metadata = {"name": name, "namespace": namespace}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data}
    return Call(MODULE, {**options, "state": "present", "definition": secret})


def path_form(path: str) -> str:
    """Return what is wrong with a path, an empty text if nothing is.

    :param path: the path
    """
    text = "must be a namespace and a name, such as mail/smtp-{account}, in lower case"
    return "" if PATH.fullmatch(path) else text


KIND = Kind(
    name="kubernetes",
    module=MODULE,
    needs="the collection kubernetes.core, and the Python package kubernetes",
    value=AS_FIELDS,
    call=call,
    place=("host", "context", "kubeconfig"),
    ours=("definition", "resource_definition", "src", "template", "state", "name", "namespace", "kind", "api_version"),
    path_form=path_form,
)
