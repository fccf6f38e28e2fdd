# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that cannot be replaced."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients import writable
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

MOUNTINFO = """\
21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 21 254:0 /srv/rc /etc/my\\040rc rw,relatime - ext4 /dev/vda rw
"""


def test_mount_points_are_read() -> None:
    """Catches: a path with a blank, which the kernel writes in octal."""
    assert writable.mount_points(MOUNTINFO) == {"/", "/etc/my rc"}


def test_an_ordinary_file_can_be_replaced(tmp_path: Path) -> None:
    """Catches: a check that refuses everything."""
    (tmp_path / "rc").touch()
    writable.check_replaceable(str(tmp_path / "rc"))


def test_a_mount_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a file that is noticed only when it is to be renamed over: "Device or resource busy"."""
    monkeypatch.setattr(writable, "_text_of", lambda path: f"40 21 254:0 /rc {tmp_path}/rc rw - ext4 x rw\n")
    with pytest.raises(InputError, match="mount of its own"):
        writable.check_replaceable(str(tmp_path / "rc"))


def test_an_immutable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: root that is told to become root, because of chattr +i."""
    monkeypatch.setattr(writable, "_flags", lambda path: 0x10 if path == str(tmp_path) else 0)
    with pytest.raises(InputError, match="immutable"):
        writable.check_replaceable(str(tmp_path / "rc"))
