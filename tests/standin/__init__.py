# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A stand-in for the provider: its HTTP API and an SMTP submission server over one store of accounts."""

from __future__ import annotations

from .accounts import AccountStore, LoginOutcome, UnknownAccount
from .faults import Fault, FaultQueue
from .record import Record
from .service import StandIn

__all__ = ["AccountStore", "Fault", "FaultQueue", "LoginOutcome", "Record", "StandIn", "UnknownAccount"]
