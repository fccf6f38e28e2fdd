# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hold, prove and release of a real Postfix: what logs in and arrives is proved by the servers' records."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from standin.service import StandIn
from support.postfix import SECONDS, Postfix, relay_settings, why_not
from support.slow_smtp import SlowServer
from support.waiting import until

from ansible_collections.mailops.smtp.plugins.module_utils._clients import writable
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix import holding
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.program import PROGRAM
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.proving import prove
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.route import Route
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    Change,
    Job,
    Login,
    Message,
    ProgramError,
    Proof,
)
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix import instance
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.hold import Transport
from ansible_collections.mailops.smtp.plugins.modules import mail_program

ACCOUNT, OLD, NEW = "1.acme.smtp", "the-password-of-before-0", "the-password-of-after-1"
SENDER, RECIPIENT, TOKEN = "alerts@acme.example", "postmaster@acme.example", "b7f9d2"
HELD = ("emaillabs",)
OTHER = "friend@other.example"
# Long enough for Postfix to do what it must not do.
A_WHILE = 1.5


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
    with made(provider, other) as relay:
        yield relay


def made(
    provider: StandIn,
    other: SlowServer,
    settings: Mapping[str, str] | None = None,
    *,
    transport: str = "emaillabs unix - - n - - smtp",
    logins: Mapping[str, str] | None = None,
) -> Postfix:
    """Return such a relay that does not run yet, with more settings, another transport or another table."""
    defaults = {
        **relay_settings(provider.smtp_host, provider.smtp_port, provider.ca_path, "hash:{config}/sasl_passwd"),
        "default_transport": "emaillabs",
        "transport_maps": f"inline:{{{{other.example=direct:[127.0.0.1]:{other.port}}}}}",
        # Later than any test ends: what is delivered earlier was flushed.
        "minimal_backoff_time": "1h",
        "queue_run_delay": "1h",
    }
    services = [transport, "direct unix - - n - - smtp", "  -o smtp_tls_security_level=none"]
    relay = Postfix(settings={**defaults, **(settings or {})}, services=services)
    relay.write_map("sasl_passwd", logins or {hop(provider): f"{ACCOUNT}:{OLD}"})
    return relay


def hop(provider: StandIn) -> str:
    """Return the provider as Postfix names it."""
    return f"[{provider.smtp_host}]:{provider.smtp_port}"


def job(**over: Any) -> Job:
    """Return what a verb works with."""
    message = Message(SENDER, RECIPIENT, TOKEN)
    defaults: dict[str, Any] = {"host": "127.0.0.1", "port": 587, "logins": (Login(ACCOUNT, NEW),), "message": message}
    return Job(**{**defaults, **over})


def of(relay: Postfix) -> instance.Postfix:
    """Return the instance as the verbs see it."""
    return instance.Postfix(str(relay.config))


def hold(relay: Postfix, transports: Sequence[str] = HELD, **over: Any) -> Change:
    """Hold the transports."""
    return holding.hold(job(**over), of(relay), transports)


def release(relay: Postfix, transports: Sequence[str] = HELD, **over: Any) -> Change:
    """Release the transports."""
    return holding.release(job(**over), of(relay), transports)


def proved(relay: Postfix, provider: StandIn, **over: Any) -> list[Proof]:
    """Prove the login over the held transport."""
    return prove(job(**over), of(relay), [Route("emaillabs", hop(provider), ACCOUNT)])


def is_held(relay: Postfix, transports: Sequence[str] = HELD) -> bool:
    """Tell whether the transports are on hold."""
    return holding.is_held(of(relay), transports)


def subjects(provider: StandIn) -> list[str]:
    """Return the subjects of the messages that the provider accepted."""
    return [message["subject"] for message in provider.record.messages()]


def kept(relay: Postfix) -> dict[str, bytes]:
    """Return every file beside main.cf, and the names of what is in the folders that Postfix and we write into."""
    files = {path.name: path.read_bytes() for path in relay.config.iterdir()}
    folders = ("queue/private", "queue/public", "data")
    return {**files, **{name: repr(sorted(_names(relay.folder / name))).encode() for name in folders}}


def _names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "mailops" in path.name]


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the module's catches it."""


PROVED = [Proof("message", "250 2.0.0 Ok: queued as 000001", ACCOUNT)]
SUBJECT = f"Test message {TOKEN}"


def test_one_message_goes_out_and_leaves_no_trace(relay: Postfix, provider: StandIn) -> None:
    """Catches: other mail that goes out with the proof; a file, socket or message left; a log without a reply."""
    before = kept(relay)
    hold(relay)
    relay.submit("waits")
    held = kept(relay)
    assert proved(relay, provider) == PROVED
    assert kept(relay) == held
    assert is_held(relay)
    relay.run("postqueue", "-f")
    time.sleep(A_WHILE)
    assert subjects(provider) == [SUBJECT]
    (message,) = provider.record.messages()
    assert (message["account"], message["sender"], message["recipients"]) == (ACCOUNT, SENDER, [RECIPIENT])
    assert "status=sent (250 2.0.0 Ok: queued as 000001)" in relay.log
    assert len(relay.queue()) == 1
    release(relay)
    until(lambda: subjects(provider) == [SUBJECT, "waits"], seconds=SECONDS)
    assert kept(relay) == before


def test_new_password_is_proved_and_not_the_old_one(relay: Postfix, provider: StandIn) -> None:
    """Catches: a proof over a connection that was opened before, or from a table that was read before."""
    relay.run("postconf", "-e", "smtp_connection_cache_destinations = static:all")
    relay.run("postfix", "reload")
    relay.submit("before")
    until(lambda: subjects(provider) == ["before"], seconds=SECONDS)
    hold(relay)
    provider.accounts.change(ACCOUNT, NEW)
    with pytest.raises(ProgramError, match=r"535 5\.7\.8"):
        proved(relay, provider)
    relay.write_map("sasl_passwd", {hop(provider): f"{ACCOUNT}:{NEW}"})
    assert [proof.how for proof in proved(relay, provider)] == ["message"]
    assert [login["accepted"] for login in provider.record.logins()] == [True, False, True]


def down(provider: StandIn) -> None:
    """Nobody listens at the provider any more."""
    provider.stop()


REFUSALS: dict[str, tuple[Any, str]] = {
    "login": (lambda one: one.accounts.change(ACCOUNT, NEW), "SASL authentication failed.* 535 5.7.8"),
    "later": (lambda one: setattr(one.submission, "temporary_auth_failure", True), "454 4.7.0 Temporary"),
    "down": (down, "Connection refused"),
    "sender": (lambda one: setattr(one.submission, "refuse_sender", True), "550 5.7.1 .*not authorised"),
    "recipient": (lambda one: setattr(one.submission, "refuse_recipient", True), "550 5.1.1"),
    "greylisting": (lambda one: setattr(one.submission, "refuse_login", "450 4.2.0 Greylisted"), "450 4.2.0"),
    "message": (lambda one: setattr(one.submission, "refuse_message", True), "554 5.7.1 Message refused"),
}


@pytest.mark.parametrize("lifetime", ["5d", "0"])
@pytest.mark.parametrize("why", sorted(REFUSALS))
def test_refusal(provider: StandIn, other: SlowServer, why: str, lifetime: str) -> None:
    """Catches: a refusal taken for a proof, a bounce, a message left, a hold that ends, a password in the message."""
    act, words = REFUSALS[why]
    with made(provider, other, {"maximal_queue_lifetime": lifetime, "bounce_queue_lifetime": lifetime}) as relay:
        hold(relay)
        held = kept(relay)
        act(provider)
        with pytest.raises(ProgramError, match=f"was not accepted: .*{words}.*all stays on hold$") as error:
            proved(relay, provider)
        assert OLD not in str(error.value) and NEW not in str(error.value)
        assert kept(relay) == held
        assert is_held(relay)
        assert relay.queue() == []
        assert "postfix/bounce" not in relay.log and "from=<>" not in relay.log


def test_relay_that_does_not_answer(relay: Postfix, other: SlowServer) -> None:
    """Catches: a proof without an end; a message that is left, or a process that still delivers it."""
    hold(relay, ["direct"])
    held = kept(relay)
    other.go.clear()
    with pytest.raises(ProgramError, match="neither accepted nor refused within 3 seconds"):
        prove(job(timeout=3), of(relay), [Route("direct", f"[127.0.0.1]:{other.port}", ACCOUNT)])
    assert [command for command in relay.processes().values() if "mailops" in " ".join(command)] == []
    assert kept(relay) == held
    assert relay.queue() == []
    other.go.set()
    until(lambda: other.open == 0, seconds=SECONDS)


def test_services_file_that_is_replaced_meanwhile(relay: Postfix, other: SlowServer) -> None:
    """Catches: a message that waits for days, since an upgrade or a template wrote master.cf anew during the proof."""
    hold(relay, ["direct"])
    held = kept(relay)
    other.go.clear()
    with ThreadPoolExecutor() as pool:
        route = Route("direct", f"[127.0.0.1]:{other.port}", ACCOUNT)
        running = pool.submit(prove, job(timeout=6), of(relay), [route])
        until(lambda: other.waiting == 1, seconds=SECONDS)
        (relay.config / "master.cf").write_bytes(held["master.cf"])
        relay.run("postfix", "reload")
        with pytest.raises(ProgramError, match=r"neither accepted nor refused|was not accepted"):
            running.result()
    assert relay.queue() == []
    assert kept(relay) == held
    other.go.set()


HOSTILE = {
    "header_checks": "static:HOLD",
    "body_checks": "static:REJECT",
    "content_filter": "smtp:[127.0.0.1]:1",
    "smtpd_milters": "inet:127.0.0.1:1",
    "non_smtpd_milters": "inet:127.0.0.1:1",
    "milter_default_action": "tempfail",
    "always_bcc": OTHER,
    "smtpd_client_restrictions": "reject",
    "smtpd_sender_restrictions": "reject",
    "smtpd_recipient_restrictions": "reject",
    "smtpd_relay_restrictions": "reject",
    "smtpd_end_of_data_restrictions": "reject",
    "smtpd_tls_security_level": "encrypt",
    "smtpd_discard_ehlo_keywords": "dsn",
    "smtpd_helo_required": "yes",
    "mynetworks": "192.0.2.0/24",
    "virtual_alias_maps": f"inline:{{{{{RECIPIENT}={OTHER}}}}}",
    "sender_canonical_maps": f"inline:{{{{{SENDER}=nobody@there.example}}}}",
    "transport_maps": "static:error:no",
    "relocated_maps": f"inline:{{{{{RECIPIENT}=elsewhere}}}}",
    "sender_dependent_default_transport_maps": "static:error:no",
    "sender_dependent_relayhost_maps": "static:[127.0.0.1]:1",
    "smtp_fallback_relay": "[127.0.0.1]:1",
    "enable_long_queue_ids": "yes",
    "soft_bounce": "no",
    "smtp_delivery_status_filter": "static:5.0.0",
    "default_destination_rate_delay": "30s",
    "smtp_tls_connection_reuse": "yes",
    "smtpd_delay_reject": "no",
    "disable_vrfy_command": "yes",
    "smtpd_peername_lookup": "no",
}


def test_settings_that_would_stop_the_message(provider: StandIn, other: SlowServer) -> None:
    """Catches: a rule, filter or table of the user's that the proof runs into; a proof that another relay took."""
    with made(provider, other, HOSTILE) as relay:
        hold(relay)
        assert proved(relay, provider) == PROVED
        assert provider.record.messages()[0]["sender"] == SENDER
        assert relay.queue() == []


@pytest.mark.parametrize(
    "transport",
    [
        "emaillabs unix - - n - - smtp\n  -o smtp_sasl_password_maps=hash:$config_directory/own.$service_name",
        "emaillabs unix - n n - 3 smtp\n  -o { smtp_sasl_password_maps = hash:$config_directory/own.${service_name} }",
        "emaillabs unix - - y - - smtp",
    ],
)
def test_options_of_the_transport(provider: StandIn, other: SlowServer, transport: str) -> None:
    """Catches: a proof that logs in with another table than the transport does, one that is named after it included."""
    own = {"smtp_sasl_password_maps": "hash:{config}/wrong" if "-o" in transport else "hash:{config}/own.$service_name"}
    relay = made(provider, other, own, transport=transport)
    relay.write_map("own.emaillabs", {hop(provider): f"{ACCOUNT}:{OLD}"})
    relay.write_map("wrong", {hop(provider): f"{ACCOUNT}:wrong"})
    with relay:
        hold(relay)
        assert proved(relay, provider) == PROVED


def test_file_whose_last_line_has_no_end(relay: Postfix, provider: StandIn) -> None:
    """Catches: a line end added to master.cf, another owner or mode, a link that becomes a file."""
    real = (relay.config / "master.cf").rename(relay.folder / "real.cf")
    real.write_text(real.read_text().rstrip("\n"))
    real.chmod(0o640)
    (relay.config / "master.cf").symlink_to(real)
    relay.run("postfix", "reload")
    hold(relay)
    before = real.read_bytes(), real.stat().st_mode
    assert proved(relay, provider) == PROVED
    assert (real.read_bytes(), real.stat().st_mode) == before
    assert (relay.config / "master.cf").is_symlink()


def test_stopped_postfix_proves_nothing(relay: Postfix, provider: StandIn) -> None:
    """Catches: an error, or a proof, where no mail can go out."""
    relay.stop()
    before = kept(relay)
    assert proved(relay, provider) == [Proof("nothing", "", ACCOUNT)]
    assert kept(relay) == before


def test_no_message_no_proof(relay: Postfix, provider: StandIn) -> None:
    """Catches: a message that nobody asked for."""
    assert proved(relay, provider, message=None) == []
    assert provider.record.logins() == []


@pytest.mark.parametrize("sender", [SENDER, "nobody@acme.example"])
def test_logins_by_sender(provider: StandIn, other: SlowServer, sender: str) -> None:
    """Catches: a login taken for proved although the message logged in with another one."""
    for name in ("2.acme.smtp", "3.acme.smtp", "4.acme.smtp"):
        provider.accounts.add(name, OLD)
    logins = {
        hop(provider): f"{ACCOUNT}:{OLD}",
        SENDER: f"2.acme.smtp:{OLD}",
        "news@acme.example": f"3.acme.smtp:{OLD}",
        "@other.example": f"4.acme.smtp:{OLD}",
    }
    routes = [
        Route("emaillabs", hop(provider), ACCOUNT),
        Route("emaillabs", hop(provider), "2.acme.smtp", SENDER),
        Route("emaillabs", hop(provider), "3.acme.smtp", "news@acme.example"),
        Route("emaillabs", hop(provider), "4.acme.smtp", "@other.example"),
        Route("emaillabs", hop(provider), "2.acme.smtp", "boss@acme.example"),
    ]
    with made(provider, other, {"smtp_sender_dependent_authentication": "yes"}, logins=logins) as relay:
        hold(relay)
        proofs = prove(job(message=Message(sender, RECIPIENT, TOKEN)), of(relay), routes)
    usual = "message" if sender != SENDER else "nothing"
    assert [proof.how for proof in proofs] == [usual, "message", "message", "nothing", "message"]
    assert [proof.username for proof in proofs] == [route.username for route in routes]
    sent = [(message["account"], message["sender"]) for message in provider.record.messages()]
    expected = [(ACCOUNT, sender), ("2.acme.smtp", SENDER), ("3.acme.smtp", "news@acme.example")]
    assert sent == expected[usual == "nothing" :]


def test_all_or_none_are_held(relay: Postfix, provider: StandIn, other: SlowServer) -> None:
    """Catches: a transport that stays on hold after another one could not be held."""
    before = kept(relay)
    other.go.clear()
    relay.submit("long", recipient=OTHER)
    until(lambda: other.waiting == 1, seconds=SECONDS)
    words = r"^1 delivery over the transport direct did not end in time: all transports together have 3 seconds"
    with pytest.raises(ProgramError, match=words):
        hold(relay, ["emaillabs", "direct"], timeout=3)
    assert kept(relay) == before
    assert not is_held(relay)
    relay.submit("flows")
    until(lambda: subjects(provider) == ["flows"], seconds=SECONDS)
    other.go.set()
    until(lambda: "long" in other.subjects, seconds=SECONDS)


def test_killed_between_two_transports(relay: Postfix, monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: one of two that stays on hold, or is not held, after a run that was killed between them."""
    names, before = ["emaillabs", "direct"], kept(relay)

    def killed_before_the_second(whole: Any) -> Any:
        def step(self: Transport, **keywords: Any) -> None:
            if self.name == "direct":
                raise Killed
            whole(self, **keywords)

        return step

    for verb, then in (("hold", hold), ("hold", release), ("release", hold), ("release", release)):
        if verb == "release":
            hold(relay, names)
        with monkeypatch.context() as patch:
            patch.setattr(Transport, verb, killed_before_the_second(getattr(Transport, verb)))
            with pytest.raises(Killed):
                (hold if verb == "hold" else release)(relay, names)
        assert not is_held(relay, names)
        assert then(relay, names).changed
        assert is_held(relay, names) == (then is hold)
        release(relay, names)
        assert kept(relay) == before


def test_several_transports(relay: Postfix, provider: StandIn, other: SlowServer) -> None:
    """Catches: one that is not held, or not flushed; check mode that writes or says something else."""
    names, before = ["emaillabs", "direct"], kept(relay)
    pretended = hold(relay, names, check_mode=True)
    assert kept(relay) == before and not is_held(relay, names)
    assert hold(relay, names) == pretended
    assert pretended.changed and pretended.before == "" and "# held: emaillabs direct\n" in pretended.after
    assert is_held(relay, names) and not hold(relay, names).changed
    relay.submit("provider")
    relay.submit("other", recipient=OTHER)
    relay.run("postqueue", "-f")
    time.sleep(A_WHILE)
    assert (subjects(provider), other.subjects) == ([], [])
    assert not is_held(relay, [])
    pretended = release(relay, names, check_mode=True)
    assert is_held(relay, names)
    assert release(relay, names) == pretended
    assert pretended.after == "" and "# held: emaillabs direct\n" in pretended.before
    until(lambda: (subjects(provider), other.subjects) == (["provider"], ["other"]), seconds=SECONDS)
    assert not release(relay, names).changed
    assert kept(relay) == before


def test_hold_that_somebody_ended(relay: Postfix, provider: StandIn) -> None:
    """Catches: a hold that is said to last although another tool wrote main.cf anew; a release that undoes its work."""
    template = relay.main_cf.read_bytes() + b"# by another tool\nsmtp_helo_timeout = 77s"
    hold(relay)
    assert is_held(relay)
    relay.main_cf.write_bytes(template)
    relay.run("postfix", "reload")
    assert not is_held(relay)
    assert hold(relay).changed
    assert is_held(relay)
    logins = len(provider.record.logins())
    relay.submit("waits")
    relay.run("postqueue", "-f")
    time.sleep(A_WHILE)
    assert len(provider.record.logins()) == logins
    assert proved(relay, provider)[0].how == "message"
    release(relay)
    assert relay.main_cf.read_bytes() == template
    until(lambda: "waits" in subjects(provider), seconds=SECONDS)


def test_hold_that_was_killed_and_then_forgotten(relay: Postfix, provider: StandIn) -> None:
    """Catches: a transport that stays dead after a kill, because main.cf does not show any more who stopped it."""
    before = kept(relay)
    private = relay.folder / "queue" / "private"
    (private / "emaillabs").rename(private / "emaillabs.mailops-held")
    assert release(relay).changed
    relay.submit("flows")
    until(lambda: subjects(provider) == ["flows"], seconds=SECONDS)
    assert kept(relay) == before


def test_many_messages_while_users_do_what_they_like(relay: Postfix, provider: StandIn) -> None:
    """Catches: a message that slips through during the proof, is lost, or arrives twice."""
    sent: list[str] = []
    done = threading.Event()

    def submits() -> None:
        while not done.is_set() or len(sent) < 200:
            relay.submit(f"mail {len(sent)}")
            sent.append(f"mail {len(sent)}")

    def interferes() -> None:
        commands = (("postqueue", "-f"), ("postfix", "reload"), ("postsuper", "-r", "ALL"), ("postqueue", "-f"))
        while not done.is_set():
            for command in commands:
                relay.call(*command)
                relay.call("postkick", "public", "pickup", "W")
                done.wait(0.3)

    hold(relay)
    with ThreadPoolExecutor() as pool:
        running = [pool.submit(submits), pool.submit(interferes)]
        try:
            until(lambda: len(sent) > 150, seconds=SECONDS)
            for _round in range(3):
                assert proved(relay, provider)[0].how == "message"
        finally:
            done.set()
        for one in running:
            one.result()
    assert set(subjects(provider)) == {SUBJECT}
    relay.run("postkick", "public", "pickup", "W")
    until(lambda: {one["queue_name"] for one in relay.queue()} == {"deferred"}, seconds=SECONDS)
    assert len(relay.queue()) == len(sent)
    release(relay)
    until(lambda: relay.queue() == [], seconds=SECONDS)
    assert sorted(one for one in subjects(provider) if one != SUBJECT) == sorted(sent)


# Runs the proof until just before one of the things that it does to Postfix or to files.
KILLED = """
import os, signal, sys
sys.path[:0] = sys.argv[5:]
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix import proving, services
from ansible_collections.mailops.smtp.plugins.module_utils._clients.postfix.route import Route
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import Job, Message
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix
config, nexthop, account, number = sys.argv[1:5]
steps = iter(range(10000))

def counted(whole):
    def step(*arguments, **keywords):
        if next(steps) == int(number):
            os.kill(os.getpid(), signal.SIGKILL)
        return whole(*arguments, **keywords)
    return step

postfix = Postfix(config)
message = Message("alerts@acme.example", "postmaster@acme.example", "killed")
for owner, name in (
    (Postfix, "call"), (Postfix, "reload"), (services, "write"), (services, "remove"),
    (services.Services, "log"), (proving, "hand_in"),
):
    setattr(owner, name, counted(getattr(owner, name)))
proving.prove(Job("127.0.0.1", 587, message=message), postfix, [Route("emaillabs", nexthop, account)])
"""


def killed_at(number: int, relay: Postfix, provider: StandIn) -> bool:
    """Prove until just before a step, and tell whether there was one."""
    arguments = [str(relay.config), hop(provider), ACCOUNT, str(number), *sys.path]
    done = subprocess.run([sys.executable, "-c", KILLED, *arguments], capture_output=True, timeout=SECONDS, check=False)
    assert done.returncode in (0, -9), done.stderr.decode()
    return done.returncode == -9


def test_killed_at_every_step(relay: Postfix, provider: StandIn) -> None:
    """Catches: services, messages, logs or sockets that a killed proof leaves for ever."""
    before = kept(relay)
    hold(relay)
    held = kept(relay)
    relay.submit("waits")
    number = 0
    while killed_at(number, relay, provider):
        if number % 3 == 0 and kept(relay) != held:
            # As a user does who wonders about the message.
            relay.run("postsuper", "-r", "ALL")
            relay.run("postkick", "public", "pickup", "W")
        dirty = kept(relay) != held
        if number % 2:
            assert hold(relay).changed == dirty
        else:
            proved(relay, provider)
        assert kept(relay) == held, number
        assert is_held(relay)
        until(lambda: [one["sender"] for one in relay.queue()] == ["app@acme.example"], seconds=SECONDS)
        number += 1
    assert number > 15
    killed_at(9, relay, provider)
    release(relay)
    until(lambda: "waits" in subjects(provider), seconds=SECONDS)
    assert relay.queue() == []
    assert kept(relay) == before


def test_rotation_with_the_module(relay: Postfix, provider: StandIn) -> None:
    """Catches: verbs that do not fit together: what is found is not what is held, written and proved."""
    before = relay.main_cf.read_bytes()
    login = {"username": ACCOUNT, "password": NEW, "replaces": [], "key": ""}
    common: dict[str, Any] = {"program": "postfix", "host": provider.smtp_host, "port": provider.smtp_port}
    common |= {"encryption": "starttls", "logins": [login], "options": {"config_directory": str(relay.config)}}
    common |= {"sender": SENDER, "recipient": RECIPIENT, "token": TOKEN, "timeout": 40}

    def run(state: str) -> dict[str, Any]:
        return mail_program.apply(params={**common, "state": state}, check_mode=False)

    found = run("found")
    assert "emaillabs" in found["holds"] and not found["held"]
    assert run("held")["held"]
    relay.submit("waits")
    provider.accounts.change(ACCOUNT, NEW)
    assert run("deployed")["changed"]
    result = run("proved")
    assert [proof["reply"] for proof in result["proofs"]] == ["250 2.0.0 Ok: queued as 000001"]
    assert result["held"] and subjects(provider) == [SUBJECT]
    assert not run("released")["held"]
    until(lambda: subjects(provider) == [SUBJECT, "waits"], seconds=SECONDS)
    assert relay.main_cf.read_bytes() == before
    assert all(one["accepted"] for one in provider.record.logins())


@pytest.mark.parametrize("recipient", [RECIPIENT, ""])
def test_services_file_that_cannot_be_replaced(
    relay: Postfix, provider: StandIn, monkeypatch: pytest.MonkeyPatch, recipient: str
) -> None:
    """Catches: a master.cf that is found out to be a mount when the password has changed; a refusal without a proof."""
    monkeypatch.setattr(writable, "_text_of", lambda _path: f"1 1 0:1 / {relay.config / 'master.cf'} rw\n")
    message = Message(SENDER, recipient, TOKEN) if recipient else None
    options = {**dict.fromkeys(PROGRAM.OPTIONS), "config_directory": str(relay.config)}
    of_provider = {"host": provider.smtp_host, "port": provider.smtp_port, "options": options, "message": message}
    if message is None:
        assert PROGRAM.find(job(**of_provider)).entries
    else:
        with pytest.raises(InputError, match=r"master\.cf is a mount of its own"):
            PROGRAM.find(job(**of_provider))


def test_postfix_without_a_log_for_one_service(
    relay: Postfix, provider: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Catches: a Postfix before 3.4 whose queue alone tells what became of the message, and is not asked."""
    whole = instance.Postfix.call

    def call(self: instance.Postfix, command: str, *arguments: str, given: str = "") -> instance.Answer:
        if "postlog_service_name" in arguments:
            return instance.Answer(0, "", "postconf: warning: postlog_service_name: unknown parameter\n")
        return whole(self, command, *arguments, given=given)

    monkeypatch.setattr(instance.Postfix, "call", call)
    before = kept(relay)
    hold(relay)
    assert proved(relay, provider) == [Proof("message", "left the queue", ACCOUNT)]
    assert subjects(provider) == [SUBJECT]
    provider.accounts.change(ACCOUNT, NEW)
    with pytest.raises(ProgramError, match=r"was not accepted: .*535 5\.7\.8"):
        proved(relay, provider)
    assert relay.queue() == []
    release(relay)
    assert kept(relay) == before
