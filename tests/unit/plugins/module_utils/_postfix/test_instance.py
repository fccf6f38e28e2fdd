# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix import instance
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Answer, service_of


@pytest.mark.parametrize(
    ("line", "service"),
    [
        ("smtp -t unix -u", "smtp"),
        ("/usr/lib/postfix/sbin/smtp -t unix -u", "smtp"),
        ("smtp -n emaillabs -t unix -u -c", "emaillabs"),
        ("smtp -n emaillabs -t unix -u -o syslog_name=-n", "emaillabs"),
        ("pipe -n maildrop -t unix flags=DRhu user=vmail argv=/bin/x -n other", "maildrop"),
        ("smtp -t unix -u -n other", "smtp"),
        ("smtpd -n smtp -t inet -u", None),
        ("/usr/lib/postfix/sbin/master -w", None),
        ("postlogd -l -n postlog -t unix-dgram -u", None),
        ("something -t", None),
        ("", None),
    ],
)
def test_service(line: str, service: str | None) -> None:
    """Catches: the server for incoming mail, which is called as the transport is, taken for a delivery."""
    assert service_of(line.split()) == service


def test_no_postfix(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """Catches: a traceback on a host without Postfix."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(instance, "_FOLDERS", ())
    with pytest.raises(InputError, match="Postfix is not installed on this host"):
        instance.Postfix(None)


def test_answers_do_not_show_themselves() -> None:
    """Catches: a password that postmap printed in a traceback."""
    assert "secret" not in repr(Answer(0, "secret", "secret"))
