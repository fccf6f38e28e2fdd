# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.arguments import job_of
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Login, Message, Program
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError


class Simple(Program):
    """A program that refuses a blank."""

    name = "simple"
    OPTIONS: Mapping[str, Any] = {"path": {"type": "path", "default": "/etc/simple"}}

    def cannot_carry(self, username: str, password: str) -> str:
        """Return why it cannot hold a login."""
        return f"simple cannot hold a blank in the password of {username}" if " " in password else ""


def params(**over: Any) -> dict[str, Any]:
    """Return the module's options."""
    login = {"username": "1", "password": "a-secret", "replaces": ["2"], "key": "k"}
    known = {"program": "simple", "state": "deployed", "host": "h", "port": 587, "encryption": "tls", "timeout": 9}
    return {**known, "logins": [login], "options": {}, "sender": "", "recipient": "", "token": "", **over}


def test_what_a_verb_works_with() -> None:
    """Catches: an option that is accepted and gets lost; a password in what is printed of a job."""
    job = job_of(params(sender="a@x", recipient="b@x", token="t"), Simple(), check_mode=True)
    assert job.logins == (Login("1", "a-secret", ("2",), "k"),)
    assert (job.host, job.port, job.encryption, job.timeout, job.check_mode) == ("h", 587, "tls", 9, True)
    assert job.options == {"path": "/etc/simple"}
    assert job.message == Message("a@x", "b@x", "t")
    assert "a-secret" not in repr(job)
    assert job_of(params(), Simple(), check_mode=False).message is None


LOGIN = {"username": "1", "password": "a-secret", "replaces": [], "key": ""}


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"logins": []}, "logins is empty: name at least one login"),
        ({"timeout": 0}, "timeout must be a number of seconds greater than 0"),
        ({"logins": [{**LOGIN, "password": ""}]}, "the password of 1 is empty"),
        ({"state": "proved", "logins": [{**LOGIN, "password": ""}]}, "the password of 1 is empty"),
        ({"logins": [{**LOGIN, "password": "a secret"}]}, "simple cannot hold a blank in the password of 1"),
        ({"options": {"pth": "/x"}}, "options of simple: pth. Supported parameters include: path."),
    ],
)
def test_bad_options(over: Any, words: str) -> None:
    """Catches: a program that is asked for what it cannot do, when mail is on hold."""
    with pytest.raises(InputError) as caught:
        job_of(params(**over), Simple(), check_mode=False)
    assert str(caught.value) == words


def test_password_is_not_needed_to_look() -> None:
    """Catches: a check that needs the passwords that it is made before."""
    assert job_of(params(state="held", logins=[{**LOGIN, "password": ""}]), Simple(), check_mode=False).logins
