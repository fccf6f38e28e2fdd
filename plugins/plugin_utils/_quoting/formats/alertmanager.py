# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A YAML value, such as smtp_auth_password of Alertmanager. Pure: no I/O."""

from __future__ import annotations

import json


def quoted(value: str) -> str:
    """Return a password as it stands there.

    :param value: the password
    """
    return json.dumps(value, ensure_ascii=False)
