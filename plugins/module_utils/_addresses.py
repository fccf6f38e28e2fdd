# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host name or an IP address says about itself. Pure, without a look-up."""

from __future__ import annotations

import ipaddress


def is_loopback(host_or_address: str) -> bool:
    """Return whether a host is this machine, judged by its name or address alone.

    :param host_or_address: C(localhost), an IPv4 or IPv6 address, also an IPv4 address mapped into IPv6 or one with a
        zone id; any other name is not loopback, whatever it resolves to
    """
    if host_or_address == "localhost":
        return True
    address, percent, _zone = host_or_address.partition("%")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if percent and parsed.version == 4:
        # IPv4 has no zones: this is a name that only begins like an address.
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
