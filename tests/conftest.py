# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes the checkout importable as `ansible_collections.mailops.smtp`, also when pytest is run by hand."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

TESTS = Path(__file__).resolve().parent
COLLECTIONS = TESTS.parent / ".cache" / "collections"


def _link_checkout() -> None:
    link = COLLECTIONS / "ansible_collections" / "mailops" / "smtp"
    link.parent.mkdir(parents=True, exist_ok=True)
    # Another worker may be creating it at this moment.
    with contextlib.suppress(FileExistsError):
        link.symlink_to("../../../..")


_link_checkout()
for folder in (TESTS, COLLECTIONS):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def pytest_configure(config: pytest.Config) -> None:
    """Name the mark of what `make e2e` leaves out and `make proof` runs; let no example fail for a busy machine."""
    config.addinivalue_line("markers", "long: a case of a proof that takes too long for every run")
    config.addinivalue_line("markers", "flows(*names): the flows of a provider for which a test holds")
    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any machine")
