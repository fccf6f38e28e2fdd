# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report as JSON, the same that the module returns. Pure: no I/O."""

from __future__ import annotations

import json

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.contents import Report


def rendered(report: Report) -> str:
    """Return the report as the text of a file.

    :param report: what it says
    """
    return json.dumps({**report.data(), "fingerprint": report.fingerprint()}, indent=2, ensure_ascii=False) + "\n"
