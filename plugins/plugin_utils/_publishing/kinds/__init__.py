# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds of targets, a file for each."""

from __future__ import annotations

import json

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.values import Rendered


def json_or_text(value: Rendered) -> str:
    """Return a value as one text: several under names as JSON.

    :param value: the value
    """
    return value.value if isinstance(value.value, str) else json.dumps(dict(value.value))
