# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An audit of stored passwords in real ansible-playbook processes; the server's record says how often it was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from standin.faults import Fault
from standin.service import StandIn
from support.chasquid import DOMAIN, Chasquid, why_not
from support.controller import KEYS, Controller, Ended
from support.fleet.provider import Provider
from support.fleet_of_hosts import Fleet
from support.long import LONG, cases
from support.mail import try_login
from support.scene import ONE, TWO, Scene, variables
from support.waiting import until

PLAYBOOK = Path("mailops.smtp.audit")
LOG_IN, COLLECT, REPORT = (
    "Log in once with each stored password",
    "Collect what the logins showed",
    "Report what was done",
)
PANEL = "set-in-the-panel-0Kd7"
FIRST, SECOND, THIRD = "the-first-Pw-1aB", "the-second-Pw-2cD", "the-third-Pw-3eF"


def keep(scene: Scene, passwords: Mapping[str, str], **over: Any) -> None:
    """Put passwords into the store and in force, without a call."""
    scene.provider.accounts.propagation = 0
    for account, password in passwords.items():
        scene.provider.accounts.change(account, password)
    given = {"state": "adopted", "passwords": dict(passwords), "changed_at": "2026-01-01", **over}
    assert scene.rotate(accounts=[*passwords], **given).code == 0


def play(scene: Scene, **over: Any) -> dict[str, Any]:
    values = {"accounts": [ONE, TWO], "state": "audited", "propagation_seconds": 1, "progress_interval": 1, **over}
    role = {"role": "mailops.smtp.smtp_rotation", "vars": variables(scene, **values)}
    return {"hosts": "localhost", "gather_facts": False, "roles": [role]}


def audit(scene: Scene, *arguments: str, **over: Any) -> Ended:
    """Run the role on localhost."""
    return scene.controller.play_file(scene.controller.write_play([play(scene, **over)]), *arguments)


def results(ended: Ended) -> dict[str, str]:
    """Return what became of each account, as it is registered."""
    return {entry["account"]: entry["result"] for entry in ended.result(REPORT)["audit"]}


def logins(scene: Scene, account: str) -> list[bool]:
    """Return whether each login of an account was accepted."""
    return [login["accepted"] for login in scene.provider.record.logins(account)]


def said(ended: Ended) -> str:
    return " ".join(ended.output.split())


@pytest.fixture
def kept(scene: Scene) -> Scene:
    """A store with the passwords in force, and a previous one of the first account."""
    keep(scene, {ONE: FIRST, TWO: SECOND})
    keep(scene, {ONE: THIRD})
    return scene


def test_nothing_found_and_nothing_changed(kept: Scene) -> None:
    """Catches: a message, a second login, a call of the API, a store that is written, a green run that did not look."""
    before = kept.controller.store.read_text()
    ended = audit(kept, test_sender=None, test_recipient=None, application_key="", authorization_key="")
    assert ended.code == 0, ended.output
    assert results(ended) == {ONE: "works", TWO: "works"}
    assert logins(kept, ONE) == logins(kept, TWO) == [True]
    record = kept.provider.record
    assert record.messages() == [] and record.api_calls() == []
    assert kept.controller.store.read_text() == before
    assert ended.recap()["changed"] == 0


def test_drift_is_found_and_rotated_away(kept: Scene) -> None:
    """Catches: a password from the panel that nobody notices; a second wrong login; an account put right wrongly."""
    kept.provider.accounts.change(TWO, PANEL)
    before = kept.controller.store.read_text()
    found = audit(kept)
    assert found.code != 0
    assert results(found) == {ONE: "works", TWO: "refused"}
    assert f"{TWO}: the server refuses the stored password" in said(found) and "Nothing was changed" in said(found)
    assert kept.controller.store.read_text() == before and kept.provider.record.api_calls() == []
    assert (logins(kept, ONE), logins(kept, TWO)) == ([True], [False])
    right = audit(kept, reconcile=True)
    assert right.code == 0, right.output
    assert (logins(kept, ONE), logins(kept, TWO)) == ([True, True], [False, False, True])
    assert not [login for login in kept.provider.record.logins() if login["in_window"]]
    stored = kept.controller.decrypted()
    assert stored[TWO]["password"] == kept.provider.accounts.current(TWO)
    assert stored[TWO]["password"] not in (PANEL, SECOND)
    assert stored[TWO]["previous_password"] == SECOND and stored[TWO]["verified_at"]
    assert stored[ONE]["password"] == THIRD
    again = audit(kept)
    assert again.code == 0, again.output


def test_older_value_is_tried_as_often_as_allowed_and_adopted(kept: Scene) -> None:
    """Catches: more wrong logins than promised; a value told in clear; a working one that is not put to use."""
    kept.provider.accounts.change(ONE, FIRST)
    once = audit(kept)
    assert once.code != 0 and logins(kept, ONE) == [False]
    assert "no other value of the store was tried" in said(once)
    twice = audit(kept, audit_attempts=2)
    assert twice.code != 0 and logins(kept, ONE) == [False, False, True]
    assert "it accepts the store's previous_password" in said(twice) and FIRST not in twice.output
    right = audit(kept, audit_attempts=2, reconcile=True)
    assert right.code == 0, right.output
    stored = kept.controller.decrypted()[ONE]
    assert (stored["password"], stored["previous_password"]) == (FIRST, THIRD) and stored["verified_at"]
    assert kept.provider.record.api_calls() == []
    # The audit's two, and the test of what was adopted.
    assert logins(kept, ONE)[3:] == [False, True, True]
    assert [message["account"] for message in kept.provider.record.messages()] == [ONE]
    assert right.recap()["changed"] > 0 and audit(kept).code == 0


def test_staged_value_that_works_is_settled(kept: Scene) -> None:
    """Catches: a rotation whose answer was lost that is taken for drift without an end; a value that is sent again."""
    kept.provider.faults.push(Fault(kind="reset", when="after"))
    lost = kept.rotate(accounts=[ONE], rotate="always", retries=0)
    assert lost.code != 0, lost.output
    staged, calls = kept.controller.decrypted()[ONE]["staged_password"], len(kept.provider.record.api_calls())
    early = audit(kept, audit_attempts=2, propagation_seconds=600)
    assert results(early)[ONE] == "skipped" and logins(kept, ONE) == []
    kept.backdate(hours=1)
    found = audit(kept, audit_attempts=2)
    assert found.code != 0 and "it accepts the store's staged_password" in said(found)
    assert logins(kept, ONE) == [False, True]
    right = audit(kept, audit_attempts=2, reconcile=True)
    assert right.code == 0, right.output
    stored = kept.controller.decrypted()[ONE]
    assert stored["password"] == staged and "staged_password" not in stored and stored["previous_password"] == THIRD
    assert len(kept.provider.record.api_calls()) == calls


def test_no_value_is_tried_twice(kept: Scene) -> None:
    """Catches: a lockout from more wrong logins than the store has values, or than were allowed."""
    kept.provider.accounts.change(ONE, PANEL)
    ended = audit(kept, audit_attempts=10)
    assert ended.code != 0 and logins(kept, ONE) == [False, False] and logins(kept, TWO) == [True]
    assert "previous_password refused too" in said(ended)


def test_open_window_is_left_alone(kept: Scene) -> None:
    """Catches: a login inside the window, where a refusal means nothing and counts all the same."""
    kept.provider.accounts.propagation = 600
    assert kept.rotate(accounts=[TWO], rotate="always", propagation_seconds=600).code == 0
    ended = audit(kept, propagation_seconds=600, reconcile=True)
    assert ended.code == 0, ended.output
    assert results(ended) == {ONE: "works", TWO: "skipped"}
    assert "logging in is not allowed until" in said(ended) and logins(kept, TWO) == []


def test_what_says_nothing_about_the_password_is_not_called_drift(kept: Scene) -> None:
    """Catches: passwords rotated because the server had a fault; a job that is green although nothing was checked."""
    kept.provider.submission.temporary_auth_failure = True
    ended = audit(kept, reconcile=True, audit_attempts=3)
    assert ended.code != 0
    assert results(ended) == {ONE: "could not be checked", TWO: "could not be checked"}
    assert "That does not say that its password was changed" in said(ended) and "refuses" not in said(ended)
    assert logins(kept, ONE) == logins(kept, TWO) == [False] and kept.provider.record.api_calls() == []


def test_nothing_in_check_mode(kept: Scene) -> None:
    """Catches: a login in check mode."""
    ended = audit(kept, "--check", reconcile=True)
    assert ended.code == 0, ended.output
    assert results(ended) == {ONE: "skipped", TWO: "skipped"} and kept.provider.record.logins() == []


def test_server_that_refuses_everything_may_be_at_fault(tmp_path: Path) -> None:
    """Catches: every account of a fleet rotated because the server's database was down."""
    passwords = {f"{number}.acme.smtp": f"the-Password-of-{number}" for number in range(30)}
    with StandIn(passwords, provider="emaillabs", **KEYS) as running:
        scene = Scene(Controller(tmp_path), running)
        keep(scene, passwords)
        before = scene.controller.store.read_text()
        running.submission.refuse_login = "535 5.7.8 Error: authentication failed: (reason unavailable)"
        ended = audit(scene, accounts=[*passwords], reconcile=True)
        assert ended.code != 0 and set(results(ended).values()) == {"refused"}
        assert "That may be a fault of the server" in said(ended) and "30 accounts: 30 refused" in said(ended)
        assert len(running.record.logins()) == 30 and running.record.api_calls() == []
        assert scene.controller.store.read_text() == before
        # One that works shows that the server does judge.
        running.submission.refuse_login = None
        for account in [*passwords][1:]:
            running.accounts.change(account, PANEL)
        right = audit(scene, accounts=[*passwords], reconcile=True)
        assert right.code == 0, right.output
        assert len(running.record.changes()) >= 29 and audit(scene, accounts=[*passwords]).code == 0


def test_playbook_as_users_run_it(kept: Scene) -> None:
    """Catches: a playbook that rotates, or that takes no variables; data for the playbook that has a secret."""
    kept.provider.accounts.change(TWO, PANEL)
    given = kept.controller.folder / "variables.yml"
    given.write_text(yaml.safe_dump(variables(kept, accounts=[ONE, TWO])))
    ended = kept.controller.play_file(PLAYBOOK, "-e", f"@{given}")
    assert ended.code != 0 and results(ended) == {ONE: "works", TWO: "refused"}
    facts = ended.result("Keep what the logins showed")["ansible_facts"]["smtp_rotation_audit"]
    assert [(one["account"], one["result"], one["tester"]) for one in facts] == [
        (ONE, "works", "localhost"),
        (TWO, "refused", "localhost"),
    ]
    assert not any(secret in str(facts) for secret in (FIRST, SECOND, THIRD, PANEL))


BAD: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "attempts": ({"audit_attempts": 0}, "smtp_rotation_audit_attempts must be a number from 1 to 10. Nothing has"),
    "no audit": (
        {"state": "present", "reconcile": True},
        "smtp_rotation_reconcile is for smtp_rotation_state audited only. Nothing has",
    ),
    "password": (
        {"password": "Given-Pw-123", "accounts": [ONE]},
        "smtp_rotation_password and smtp_rotation_passwords cannot be set with smtp_rotation_state audited, which "
        "tries the stored passwords.",
    ),
    "alternate": (
        {"strategy": "alternate", "senders": {"news": [ONE, TWO]}, "reconcile": True},
        "smtp_rotation_reconcile cannot be used with smtp_rotation_strategy alternate",
    ),
    "no server": ({"smtp_host": ""}, "smtp_rotation_state audited logs in, and needs smtp_rotation_smtp_host."),
    "no addresses": ({"reconcile": True, "test_sender": None}, "The test send needs smtp_rotation_smtp_host"),
    "no key": ({"reconcile": True, "application_key": None}, "is missing or empty"),
    "no store": ({"vault_file": "no-such-store.yml"}, "does not exist, so there is no password to check."),
}


@pytest.mark.parametrize("name", cases(BAD, short=["password", "no key", "no store"]))
def test_bad_input(kept: Scene, name: str) -> None:
    """Catches: options without an effect that nobody hears of; logins before what is wrong is seen."""
    over, words = BAD[name]
    ended = audit(kept, **over)
    assert ended.code != 0
    assert words in said(ended)
    assert kept.provider.record.logins() == []


# -- many hosts

WAYS: Mapping[str, Mapping[str, Any]] = {"linear": {}, "serial": {"serial": 1}, "free": {"strategy": "free"}}


@pytest.mark.parametrize("way", cases(WAYS, short=["serial", "free"]))
def test_fleet(kept: Scene, way: str) -> None:
    """Catches: an account that two hosts log in with, a host without the password that was put right, a hold for it."""
    accounts = {"mail1": [ONE], "mail2": [ONE, TWO], "mail3": [TWO]}
    fleet = Fleet(kept, {host: {"smtp_rotation_accounts": names} for host, names in accounts.items()}, WAYS[way])
    kept.provider.accounts.change(TWO, PANEL)
    found = fleet.run(state="audited", **fleet.hooks("hold", "deploy", "release"))
    assert found.code != 0 and fleet.asked() == []
    assert (logins(kept, ONE), logins(kept, TWO)) == ([True], [False])
    right = fleet.run(state="audited", reconcile=True, **fleet.hooks("hold", "deploy", "release"))
    assert right.code == 0, right.output
    assert sorted(host for _phase, host in fleet.asked("hold")) == ["mail2", "mail3"]
    assert sorted(host for _phase, host in fleet.asked("deploy")) == sorted(accounts)
    (change,) = kept.provider.record.api_calls()
    assert max(fleet.times("hold")) < change["time"] < min(fleet.times("deploy"))
    assert (logins(kept, ONE), logins(kept, TWO)) == ([True] * 2, [False, False, True])
    assert kept.controller.decrypted()[TWO]["password"] == kept.provider.accounts.current(TWO)


@LONG
def test_store_is_saved_elsewhere_before_the_call(kept: Scene) -> None:
    """Catches: a new password that only a runner knows which vanishes; what was adopted, and saved nowhere."""
    fleet = Fleet(kept, {"mail1": {"smtp_rotation_accounts": [ONE, TWO]}})
    kept.provider.accounts.change(ONE, FIRST)
    kept.provider.accounts.change(TWO, PANEL)
    ended = fleet.run(state="audited", reconcile=True, audit_attempts=2, **fleet.hooks("persist"))
    assert ended.code == 0, ended.output
    (change,) = kept.provider.record.api_calls()
    assert change["account"] == TWO and min(fleet.times("persist")) < change["time"] < max(fleet.times("persist"))
    stored = kept.controller.decrypted()
    assert {name: stored[name]["password"] for name in (ONE, TWO)} == {
        ONE: FIRST,
        TWO: kept.provider.accounts.current(TWO),
    }


# -- a real server

PAIR = (f"app1@{DOMAIN}", f"app2@{DOMAIN}")


@pytest.fixture
def real(tmp_path: Path) -> Iterator[tuple[Scene, Chasquid]]:
    """A provider whose mail server is a real one."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    (tmp_path / "provider").mkdir()
    (tmp_path / "controller").mkdir()
    passwords = dict.fromkeys(PAIR, FIRST)
    with Provider(tmp_path / "provider", passwords, window=2, keys=KEYS) as running:
        scene = Scene(Controller(tmp_path / "controller"), running.standin)
        keep(scene, dict.fromkeys(PAIR, SECOND))
        keep(scene, passwords)
        yield scene, running.mail


def test_drift_at_a_real_server(real: tuple[Scene, Chasquid]) -> None:
    """Catches: what only the stand-in does; more wrong logins than promised, by the server's own log."""
    scene, server = real
    for account, password in zip(PAIR, (SECOND, PANEL), strict=True):
        server.set_password(account, password)
    until(
        lambda: try_login(scene.provider.smtp_host, server.port, PAIR[1], PANEL, scene.provider.ca_path)[0] == 235,
        seconds=30,
    )
    before = len(server.logins())
    common = {"accounts": [*PAIR], "smtp_port": server.port, "propagation_seconds": 2, "audit_attempts": 2}
    found = audit(scene, **common)
    assert found.code != 0 and results(found) == dict.fromkeys(PAIR, "refused")
    one, two = ([login.accepted for login in server.logins()[before:] if login.account == name] for name in PAIR)
    assert (one, two) == ([False, True], [False, False])
    scene.provider.accounts.propagation = 2
    right = audit(scene, reconcile=True, test_sender=PAIR[0], test_recipient=f"inbox@{DOMAIN}", **common)
    assert right.code == 0, right.output
    one, two = ([login.accepted for login in server.logins()[before:] if login.account == name] for name in PAIR)
    assert (one[2:], two[2:]) == ([False, True, True], [False, False, True])
    stored = scene.controller.decrypted()
    assert stored[PAIR[0]]["password"] == SECOND and stored[PAIR[1]]["password"] not in (FIRST, SECOND, PANEL)
    assert audit(scene, **common).code == 0
