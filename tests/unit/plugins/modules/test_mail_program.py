# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    Change,
    Entry,
    Finding,
    Job,
    NotUsedError,
    Program,
    ProgramError,
    Proof,
)
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.modules import mail_program

ELSEWHERE = NotUsedError("it relays to another server")


class Recorder(Program):
    """A program that writes down what is asked of it. C(uses): who it logs in with, C(held): whether it holds."""

    name = "recorder"

    def __init__(
        self, *, uses: str = "1", held: bool = False, installed: bool = True, wrong: InputError | None = None
    ) -> None:
        self.asked: list[str] = []
        self.uses, self.held, self.installed, self.wrong = uses, held, installed, wrong

    def cannot_carry(self, username: str, password: str) -> str:
        return ""

    def is_installed(self) -> bool:
        return self.installed

    def find(self, job: Job) -> Finding:
        self.asked.append("find")
        if self.wrong:
            raise self.wrong
        return Finding("1.0", (Entry("/etc/r", "h", self.uses, "1"),), ("all",), self.held, ("it is old.",))

    def hold(self, job: Job) -> Change:
        self.asked.append("hold")
        self.held = self.held or not job.check_mode
        return Change(changed=True, notes=("it is held.",))

    def deploy(self, job: Job) -> Change:
        self.asked.append("deploy")
        return Change(changed=True, before="a", after="b")

    def prove(self, job: Job) -> list[Proof]:
        self.asked.append("prove")
        return [Proof("message", "250 Ok", "1")]

    def release(self, job: Job) -> Change:
        self.asked.append("release")
        self.held = False
        return Change(changed=True)


@pytest.fixture(autouse=True)
def _as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def run(monkeypatch: pytest.MonkeyPatch, state: str, *programs: Recorder, check: bool = False, **over: Any) -> Any:
    """Run the module with these programs."""
    known = {f"recorder{number or ''}": program for number, program in enumerate(programs)}
    for name, program in known.items():
        program.name = name
    monkeypatch.setattr(mail_program, "NAMES", tuple(known))
    monkeypatch.setattr(mail_program, "program_of", known.__getitem__)
    login = {"username": "1", "password": "a-secret", "replaces": [], "key": ""}
    params = {"program": "recorder", "state": state, "host": "h", "port": 587, "encryption": "tls", "timeout": 9}
    params |= {"logins": [login], "options": {}, "sender": "a@x", "recipient": "b@x", "token": "t"}
    return mail_program.apply(params={**params, **over}, check_mode=check)


@pytest.mark.parametrize(
    ("state", "check", "asked", "changed", "held"),
    [
        ("found", False, ["find"], False, False),
        ("held", False, ["hold", "find"], True, True),
        # In check mode it tells what it is now.
        ("held", True, ["hold", "find"], True, False),
        ("deployed", False, ["deploy", "find"], True, False),
        ("proved", False, ["find", "prove"], True, False),
        ("proved", True, ["find"], False, False),
        ("released", False, ["find", "release"], True, False),
    ],
)
def test_what_is_asked_of_a_program(
    monkeypatch: pytest.MonkeyPatch, state: str, check: bool, asked: list[str], changed: bool, held: bool
) -> None:
    """Catches: a verb that is not called, or in check mode; a state that is told wrongly."""
    one = Recorder()
    result = run(monkeypatch, state, one, check=check)
    assert (one.asked, result["changed"], result["held"]) == (asked, changed, held)
    assert result["entries"] == [{"place": "/etc/r", "key": "h", "username": "1", "wanted": "1"}]
    assert "it is old." in result["notes"] and result["version"] == "1.0"
    assert "a-secret" not in repr(result)


def test_hold_that_is_still_there_and_one_that_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a hold that something else ended during the window, and of which nobody is told."""
    assert run(monkeypatch, "proved", Recorder(held=True))["was_held"] is True
    proved = run(monkeypatch, "proved", Recorder())
    assert (proved["was_held"], proved["proofs"][0]["reply"]) == (False, "250 Ok")
    released = run(monkeypatch, "released", Recorder(held=True))
    assert (released["was_held"], released["held"]) == (True, False)


def test_hold_whose_relay_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a hold that cannot be released, since the program does not use the provider any more."""
    one = Recorder(held=True, wrong=ELSEWHERE)
    result = run(monkeypatch, "released", one)
    assert (result["changed"], result["was_held"], result["held"]) == (True, True, False)
    assert "it relays to another server" in result["notes"][0]
    monkeypatch.setattr(one, "release", lambda _job: Change(changed=False))
    with pytest.raises(InputError, match="it relays to another server"):
        run(monkeypatch, "released", one)
    with pytest.raises(NotUsedError):
        run(monkeypatch, "proved", Recorder(held=True, wrong=ELSEWHERE))


def test_relay_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: advice to see why some helper program hangs, when it is the provider's server that does not answer."""
    one = Recorder(held=True)

    def prove(_job: Job) -> list[Proof]:
        raise subprocess.TimeoutExpired(["/usr/bin/unshare", "x"], 9)

    monkeypatch.setattr(one, "prove", prove)
    with pytest.raises(ProgramError, match="recorder did not send a test message within 9 seconds"):
        run(monkeypatch, "proved", one)


def test_program_that_goes_on_with_another_login(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a green task after which the program uses the old account."""
    with pytest.raises(ProgramError, match="recorder was given the login of 1 but uses 2 for h in /etc/r"):
        run(monkeypatch, "deployed", Recorder(uses="2"))
    assert run(monkeypatch, "deployed", Recorder(uses="2"), check=True)["changed"] is True


def test_programs_that_use_the_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a second mail program that keeps the old password; one that has nothing to do with the provider."""
    programs = (Recorder(), Recorder(installed=False), Recorder(wrong=ELSEWHERE), Recorder())
    result = run(monkeypatch, "found", *programs, program="auto")
    assert result["programs"] == ["recorder", "recorder3"]
    assert result["notes"] == ["recorder2 is installed but not used: it relays to another server"]
    with pytest.raises(InputError, match="the program auto is for the state found only"):
        run(monkeypatch, "held", *programs, program="auto")
    with pytest.raises(InputError, match="another entry comes first"):
        run(monkeypatch, "found", Recorder(), Recorder(wrong=InputError("another entry comes first")), program="auto")


@pytest.mark.parametrize(
    ("one", "over", "words"),
    [
        (Recorder(installed=False), {}, "recorder is not installed on this host"),
        (Recorder(wrong=ELSEWHERE), {}, "it relays to another server"),
    ],
)
def test_hosts_that_do_not_fit(monkeypatch: pytest.MonkeyPatch, one: Recorder, over: Any, words: str) -> None:
    """Catches: a host that is found out when its mail is on hold."""
    with pytest.raises(InputError, match=words):
        run(monkeypatch, "found", one, **over)


def test_only_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a traceback in place of the advice to become root."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(InputError, match="run the task with become: true"):
        run(monkeypatch, "found", Recorder())


def test_options_of_each_program_that_may_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catches: a program that is taken for unused, as it is looked for without its options."""

    class Choosy(Recorder):
        OPTIONS: Mapping[str, Mapping[str, Any]] = {"path": {"type": "str"}}

        def find(self, job: Job) -> Finding:
            if job.options["path"] != "/srv":
                raise ELSEWHERE
            return super().find(job)

    options = {"recorder": {"path": "/srv"}}
    result = run(monkeypatch, "found", Choosy(), Choosy(), program="auto", options=options)
    assert result["programs"] == ["recorder"]
