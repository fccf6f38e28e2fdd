# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proof under load as a program: what it leaves behind when it is stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.crash.processes import kill_tree, with_environment
from support.fleet.world import why_not
from support.waiting import until

FLEET = Path(__file__).with_name("fleet.py")
SECONDS = 120.0

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files that the users get into as whom Postfix's processes run."""
    folder = Path(tempfile.mkdtemp(prefix="fleet-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_proof_that_is_stopped_leaves_nothing(temporary: Path, number: signal.Signals) -> None:
    """Catches: mail servers that go on running after Ctrl-C, and the files that they write."""
    command = [sys.executable, str(FLEET), "--programs", "postfix", "exim", "--strategy", "in_place"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        # The playbook is under way.
        until(lambda: with_environment(f"KEEP_RESULTS={temporary}"), seconds=SECONDS)
        os.killpg(process.pid, number)
        assert process.wait(SECONDS) == 130
        assert list(temporary.iterdir()) == []
        assert with_environment(str(temporary)) == set()
    finally:
        if process.poll() is None:
            kill_tree(process.pid)
            process.wait()
