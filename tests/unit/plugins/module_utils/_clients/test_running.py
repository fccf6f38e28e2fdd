# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which processes a program has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients import running
from ansible_collections.mailops.smtp.plugins.module_utils._clients.running import processes


def test_every_name_of_a_program_counts(tmp_path: Path) -> None:
    """Catches: a delivery that is not seen, since it was started as sendmail, or since the program was upgraded."""
    program, link = tmp_path / "program", tmp_path / "sendmail"
    shutil.copy("/bin/sleep", program)
    link.symlink_to(program)
    with subprocess.Popen([link, "60"]) as called, subprocess.Popen(["/bin/sleep", "60"]) as other:
        assert [(one.pid, one.parent, one.arguments) for one in processes(str(program))] == [
            (called.pid, os.getpid(), (str(link), "60"))
        ]
        program.unlink()
        shutil.copy("/bin/sleep", program)
        assert [one.pid for one in processes(str(program))] == [called.pid]
        called.kill()
        other.kill()


def test_kernel_that_does_not_tell_what_a_process_waits_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: processes that are taken for ended ones, on a kernel without wchan."""
    known = running._text

    def text(path: str) -> str:
        if path.endswith("/wchan"):
            raise FileNotFoundError(path)
        return known(path)

    monkeypatch.setattr(running, "_text", text)
    assert [one.wait for one in processes(sys.executable) if one.pid == os.getpid()] == ["0"]
