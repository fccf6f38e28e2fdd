# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._addresses import is_loopback


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.8.9.1", "127.255.0.3", "::1", "::1%lo", "::ffff:127.0.0.1"]
)
def test_loopback(host: str) -> None:
    """Catches: a way of writing a loopback address that is not known as one."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "10.0.0.1",
        "0.0.0.0",
        "0x7f.1",
        "::2",
        "::",
        "::ffff:10.0.0.1",
        "fe80::1%lo",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "127.0.0.1%2eexample.com",
        "%lo",
    ],
)
def test_not_loopback(host: str) -> None:
    """Catches: another machine taken for this one, which would be sent secrets in clear text."""
    assert not is_loopback(host)
