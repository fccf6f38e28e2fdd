# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The demonstration leaves nothing behind when it is stopped half way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.crash.processes import descendants, is_alive

DEMOS = Path(__file__).resolve().parents[1] / "demo"
SECONDS = 40


@pytest.mark.parametrize(
    ("demo", "number", "others"),
    [("demo.py", signal.SIGINT, 2), ("demo.py", signal.SIGTERM, 2), ("ses.py", signal.SIGTERM, 1)],
    ids=["ctrl-c", "terminated", "ses"],
)
def test_stopped_demo_stops_what_it_started(tmp_path: Path, demo: str, number: signal.Signals, others: int) -> None:
    """Catches: a stand-in that goes on after Ctrl-C, a folder with passwords that stays in /tmp."""
    environment = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-u", str(DEMOS / demo)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("TASK ["):
                break
        started = descendants(process.pid)
        assert len(started) >= others
        # A terminal sends Ctrl-C to all processes of the foreground; a job system ends the one that it knows.
        if number is signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        output, _nothing = process.communicate(timeout=SECONDS)
    assert process.returncode == 130, output
    deadline = time.monotonic() + SECONDS
    while (left := [pid for pid in started if is_alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert left == []
    assert list(tmp_path.glob("mailops-demo-*")) == []
