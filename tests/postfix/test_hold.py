# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""postfix_hold against a real Postfix: what is held is proved by the servers' records, not by the module's words."""

from __future__ import annotations

import fcntl
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from standin.service import StandIn
from support.postfix import SECONDS, Postfix
from support.slow_smtp import SlowServer
from support.waiting import until

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix import hold as holds
from ansible_collections.mailops.smtp.plugins.module_utils._postfix import instance
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.hold import Transport
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import PostfixError
from ansible_collections.mailops.smtp.plugins.modules import postfix_hold

OTHER = "friend@other.example"
# Long enough for Postfix to do what it must not do.
A_WHILE = 1.5


def options(relay: Postfix, **over: Any) -> dict[str, Any]:
    """Return the module's options."""
    config = str(relay.config)
    defaults = {"transport": "emaillabs", "state": "held", "config_directory": config, "drain_timeout": 40}
    return {**defaults, "flush": True, **over}


def hold(relay: Postfix, **over: Any) -> dict[str, Any]:
    """Run the module."""
    return postfix_hold.apply(options=options(relay, **over), check_mode=False)


def release(relay: Postfix, **over: Any) -> dict[str, Any]:
    """Run the module to release."""
    return hold(relay, state="released", **over)


def pretend(relay: Postfix, **over: Any) -> dict[str, Any]:
    """Run the module in check mode."""
    return postfix_hold.apply(options=options(relay, **over), check_mode=True)


def arrived(other: SlowServer, subject: str) -> bool:
    """Tell whether the other server accepted such a message."""
    return subject in other.subjects


def subjects(provider: StandIn) -> list[str]:
    """Return the subjects of the messages that the provider accepted, sorted."""
    return sorted(message["subject"] for message in provider.record.messages())


def test_nothing_logs_in_while_held(relay: Postfix, provider: StandIn, other: SlowServer) -> None:
    """Catches: a hold that a flush, a reload or a restart ends; other mail that waits too; mail lost or sent twice."""
    relay.submit("before")
    until(lambda: subjects(provider) == ["before"], seconds=SECONDS)
    assert hold(relay)["changed"]
    logins = len(provider.record.logins())
    relay.submit("waits")
    relay.submit("flows", recipient=OTHER)
    until(lambda: other.subjects == ["flows"], seconds=SECONDS)
    for command in (("postqueue", "-f"), ("postfix", "reload"), ("postqueue", "-f"), ("postfix", "stop")):
        relay.run(*command)
        time.sleep(A_WHILE)
    relay.start()
    relay.run("postqueue", "-f")
    relay.submit("waits too")
    time.sleep(A_WHILE)
    assert len(provider.record.logins()) == logins
    assert len(relay.queue()) == 2
    assert release(relay)["changed"]
    until(lambda: relay.queue() == [], seconds=SECONDS)
    assert subjects(provider) == ["before", "waits", "waits too"]


def test_check_and_real_and_again(relay: Postfix) -> None:
    """Catches: check mode that writes or says something else, a second run that changes something, a trace left."""
    before = relay.main_cf.read_bytes()
    for state, word in (("held", "held"), ("released", "released")):
        content = relay.main_cf.read_bytes()
        pretended = pretend(relay, state=state)
        assert relay.main_cf.read_bytes() == content
        done = hold(relay, state=state)
        assert pretended["changed"] and done["changed"]
        assert pretended["diff"] == done["diff"]
        assert done["held"] == (state == "held") and word in done["msg"] and done["running"]
        assert not pretend(relay, state=state)["changed"]
        again = relay.main_cf.read_bytes()
        assert not hold(relay, state=state)["changed"]
        assert relay.main_cf.read_bytes() == again
    assert relay.main_cf.read_bytes() == before
    assert sorted(path.name for path in relay.config.iterdir()) == [
        "main.cf",
        "master.cf",
        "sasl_passwd",
        "sasl_passwd.db",
    ]
    assert "warning" not in relay.log


def test_delivery_under_way_ends_by_itself(relay: Postfix, other: SlowServer) -> None:
    """Catches: a delivery that is killed, so that the message arrives twice; a hold that does not wait for it."""
    other.go.clear()
    relay.submit("long", recipient=OTHER)
    until(lambda: other.waiting == 1, seconds=SECONDS)
    done = []

    def held_at(_seconds: float) -> None:
        # The module looks for the second time: the delivery may end now.
        done.append(other.waiting)
        other.go.set()
        time.sleep(0.1)

    clock = type("Clock", (), {"monotonic": staticmethod(time.monotonic), "sleep": staticmethod(held_at)})()
    transport = Transport(instance.Postfix(str(relay.config)), "direct", clock)
    transport.hold(drain_timeout=SECONDS)
    assert done[0] == 1
    assert other.open == 0 and other.waiting == 0
    relay.run("postqueue", "-f")
    release(relay, transport="direct")
    relay.submit("next", recipient=OTHER)
    until(lambda: other.subjects[-1] == "next", seconds=SECONDS)
    assert other.subjects == ["long", "next"]


def test_delivery_that_does_not_end(relay: Postfix, other: SlowServer) -> None:
    """Catches: a hold that gives up and leaves mail standing, or a delivery that is killed all the same."""
    before = relay.main_cf.read_bytes()
    other.go.clear()
    relay.submit("long", recipient=OTHER)
    until(lambda: other.waiting == 1, seconds=SECONDS)
    with pytest.raises(
        PostfixError, match=r"^1 delivery over the transport direct did not end within 1 seconds"
    ) as error:
        hold(relay, transport="direct", drain_timeout=1)
    assert error.value.in_flight == 1
    assert relay.main_cf.read_bytes() == before
    relay.submit("second", recipient=OTHER)
    until(lambda: other.waiting == 2, seconds=SECONDS)
    other.go.set()
    until(lambda: sorted(other.subjects) == ["long", "second"], seconds=SECONDS)
    # The queue manager that had asked for the first delivery is gone: another one finds out that it is done.
    relay.run("postqueue", "-f")
    until(lambda: relay.queue() == [], seconds=SECONDS)
    assert sorted(other.subjects) == ["long", "second"]


def test_connections_in_the_cache_are_closed(relay: Postfix, other: SlowServer) -> None:
    """Catches: a connection that stays open, logged in, after the hold."""
    relay.run("postconf", "-e", "smtp_connection_cache_destinations = static:all")
    relay.run("postconf", "-e", "smtp_connection_cache_time_limit = 600s", "connection_cache_ttl_limit = 600s")
    relay.run("postfix", "reload")
    for subject in ("one", "two"):
        relay.submit(subject, recipient=OTHER)
        until(partial(arrived, other, subject), seconds=SECONDS)
    until(lambda: relay.queue() == [], seconds=SECONDS)
    time.sleep(A_WHILE)
    assert other.open >= 1
    hold(relay, transport="direct")
    assert other.open == 0


@pytest.mark.parametrize("end", ["", "\n", "\n\n# the end", "\ndefer_transports = a,\n  b\n# in\n\tc\n"])
def test_file_is_as_it_was(relay: Postfix, end: str) -> None:
    """Catches: a line end added, a value of several lines joined, a comment lost."""
    relay.main_cf.write_text(relay.main_cf.read_text().rstrip("\n") + end)
    before = relay.main_cf.read_bytes()
    access = relay.main_cf.stat()
    hold(relay)
    hold(relay, transport="direct")
    assert relay.run("postconf", "-h", "defer_transports").split()[:2] == [
        "emaillabs,",
        "direct" + ("," if "a," in end else ""),
    ]
    release(relay)
    release(relay, transport="direct")
    assert relay.main_cf.read_bytes() == before
    after = relay.main_cf.stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (access.st_uid, access.st_gid, access.st_mode)


def test_file_that_somebody_edits(relay: Postfix) -> None:
    """Catches: an edit of the user's that the release takes back, also one of a parameter that the hold sets."""
    hold(relay)
    relay.run("postconf", "-e", "smtp_helo_timeout = 77s", "defer_transports = emaillabs, uucp")
    with relay.main_cf.open("a") as file:
        file.write("smtp_mail_timeout = 78s\n")
    release(relay)
    text = relay.main_cf.read_text()
    assert "mailops" not in text and "emaillabs, uucp" not in text
    assert relay.run("postconf", "-h", "smtp_helo_timeout", "smtp_mail_timeout", "defer_transports").split() == [
        "77s",
        "78s",
        "uucp",
    ]
    assert relay.run("postconf", "-h", "master_service_disable").strip() == ""


def test_link_to_the_file_stays(relay: Postfix) -> None:
    """Catches: a symbolic link that becomes a file."""
    real = relay.main_cf.rename(relay.folder / "real.cf")
    relay.main_cf.symlink_to(real)
    before = real.read_bytes()
    hold(relay)
    assert relay.main_cf.is_symlink() and real.read_bytes() != before
    release(relay)
    assert relay.main_cf.is_symlink() and real.read_bytes() == before


def test_two_transports(relay: Postfix, provider: StandIn, other: SlowServer) -> None:
    """Catches: a release that lets go what another run holds."""
    hold(relay)
    hold(relay, transport="direct")
    relay.submit("provider")
    relay.submit("other", recipient=OTHER)
    release(relay)
    until(lambda: subjects(provider) == ["provider"], seconds=SECONDS)
    relay.run("postqueue", "-f")
    time.sleep(A_WHILE)
    assert other.subjects == []
    assert not hold(relay, transport="direct")["changed"]
    release(relay, transport="direct")
    until(lambda: other.subjects == ["other"], seconds=SECONDS)


def test_what_the_user_defers_stays_deferred(relay: Postfix, provider: StandIn, other: SlowServer) -> None:
    """Catches: a flush that overrides defer_transports; a release of what somebody else stopped."""
    relay.run("postconf", "-e", "defer_transports = direct")
    relay.run("postfix", "reload")
    hold(relay)
    hold(relay, transport="direct")
    relay.submit("provider")
    relay.submit("other", recipient=OTHER)
    release(relay, transport="direct")
    release(relay)
    until(lambda: subjects(provider) == ["provider"], seconds=SECONDS)
    time.sleep(A_WHILE)
    assert other.subjects == []


def test_message_that_is_locked_while_the_queue_manager_starts(relay: Postfix, provider: StandIn) -> None:
    """Catches: a message that arrives in the moment of a reload, and then waits for minutes after the release."""
    hold(relay)
    relay.submit("locked")
    until(lambda: [one["queue_name"] for one in relay.queue()] == ["deferred"], seconds=SECONDS)
    (path,) = (relay.folder / "queue" / "deferred").rglob(relay.queue()[0]["queue_id"])
    # As the process does that puts off, or delivers: the lock goes with the file into the other queues.
    with path.open("rb") as file, ThreadPoolExecutor() as pool:
        fcntl.flock(file, fcntl.LOCK_EX)
        released = pool.submit(release, relay)
        until(lambda: "skipped, still being delivered" in relay.log, seconds=SECONDS)
        fcntl.flock(file, fcntl.LOCK_UN)
        released.result()
    until(lambda: subjects(provider) == ["locked"], seconds=SECONDS)


def test_without_flush(relay: Postfix, provider: StandIn) -> None:
    """Catches: an option without effect."""
    hold(relay)
    relay.submit("waits")
    until(lambda: [one["queue_name"] for one in relay.queue()] == ["deferred"], seconds=SECONDS)
    release(relay, flush=False)
    time.sleep(A_WHILE)
    assert subjects(provider) == []
    assert len(relay.queue()) == 1


def test_stopped_postfix(relay: Postfix, provider: StandIn) -> None:
    """Catches: a hold that fails, or is forgotten, where Postfix is not running at that moment."""
    before = relay.main_cf.read_bytes()
    relay.stop()
    held = hold(relay)
    assert held["changed"] and not held["running"]
    assert held["msg"].endswith("Postfix is not running; this takes effect when it starts.")
    assert not hold(relay)["changed"]
    relay.start()
    relay.submit("waits")
    relay.run("postqueue", "-f")
    time.sleep(A_WHILE)
    assert provider.record.logins() == []
    relay.stop()
    assert release(relay)["changed"]
    assert relay.main_cf.read_bytes() == before
    relay.start()
    relay.submit("flows")
    until(lambda: "flows" in subjects(provider), seconds=SECONDS)


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the module's catches it."""


def killed_at(number: int, monkeypatch: pytest.MonkeyPatch, relay: Postfix, **over: Any) -> bool:
    """Run the module until just before its step of this number, and tell whether there was one."""
    steps = iter(range(1000))
    with monkeypatch.context() as patch:
        of_transport = ("_move_to", "_set_aside", "_bring_back", "_reload", "_drain", "_await")
        for owner, name in [*((Transport, name) for name in of_transport), (holds, "flush_queue")]:
            whole = getattr(owner, name)

            def stop_or_go(*arguments: Any, step: Any = whole, **keywords: Any) -> Any:
                if next(steps) == number:
                    raise Killed
                return step(*arguments, **keywords)

            patch.setattr(owner, name, stop_or_go)
        try:
            hold(relay, **over)
        except Killed:
            return True
    return False


@pytest.mark.parametrize("then", ["held", "released"])
@pytest.mark.parametrize("what", ["held", "released"])
def test_killed_at_every_step(
    relay: Postfix, provider: StandIn, monkeypatch: pytest.MonkeyPatch, what: str, then: str
) -> None:
    """Catches: a transport that stays dead, or a hold that is none, after a run that was killed."""
    before = relay.main_cf.read_bytes()
    number = 0
    while True:
        if what == "released":
            hold(relay)
        if not killed_at(number, monkeypatch, relay, state=what):
            break
        hold(relay, state=then)
        relay.submit(str(number))
        if then == "held":
            relay.run("postqueue", "-f")
            time.sleep(0.5)
            assert len(relay.queue()) == 1, number
            release(relay)
        until(lambda: relay.queue() == [], seconds=SECONDS)
        assert relay.main_cf.read_bytes() == before
        assert [path.name for path in (relay.folder / "queue" / "private").glob("*mailops*")] == []
        number += 1
    assert number > 4
    release(relay)
    assert subjects(provider) == sorted(str(one) for one in range(number))


def test_refusals(relay: Postfix, tmp_path: Path) -> None:
    """Catches: a queue manager that is held; a message that does not say what there is."""
    known = "there are: smtp, relay, emaillabs, direct"
    for name in ("qmgr", "cleanup", "missing"):
        with pytest.raises(InputError, match=known):
            hold(relay, transport=name)
    with pytest.raises(InputError, match="is not the name of a transport"):
        hold(relay, transport="smtp unix")
    with pytest.raises(InputError, match=r"main\.cf.*set config_directory"):
        hold(relay, config_directory=str(tmp_path))
    with pytest.raises(InputError, match="must not be negative"):
        hold(relay, drain_timeout=-1)
