# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One way that mail takes from Postfix to the provider. Pure: no I/O."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Route:
    """A transport, where it connects to, and the login that Postfix finds there.

    :param transport: the service's name in master.cf
    :param nexthop: as Postfix has it, such as C([smtp.example.com]:587)
    :param username: who logs in
    :param sender: the envelope sender by which Postfix finds the login, empty if it does not ask for the sender
    """

    transport: str
    nexthop: str
    username: str
    sender: str = ""
