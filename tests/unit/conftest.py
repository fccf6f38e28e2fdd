# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every unit test stands on."""

from __future__ import annotations

import importlib
import typing as t

import pytest


def _masker() -> t.Any:
    """Return what ansible-core, from 2.22 on, remembers secrets with; None with an older one."""
    try:
        return importlib.import_module("ansible.module_utils._internal._secrets")._secret_masker
    except ImportError:
        return None


MASKER = _masker()


@pytest.fixture(autouse=True)
def fixture_no_secrets_of_other_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Ansible know no secret yet: it hides each, however short, in all that its process prints from then on."""
    if MASKER is None:
        return
    for name, value in vars(MASKER).items():
        if isinstance(value, (set, dict)) or name == "_matcher":
            monkeypatch.setattr(MASKER, name, type(value)())
