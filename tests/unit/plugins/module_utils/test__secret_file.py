# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import typing as t

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._files import Access
from ansible_collections.mailops.smtp.plugins.module_utils._secret_file import described, mode_of, wanted_access


@pytest.mark.parametrize(("value", "mode"), [("0600", 0o600), ("640", 0o640), ("0000", 0)])
def test_mode(value: str, mode: int) -> None:
    """Catches: a mode read as a decimal number."""
    assert mode_of(value) == mode


@pytest.mark.parametrize("value", [384, 0o640, "u=rw", "06000", "0680", "", None, "4600", True])
def test_modes_that_are_refused(value: t.Any) -> None:
    """Catches: a mode that YAML has made another number of, a file that is set-user-ID."""
    with pytest.raises(InputError, match="in quotes, such as '0600'"):
        mode_of(value)


def test_access() -> None:
    """Catches: an owner that is lost; a mode of before that is kept although it is an accident."""
    present = Access(7, 8, 0o644)
    assert wanted_access(owner=None, group=None, mode=0o600, present=present) == Access(7, 8, 0o600)
    assert wanted_access(owner="root", group="9", mode=0o640, present=present) == Access(0, 9, 0o640)
    new = wanted_access(owner=None, group=None, mode=0o600, present=None)
    assert new == Access(os.geteuid(), os.getegid(), 0o600)


@pytest.mark.parametrize("what", ["user", "group"])
def test_unknown_names(what: str) -> None:
    """Catches: a traceback for a user or a group that is not there."""
    option = {"user": "owner", "group": "group"}[what]
    names: dict[str, str | None] = {"owner": None, "group": None, option: "no such name"}
    with pytest.raises(InputError, match=f"the {what} no such name does not exist on this host"):
        wanted_access(**names, mode=0o600, present=None)


def test_described() -> None:
    """Catches: a diff that shows nothing, or says that a file was there."""
    assert described(None, "new") == "there is no file\n"
    assert described(Access(1, 2, 0o60), "new") == "owner 1, group 2, mode 0060, content new\n"
