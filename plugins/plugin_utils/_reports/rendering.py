# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report in each format there is. Pure: no I/O."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable

from ansible_collections.mailops.smtp.plugins.plugin_utils._reports import formats
from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.contents import Report


def names() -> list[str]:
    """Return the formats: each is a file in the folder C(formats)."""
    return sorted(module.name for module in pkgutil.iter_modules(formats.__path__))


def rendered(report: Report, name: str) -> str:
    """Return a report as the text of a file.

    :param report: what it says
    :param name: the format
    """
    render: Callable[[Report], str] = importlib.import_module(f"{formats.__name__}.{name}").rendered
    return render(report)
