# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A short part of C(make chaos)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHAOS = Path(__file__).resolve().parents[1] / "chaos" / "chaos.py"
KILLS = 8


def test_nothing_is_lost_in_a_short_chaos() -> None:
    """Catches: a password lost, left on its way or shown, by deaths and faults in an order that nobody thought of."""
    command = [sys.executable, str(CHAOS), "--kills", str(KILLS), "--workers", "1", "--batch", "12", "--minutes", "0.5"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    counted = dict(line.rsplit(None, 1) for line in ended.stdout.splitlines())
    assert int(counted["kills"]) >= 1
    assert counted["passwords lost"] == counted["secrets found"] == counted["accounts or files not finished"] == "0"
