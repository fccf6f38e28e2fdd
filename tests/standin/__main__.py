# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes C(python tests/standin) and C(python -m standin) run the stand-in."""

from __future__ import annotations

import sys
from pathlib import Path

if not __package__:
    # Run as a folder: its parent takes its place, or its modules could be mistaken for others of the same name.
    here = Path(__file__).resolve().parent
    sys.path[:] = [str(here.parent), *(one for one in sys.path if Path(one or ".").resolve() != here)]

from standin.cli import main

if __name__ == "__main__":
    sys.exit(main())
