# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts without sudo: a secret goes through su's pipe, or nowhere. The su is a script, so that no test needs root."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.controller import Ended
from support.watch import CHOSEN, Watch, a_watch, check

WRITE = "mailops.smtp.secret_file"
BECOME_PASSWORD = "letmein-Kd8Rw2Xz"
# Like su: the command comes last, a password is read up to the line's end and no further.
SU = '#!/bin/sh\nfor last in "$@"; do :; done\n'
ASK = f"""
printf 'Password: ' >&2
read -r given
[ "$given" = '{BECOME_PASSWORD}' ] || {{ echo 'su: Authentication failure' >&2; exit 1; }}
"""
PASS_ON = 'exec /bin/sh -c "$last"\n'
TERMINAL = f'exec {sys.executable} -c \'import pty, sys; pty.spawn(["/bin/sh", "-c", sys.argv[1]])\' "$last"\n'


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    """A user whose every trace is kept."""
    with a_watch(tmp_path, ["1.acme.smtp"]) as made:
        yield made


def write(watch: Watch, script: str, **variables: Any) -> tuple[Ended, Path]:
    """Write a secret into a file as another user, whom a script lets in."""
    folder = watch.folder / "host"
    folder.mkdir(exist_ok=True)
    su, dest = folder / "su", folder / "file"
    su.write_text(SU + script)
    su.chmod(0o755)
    given = {"ansible_become_exe": str(su), **variables}
    become = {"become": True, "become_user": "nobody", "become_method": "su", "vars": given}
    play = watch.play([{"name": "write", WRITE: {"content": "{{ chosen }}", "dest": str(dest)}, **become}])
    return watch.run(play, "-vvvvv", "--diff"), dest


@pytest.mark.parametrize(
    ("script", "variables"),
    [(PASS_ON, {}), (ASK + PASS_ON, {"ansible_become_password": BECOME_PASSWORD})],
    ids=["no password", "password"],
)
def test_su_passes_a_secret_on(watch: Watch, script: str, variables: dict[str, Any]) -> None:
    """Catches: a host without sudo that is shut out, or that is let in by way of a file."""
    ended, dest = write(watch, script, **variables)
    assert ended.code == 0, ended.output
    assert dest.read_text() == CHOSEN and BECOME_PASSWORD not in ended.output
    assert not write(watch, script, **variables)[0].result("write")["changed"]
    check(watch)


@pytest.mark.parametrize(
    ("script", "variables", "reason"),
    [
        (ASK + PASS_ON, {"ansible_become_password": "another"}, "su: Authentication failure"),
        (TERMINAL, {}, "what was sent came back changed"),
    ],
    ids=["wrong password", "terminal"],
)
def test_su_that_does_not_gets_no_secret(watch: Watch, script: str, variables: dict[str, Any], reason: str) -> None:
    """Catches: a secret that is answered to a prompt, shown by a terminal, or written into a file after all."""
    ended, dest = write(watch, script, **variables)
    message = ended.result("write")["msg"]
    assert message.startswith("the become method su cannot pass a module through a pipe (") and reason in message
    assert not dest.exists()
    check(watch)
