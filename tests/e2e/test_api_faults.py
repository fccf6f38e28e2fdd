# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that the API can do to us: each fault's outcome, and every pair of faults in sequence.

Without Ansible's processes, so that hundreds of pairs take seconds; HTTP, TLS, store and Vault are real.
"""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest
from standin.faults import Fault
from standin.service import StandIn
from support.controller import KEYS
from support.pipeline import SECRETS, Pipeline, QuickVault
from support.scene import OLD, ONE

TIMEOUT = 1.0
A_LONG_TIME = 60.0
# Where thousands of writes do not wait for a disk; None for the usual place.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with StandIn({ONE: OLD}, **KEYS) as running:
        yield running


@pytest.fixture
def pipeline(provider: StandIn, tmp_path: Path) -> Pipeline:
    return Pipeline(tmp_path / "smtp.yml", provider)


@pytest.fixture
def quick() -> Iterator[Pipeline]:
    """Without TLS, without key derivation, and with a store in memory: what the pairs are about is in between."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder, StandIn({ONE: OLD}, tls=False, **KEYS) as running:
        yield Pipeline(Path(folder) / "smtp.yml", running, vault=QuickVault(SECRETS, None))


def throttled(header: str | None) -> Fault:
    return Fault(kind="status", status=429, headers={} if header is None else {"Retry-After": header})


SOON = format_datetime(datetime.now(timezone.utc) + timedelta(days=1), usegmt=True)
# Each fault with the outcome of a run in which it is the only answer, and whether the change landed all the same.
FAULTS: dict[str, tuple[Fault, str]] = {
    "reset before the request is read": (Fault(kind="reset", when="unread"), "unknown"),
    "reset before the change": (Fault(kind="reset"), "unknown"),
    "reset after the change": (Fault(kind="reset", when="after"), "unknown"),
    "time-out before the change": (Fault(kind="hang", seconds=A_LONG_TIME), "unknown"),
    "time-out after the change": (Fault(kind="hang", when="after", seconds=A_LONG_TIME), "unknown"),
    "408": (Fault(kind="status", status=408), "unknown"),
    "429 in seconds": (throttled("1"), "unknown"),
    "429 with a date": (throttled(SOON), "unknown"),
    "429 without Retry-After": (throttled(None), "unknown"),
    "429 with an absurd Retry-After": (throttled("99999999999"), "unknown"),
    "429 with nonsense": (throttled("soon"), "unknown"),
    "500": (Fault(kind="status", status=500), "unknown"),
    "500 after the change": (Fault(kind="status", status=500, when="after"), "unknown"),
    "502": (Fault(kind="status", status=502), "unknown"),
    "503": (Fault(kind="status", status=503), "unknown"),
    "504 after the change": (Fault(kind="status", status=504, when="after"), "unknown"),
    "errors in a 200": (Fault(kind="errors"), "refused"),
    "numberOfErrors in a 200": (Fault(kind="error_count"), "refused"),
    "no meta": (Fault(kind="no_meta", when="after"), "unknown"),
    "HTML": (Fault(kind="html"), "unknown"),
    "HTML after the change": (Fault(kind="html", when="after"), "unknown"),
    "truncated JSON": (Fault(kind="truncated_json", when="after"), "unknown"),
    "body cut off": (Fault(kind="short_body", when="after"), "unknown"),
    "50 MB": (Fault(kind="big_body", when="after", size=50_000_000), "unknown"),
    "slow drip of the body": (Fault(kind="slow_drip", when="after", seconds=0.2), "unknown"),
    "slow drip of the headers": (Fault(kind="slow_drip", when="after", seconds=0.2, part="headers"), "unknown"),
    "207 with errors": (Fault(kind="partly_refused"), "refused"),
    "207 without errors": (Fault(kind="clean_status", status=207, when="after"), "unknown"),
    "400": (Fault(kind="status", status=400), "refused"),
    "401": (Fault(kind="status", status=401), "refused"),
    "403": (Fault(kind="status", status=403), "refused"),
    "404": (Fault(kind="status", status=404), "refused"),
    "405": (Fault(kind="status", status=405), "refused"),
    "422": (Fault(kind="refused_value"), "refused"),
    "redirect": (Fault(kind="redirect", location="https://127.0.0.1:1/"), "refused"),
    "the TLS connection failedn half way": (Fault(kind="broken_tls", when="after"), "unknown"),
}
# Those that need TLS, or a second each, are left to the test of each fault.
IN_PAIRS = [
    name for name in FAULTS if "drip" not in name and name not in ("50 MB", "the TLS connection failedn half way")
]


@pytest.mark.parametrize("name", FAULTS)
def test_outcome_of_each_fault(pipeline: Pipeline, provider: StandIn, name: str) -> None:
    """Catches: an outcome that is confused with another one, a password lost by it, a task without an end."""
    fault, outcome = FAULTS[name]
    pipeline.run([ONE])
    before = pipeline.newest(ONE)
    provider.faults.push(fault)
    began = time.monotonic()
    done = pipeline.run([ONE], timeout=TIMEOUT)
    assert time.monotonic() - began < TIMEOUT + 3
    assert done.actions[ONE] == outcome
    assert pipeline.keeps_what_is_in_force(ONE, before)
    if outcome == "refused":
        assert pipeline.values(ONE)["staged_password"] == []
        assert pipeline.newest(ONE) == before == pipeline.values(ONE)["password"][0]
    else:
        assert len(pipeline.values(ONE)["staged_password"]) == 1
    again = pipeline.run([ONE])
    assert again.actions[ONE] == ("rotated" if outcome == "refused" else "recovered")
    assert pipeline.values(ONE)["password"] == [pipeline.newest(ONE)]


def test_connection_refused(pipeline: Pipeline) -> None:
    """Catches: a provider that is not there and that is taken for one that refuses."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        pipeline.api_url = f"https://127.0.0.1:{unused.getsockname()[1]}"
    done = pipeline.run([ONE], retries=2)
    assert done.actions[ONE] == "unknown"
    assert done.reasons[ONE] == "emaillabs did not answer: the connection was refused (after 3 attempts)"
    assert pipeline.clock.pauses == [1.0, 2.0]
    assert len(pipeline.values(ONE)["staged_password"]) == 1


@pytest.mark.parametrize("first", IN_PAIRS)
def test_pairs_within_a_run(quick: Pipeline, first: str) -> None:
    """Catches: a refusal that settles more than its own attempt, in a run that tries twice."""
    for second in IN_PAIRS:
        _pair(quick, first, second, together=True)


@pytest.mark.parametrize("first", IN_PAIRS)
def test_pairs_across_runs(quick: Pipeline, first: str) -> None:
    """Catches: a landed password that the next run deletes, or replaces without keeping it."""
    for second in IN_PAIRS:
        _pair(quick, first, second, together=False)


def _pair(pipeline: Pipeline, first: str, second: str, *, together: bool) -> None:
    """Let two faults follow each other, then a healthy run; nothing may be lost at any moment."""
    provider = pipeline.provider
    before = pipeline.newest(ONE)
    for run in [(first, second)] if together else [(first,), (second,)]:
        for name in run:
            provider.faults.push(FAULTS[name][0])
        pipeline.run([ONE], retries=len(run) - 1, timeout=0.15)
        assert pipeline.keeps_what_is_in_force(ONE, before), (first, second)
        provider.faults.clear()
    pipeline.run([ONE])
    assert pipeline.values(ONE)["password"] == [pipeline.newest(ONE)], (first, second)
    assert pipeline.values(ONE)["staged_password"] == []
    pipeline.run([ONE], state="verified")
    assert pipeline.values(ONE)["doubtful_passwords"] == []


def test_keys_refused_half_way_stop_the_batch(pipeline: Pipeline, provider: StandIn) -> None:
    """Catches: a batch that goes on with keys that were refused, or that takes the unsent for sent."""
    names = [f"{number}.acme.smtp" for number in range(1, 9)]
    for name in names[1:]:
        provider.accounts.add(name, OLD)
    provider.faults.push(Fault(kind="status", status=401, skip=3, times=99))
    done = pipeline.run(names)
    actions = [done.actions[name] for name in names]
    assert actions == ["rotated"] * 3 + ["refused"] * 5
    assert len(provider.record.api_calls()) == 4
    assert done.reasons[names[-1]].startswith("not tried because the provider refused the keys")
    assert list(pipeline.store.read().document.entries) == names[:3]


def test_pauses_and_their_bound(pipeline: Pipeline, provider: StandIn) -> None:
    """Catches: a pause that is not what the provider asked for, or that nobody bounds."""
    provider.faults.push(throttled("2"))
    provider.faults.push(Fault(kind="status", status=503, times=2))
    assert pipeline.run([ONE], retries=4, ceiling=2).actions[ONE] == "rotated"
    assert sum(pipeline.clock.pauses[:-2]) == pytest.approx(2.0)
    assert pipeline.clock.pauses[-2:] == [2.0, 4.0]
    pipeline.clock.pauses.clear()
    provider.faults.push(throttled("3"))
    assert pipeline.run([ONE], retries=4, ceiling=2).actions[ONE] == "unknown"
    assert pipeline.clock.pauses == []
