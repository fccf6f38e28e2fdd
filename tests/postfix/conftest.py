# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests with a real Postfix stand on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from standin.service import StandIn
from support.postfix import Postfix, relay_settings, why_not
from support.slow_smtp import SlowServer

ACCOUNT, OLD = "1.acme.smtp", "the-password-of-before-0"


@pytest.fixture(autouse=True)
def _needs_postfix() -> None:
    if reason := why_not():
        pytest.skip(reason)


@pytest.fixture
def provider() -> Iterator[StandIn]:
    """The provider, with one account."""
    with StandIn({ACCOUNT: OLD}) as running:
        yield running


@pytest.fixture
def other() -> Iterator[SlowServer]:
    """Another mail server, which needs no login."""
    with SlowServer() as running:
        yield running


@pytest.fixture
def relay(provider: StandIn, other: SlowServer) -> Iterator[Postfix]:
    """A relay that runs: its mail goes to the provider over a transport of its own, some to another server."""
    settings = {
        **relay_settings(provider.smtp_host, provider.smtp_port, provider.ca_path, "hash:{config}/sasl_passwd"),
        "default_transport": "emaillabs",
        "transport_maps": f"inline:{{{{other.example=direct:[127.0.0.1]:{other.port}}}}}",
        # Later than any test ends: what is delivered earlier was flushed.
        "minimal_backoff_time": "1h",
        "queue_run_delay": "1h",
    }
    services = ["emaillabs unix - - n - - smtp", "direct unix - - n - - smtp", "  -o smtp_tls_security_level=none"]
    relay = Postfix(settings=settings, services=services)
    relay.write_map("sasl_passwd", {f"[{provider.smtp_host}]:{provider.smtp_port}": f"{ACCOUNT}:{OLD}"})
    with relay:
        yield relay
