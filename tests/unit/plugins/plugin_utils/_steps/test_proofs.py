# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet import ending
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.proof import told_reopened
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Phase, Verdict
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps import proofs
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record as Entry
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.sender import Sender
from ansible_collections.mailops.smtp.tests.unit.plugins.fleet_scene import TOKEN, fails, fleet, works
from ansible_collections.mailops.smtp.tests.unit.plugins.steps_scene import next_step, stage, store_of
from ansible_collections.mailops.smtp.tests.unit.plugins.stores import NOW, VAULT

PLAN: dict[str, Any] = {
    "users": {"a": ["1"], "b": ["2"]},
    "work": ["1", "2"],
    "testers": {"1": "a", "2": "b"},
    "goes_on": True,
}
LEADER: dict[str, Any] = {"reached": 5, "accounts": ["1"], "plan": PLAN, "outcome": {"untested": ["1", "2"]}}
OTHER: dict[str, Any] = {"reached": 5, "accounts": ["2"]}
DONE: dict[str, Any] = {"done": TOKEN, "reached": 0, "verdict": {"proved": ["1", "2"]}}
PAIRS: dict[str, Any] = {"strategy": "alternate"}
POSTFIX: dict[str, Any] = {"consumer": "exim"}
CLOSED = {"failed": True, "msg": "no."}


def scene(here: str = "a", leader: Any = None, other: Any = None, **hosts: Any) -> Any:
    """Return two hosts after the change."""
    known = {"a": {**LEADER, **(leader or {})}, "b": {**OTHER, **(other or {})}}
    return fleet(here, known, everyone="a b", **hosts)


def result_of(name: str, **more: Any) -> dict[str, Any]:
    return {"username": name, "authenticated": True, **more}


# -- test


@pytest.mark.parametrize(
    ("message", "here", "send"),
    [("each", "a", True), ("first", "a", True), ("first", "b", False), ("none", "a", False)],
)
def test_message_is_sent_as_asked(tmp_path: Path, message: str, here: str, send: bool) -> None:
    """Catches: a message for each of a thousand accounts where one was asked for; none where each was."""
    store = store_of(tmp_path / "s.yml", {"1": "first", "2": "second"})
    name, text = ("1", "first") if here == "a" else ("2", "second")
    answers = {"smtp_test_send": {"results": [result_of(name)]}}
    one = stage(scene(here), answers, store=store, test_message=message, ca_path="/ca")
    result = proofs.test(one.tools)
    assert one.asked("smtp_test_send") == {
        **one.tools.options.of_smtp(),
        "accounts": [{"username": name, "password": text, "send": send}],
    }
    assert one.asked("smtp_test_send")["ca_path"] == "/ca"
    tests = [{"account": name, "works": True}]
    told = "1 of 1 accounts work"
    assert result == {"item": here, "token": TOKEN, "changed": False, "tests": tests, "msg": told}
    assert one.learnt == [text]


@pytest.mark.parametrize(
    ("answer", "test"),
    [
        (
            {
                "failed": True,
                "msg": "1 of 1 failed",
                "results": [{"username": "1", "reason": "rejected", "msg": "535"}],
            },
            {"reason": "rejected", "msg": "535"},
        ),
        ({"failed": True, "msg": "killed"}, {"reason": "no answer", "msg": "killed"}),
        ({"unreachable": True, "msg": "timed out"}, {"reason": "no answer", "msg": "timed out"}),
    ],
)
def test_message_that_is_not_sent(tmp_path: Path, answer: Any, test: Any) -> None:
    """Catches: a password that does not work and counts as tested; a task that costs all others their test."""
    one = stage(scene(), {"smtp_test_send": answer}, store=store_of(tmp_path / "s.yml", {"1": "first"}))
    result = proofs.test(one.tools)
    assert result["tests"] == [{"account": "1", "works": False, **test}]
    assert result["msg"] == "0 of 1 accounts work"
    assert "failed" not in result


def test_account_that_another_run_has_changed(tmp_path: Path) -> None:
    """Catches: a login inside a window that somebody else opened in the meantime."""
    later = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(hours=1)
    changed = Entry(password=VAULT.encrypt("newer"), changed_at=NOW, effective_at=later)
    one = stage(scene(), store=store_of(tmp_path / "s.yml", {}, records={"1": changed}))
    result = proofs.test(one.tools)
    assert (one.calls, result["tests"]) == ([], [told_reopened("1")])


@pytest.mark.parametrize(
    ("here", "item", "options", "check_mode", "hosts", "spared"),
    [
        ("a", None, {"test_send": False}, False, {}, ["1"]),
        ("a", None, {}, True, {}, ["1"]),
        ("a", "b", {"test_send": False}, False, {"batch": "a"}, ["2"]),
        ("b", None, {}, False, {"batch": "b", "done": True}, []),
    ],
)
def test_nothing_is_tested(here: str, item: Any, options: Any, check_mode: bool, hosts: Any, spared: list[str]) -> None:
    """Catches: an account that was to be left untested, told as one that failed."""
    leader = DONE if hosts.pop("done", False) else {}
    one = stage(scene(here, leader, **hosts), params={"host": item}, check_mode=check_mode, **options)
    result = proofs.test(one.tools)
    assert (one.calls, result["tests"], result["spared"], result["skipped"]) == ([], [], spared, True)
    assert result["item"] == (item or here)


@pytest.mark.parametrize("step", [proofs.test, proofs.release, proofs.try_login])
def test_leader_that_failed(step: Any) -> None:
    """Catches: a login inside the window, which nobody has waited for since the leader failed."""
    with pytest.raises(InputError, match="The rotation ended early on a; see its error"):
        stage(scene("b", {"reached": 4}, active="b")).do(step)


# -- release


@pytest.mark.parametrize(
    ("leader", "answer", "options", "asked", "trouble", "releases"),
    [
        ({"verdict": {"proved": ["2"]}}, {"changed": True}, POSTFIX, True, "", True),
        ({"verdict": {"proved": ["2"]}}, {}, {"consumer": ""}, False, "", True),
        ({"verdict": {"unproved": {"2": {"reason": "x", "msg": ""}}}}, {}, POSTFIX, False, "", False),
        (
            {"verdict": {"unproved": {"2": {"reason": "x", "msg": ""}}}},
            {},
            {**POSTFIX, "release_on_failure": "yes"},
            True,
            "",
            True,
        ),
        ({"verdict": {"proved": ["2"]}}, CLOSED, POSTFIX, True, "its mail could not be released: no", False),
        ({}, {}, POSTFIX, False, "", False),
    ],
)
def test_release(leader: Any, answer: Any, options: Any, asked: bool, trouble: str, releases: bool) -> None:
    """Catches: mail that bounces, mail that stays, and tasks of the playbook that release what stays on hold."""
    own = {"programs": ["exim"] if options["consumer"] else []}
    one = stage(scene("b", leader, own), {"mail_program": answer}, test_message="none", **options)
    record, result = one.do(proofs.release)
    assert [name for name, _options in one.calls] == ["mail_program"] * asked
    if asked:
        assert (one.asked("mail_program")["program"], one.asked("mail_program")["state"]) == ("exim", "released")
    assert (record.trouble, result["releases"]) == (trouble, releases)
    assert result["changed"] == bool(answer.get("changed"))


ANSWERED = {"how": "message", "username": "2", "reply": "250 2.0.0 Ok"}
SENT = {"changed": True, "has_queue": True, "was_held": True, "proofs": [ANSWERED]}
PROVED: dict[str, Any] = {"verdict": {"proved": ["2"]}}


def proving(path: Path, answers: Any, leader: Any = None, own: Any = None, **options: Any) -> Any:
    """Return a host whose mail program is to be proved."""
    known = {"programs": ["exim"], "holds": [{"held": True}], **(own or {})}
    store = store_of(path / "s.yml", {"2": "second"})
    return stage(scene("b", leader or PROVED, known), {"mail_program": answers}, store=store, **POSTFIX, **options)


def test_message_goes_out_before_the_rest(tmp_path: Path) -> None:
    """Catches: mail that is released to a program which goes on with the old login."""
    one = proving(tmp_path, [SENT, {"changed": True}])
    record, _result = one.do(proofs.release)
    (_name, proved), (_again, released) = one.calls
    assert (proved["state"], released["state"]) == ("proved", "released")
    assert proved["logins"] == [{"username": "2", "password": "second"}]
    assert (proved["sender"], proved["recipient"]) == ("from@acme.example", "to@acme.example")
    assert proved["token"].startswith("mailops-") and "password" not in released["logins"][0]
    assert record.proofs == [{"program": "exim", **ANSWERED}]
    assert (record.trouble, one.warned) == ("", [])


def test_mail_stays_if_the_message_is_refused(tmp_path: Path) -> None:
    """Catches: a queue that is let go to bounce."""
    one = proving(tmp_path, [{"failed": True, "msg": "535 no."}])
    record, result = one.do(proofs.release)
    assert [asked["state"] for _name, asked in one.calls] == ["proved"]
    assert record.trouble == "no message could be sent through exim with the new password: 535 no."
    assert (result["releases"], record.proofs) == (False, [])


def test_account_that_was_never_rotated(tmp_path: Path) -> None:
    """Catches: mail that stays on hold where the provider refused the first password, and the old one is in force."""
    known = {"programs": ["exim"], "holds": [{"held": True}]}
    one = stage(scene("b", PROVED, known), {"mail_program": [{}]}, store=store_of(tmp_path / "s.yml", {}), **POSTFIX)
    record, result = one.do(proofs.release)
    assert [asked["state"] for _name, asked in one.calls] == ["released"]
    assert (record.trouble, result["releases"]) == ("", True)


REFUSED: dict[str, Any] = {"verdict": {"unproved": {"2": {"reason": "x", "msg": ""}}}}


@pytest.mark.parametrize(
    ("leader", "answers", "states", "trouble"),
    [
        # Another login that is refused could lock the account.
        (REFUSED, [{}], ["released"], ""),
        (
            PROVED,
            [{"failed": True, "msg": "535 no."}, {}],
            ["proved", "released"],
            "no message could be sent through exim with the new password: 535 no",
        ),
    ],
)
def test_mail_is_released_whatever_fails(
    tmp_path: Path, leader: Any, answers: Any, states: list[str], trouble: str
) -> None:
    """Catches: mail that stays on hold, although it was to be released even then; a failure that nobody is told of."""
    one = proving(tmp_path, answers, leader, release_on_failure=True)
    record, result = one.do(proofs.release)
    assert [asked["state"] for _name, asked in one.calls] == states
    assert (record.trouble, record.released, result["releases"]) == (trouble, True, True)
    after = stage(next_step(one, result), release_on_failure=True)
    told = proofs.report(after.tools).get("msg", "")
    assert "stays on hold" not in told and trouble in told


def test_hold_that_something_else_ended(tmp_path: Path) -> None:
    """Catches: logins inside the window of which nobody is told."""
    one = proving(tmp_path, [{**SENT, "was_held": False}, {}])
    one.do(proofs.release)
    assert one.warned and "b: something else ended the hold of the mail of exim" in one.warned[0]
    for over in ({"has_queue": False, "was_held": False}, {"was_held": True}):
        one = proving(tmp_path, [{**SENT, **over}, {}])
        one.do(proofs.release)
        assert one.warned == []


@pytest.mark.parametrize(
    ("leader", "own", "options", "check_mode", "states"),
    [
        (PROVED, {}, {}, False, ["proved", "released"]),
        (PROVED, {}, {"test_message": "none"}, False, ["released"]),
        (PROVED, {}, {"test_send": False}, False, ["released"]),
        (PROVED, {}, {}, True, ["released"]),
        # Nothing has changed: no message at each run; but one after a run that was killed.
        ({**PROVED, "plan": {**PLAN, "work": []}}, {}, {}, False, ["released"]),
        ({**PROVED, "plan": {**PLAN, "work": []}}, {"on_hold": ["exim"]}, {}, False, ["proved", "released"]),
        # It could not be reached when the password changed, and has got it now.
        ({**PROVED, "plan": {**PLAN, "work": []}}, {"fresh": True}, {}, False, ["proved", "released"]),
    ],
)
def test_when_a_message_is_sent(
    tmp_path: Path, leader: Any, own: Any, options: Any, check_mode: bool, states: list[str]
) -> None:
    """Catches: a message at every run; none where the mail of an earlier run is let go."""
    one = proving(tmp_path, [SENT, {}], leader, own, check_mode=check_mode, **options)
    one.do(proofs.release)
    assert [asked["state"] for _name, asked in one.calls] == states


def test_proofs_are_told_by_the_first_host_of_a_batch() -> None:
    """Catches: a summary that says that passwords work, and not whether mail goes out with them."""
    proof = {"proofs": [{"program": "exim", **ANSWERED}]}
    one = stage(scene("a", {**DONE, **proof}, proof))
    proofs.report(one.tools)
    lines = [line.split("  ") for line in one.told if "exim" in line]
    assert [line[0] for line in lines] == ["a", "b"] and one.told[-1].endswith("message    250 2.0.0 Ok")
    two = stage(scene("b", {**DONE, **proof}, proof))
    proofs.report(two.tools)
    assert two.told == []
    two = stage(scene("b", {**DONE, **proof}, proof), apart=True)
    proofs.report(two.tools)
    assert len(two.told) == 2


@pytest.mark.parametrize("unproved", [0, 1, 25])
def test_hosts_that_are_not_proved_are_told_among_many(unproved: int) -> None:
    """Catches: a host whose mail program sent nothing, and that nobody finds among thirty others."""
    hosts = [f"h{number}" for number in range(30)]
    ways = dict.fromkeys(hosts, "message") | dict.fromkeys(hosts[:unproved], "nothing")
    known = {host: {"proofs": [{"program": "exim", "how": way, "reply": ""}]} for host, way in ways.items()}
    lines = ending.sent(fleet(hosts[0], known, everyone=" ".join(hosts)), hosts, everything=False)
    assert lines[0].startswith("Mail of 30 hosts: ") and lines[0].endswith(" Run with -v to see all.")
    assert [line.split()[0] for line in lines[2:22]] == hosts[: min(unproved, 20)]
    assert lines[22:] == (["5 more need attention; run with -v to see them."] if unproved == 25 else [])


# -- record


@pytest.mark.parametrize(
    ("a", "b", "accounts", "failures", "verdict"),
    [
        (works("1"), works("2"), ["1", "2"], None, Verdict(["1", "2"])),
        (works("1"), fails("2", "no answer", ""), ["1", "2"], {"2": "no_answer"}, None),
        ({"tests": [told_reopened("1")]}, works("2"), ["2"], None, None),
    ],
)
def test_results_are_recorded(a: Any, b: Any, accounts: Any, failures: Any, verdict: Verdict | None) -> None:
    """Catches: a test that the next run makes again, and one that is recorded of an account nobody tested."""
    seen = scene("a", {"tests": [a]}, {"tests": [b]})
    one = stage(seen, {"smtp_account_password": {"changed": True, "accounts": []}}, api_key="k")
    record, result = one.do(proofs.record)
    asked = one.asked("smtp_account_password")
    assert (asked["state"], asked["accounts"], asked.get("failures"), asked["api_key"]) == (
        "verified",
        accounts,
        failures,
        "k",
    )
    assert (record.reached, record.unrecorded, result["changed"]) == (Phase.TESTED, "", True)
    assert verdict is None or record.verdict == verdict


@pytest.mark.parametrize(
    ("leader", "check_mode"),
    [
        ({"tests": [works("1", "2")]}, True),
        ({"tests": [{"spared": ["1", "2"]}]}, False),
        ({"tests": [{"tests": [told_reopened("1"), told_reopened("2")]}]}, False),
    ],
)
def test_nothing_is_recorded(leader: Any, check_mode: bool) -> None:
    """Catches: a store that check mode writes; a module that refuses an empty list of accounts."""
    one = stage(scene("a", leader), check_mode=check_mode)
    record, result = one.do(proofs.record)
    assert (one.calls, result["skipped"], record.reached) == ([], True, Phase.TESTED)
    assert record.verdict is not None


def test_results_that_cannot_be_recorded() -> None:
    """Catches: hosts that nobody reports of, since the store could not be written once all was done."""
    seen = scene("a", {"tests": [works("1", "2")]})
    record, result = stage(seen, {"smtp_account_password": {"failed": True, "msg": "it is locked."}}).do(proofs.record)
    assert (record.unrecorded, record.verdict, "failed" in result) == ("it is locked", Verdict(["1", "2"]), False)


def test_others_have_tested_when_the_leader_records() -> None:
    """Catches: a leader under strategy free that waits for a host which has nothing more to do."""
    one = stage(scene("b"))
    record, _result = one.do(proofs.record)
    assert (one.calls, record.reached, record.verdict) == ([], Phase.TESTED, None)


def test_store_that_could_not_be_saved_before() -> None:
    """Catches: a run that is red for a push that failed, although the next one succeeded."""
    seen = scene("a", {"tests": [works("1", "2")], "unkept": "the push failed"})
    assert stage(seen, {"smtp_account_password": {"accounts": []}}).do(proofs.record)[0].unkept == ""


# -- two accounts of each sender


ADVICE: list[dict[str, Any]] = [
    {"sender": "s", "step": "rotate", "account": "2"},
    {"sender": "t", "step": "switch", "account": "4"},
    {"sender": "u", "step": "settle", "account": None},
]
S = {"s": ["1", "2"], "t": ["3", "4"], "u": ["5", "6"]}
LED: dict[str, Any] = {"plan": {"users": {"a": ["1", "2"], "b": ["1", "2"]}, "pairs": S, "advice": ADVICE}}
SWITCHED = {"changed": True, "senders": [{"sender": "s", "in_use": "2"}]}


@pytest.mark.parametrize(
    ("leader", "check_mode", "ready"),
    [
        ({"verdict": {"proved": ["2"]}}, False, ["t", "s"]),
        ({"verdict": {}}, False, ["t"]),
        ({}, False, ["t"]),
        # What is not recorded as tested, smtp_sender would refuse.
        ({"verdict": {"proved": ["2"]}, "unrecorded": "it is locked"}, False, ["t"]),
        ({"verdict": {"proved": ["2"]}}, True, []),
    ],
)
def test_switch(leader: Any, check_mode: bool, ready: list[str]) -> None:
    """Catches: a sender that is switched to an account whose test failed, or was never recorded."""
    one = stage(scene("a", {**LED, **leader}), {"smtp_sender": SWITCHED}, check_mode=check_mode, **PAIRS)
    record, _result = one.do(proofs.switch)
    if ready:
        asked = {"state": "switched", "senders": {name: S[name] for name in ready}}
        assert one.asked("smtp_sender") == {**asked, **one.tools.options.of_store()}
    else:
        assert one.calls == []
    assert record.reached == Phase.SWITCHED
    assert record.switch is not None and record.switch.leaving == (["u", "s"] if ready else ["u"])


def test_switch_that_fails() -> None:
    """Catches: hosts that deploy nothing and are green, since the store was not switched."""
    record, result = stage(scene("a", LED), {"smtp_sender": CLOSED}, **PAIRS).do(proofs.switch)
    assert (result["failed"], result["msg"]) == (True, "no.")
    assert record.switch is not None and record.switch.senders == {}


def test_nobody_but_the_leader_switches() -> None:
    """Catches: a store that two hosts write; a host that counts as further than it is."""
    one = stage(scene("b", LED), **PAIRS)
    record, result = one.do(proofs.switch)
    assert (one.calls, record.reached, result["skipped"]) == ([], Phase.CHANGED, True)


TOLD: dict[str, Any] = {"sender": "s", "in_use": "2", "switched_at": "2026-11-23T13:00:00Z", "reason": "x"}
LEFT: dict[str, Any] = {**LED, "reached": 7, "switch": {"senders": {"s": TOLD}, "leaving": ["s"]}}
USES: dict[str, Any] = {"accounts": ["1", "2"], "senders": {"s": ["1", "2"]}}
IN_USE = {"s": Sender(in_use="2", leaving="1", switched_at=NOW)}


@pytest.mark.parametrize(
    ("own", "answer", "options", "check_mode", "asked", "trouble", "left"),
    [
        ({}, {"results": [result_of("2")]}, {}, False, True, "", ["s"]),
        (
            {},
            {"failed": True, "results": [{"username": "2", "reason": "rejected", "msg": "535"}]},
            {},
            False,
            True,
            "the account in use now could not log in from here (rejected): 535",
            [],
        ),
        (
            {},
            {"unreachable": True, "msg": "x"},
            {},
            False,
            True,
            "the account in use now could not log in from here (no answer): x",
            [],
        ),
        ({"trouble": "no such map"}, {}, {}, False, False, "no such map", []),
        ({}, {}, {}, True, False, "", ["s"]),
        ({}, {}, {"test_send": False}, False, False, "", ["s"]),
    ],
)
def test_login_with_the_account_in_use(
    tmp_path: Path, own: Any, answer: Any, options: Any, check_mode: bool, asked: bool, trouble: str, left: list[str]
) -> None:
    """Catches: an old account that is retired while a host cannot log in with the new one."""
    store = store_of(tmp_path / "s.yml", {"1": "old", "2": "new"}, senders=IN_USE)
    seen = scene("b", LEFT, {**USES, **own})
    one = stage(seen, {"smtp_test_send": answer}, store=store, check_mode=check_mode, **{**PAIRS, **options})
    record, _result = one.do(proofs.try_login)
    assert (record.trouble, record.left, record.reached) == (trouble, left, Phase.TRIED)
    assert len(one.calls) == asked
    if asked:
        login = {"accounts": [{"username": "2", "password": "new"}], "send": False}
        assert one.asked("smtp_test_send") == {**one.tools.options.of_smtp(), **login}


@pytest.mark.parametrize(
    ("own", "states"),
    [({"on_hold": ["exim"]}, ["proved", "released"]), ({"on_hold": []}, [])],
)
def test_mail_that_a_run_with_the_other_strategy_left_on_hold(tmp_path: Path, own: Any, states: list[str]) -> None:
    """Catches: mail that stays on hold for ever, since no run with two accounts of each sender releases it."""
    store = store_of(tmp_path / "s.yml", {"1": "old", "2": "new"}, senders=IN_USE)
    seen = scene("b", {**LEFT, "plan": {**PLAN, "work": []}}, {**USES, "programs": ["exim"], **own})
    one = stage(seen, {"mail_program": [SENT, {}]}, store=store, **PAIRS)
    record, _result = one.do(proofs.try_login)
    assert [asked["state"] for name, asked in one.calls if name == "mail_program"] == states
    assert (record.trouble, record.left) == ("", ["s"])


def test_no_login_if_no_account_leaves(tmp_path: Path) -> None:
    """Catches: a login of every host in every run."""
    store = store_of(tmp_path / "s.yml", {"2": "new"}, senders=IN_USE)
    seen = scene("b", {**LEFT, "switch": {"senders": {"t": {**TOLD, "sender": "t"}}, "leaving": ["t"]}}, USES)
    one = stage(seen, store=store, **PAIRS)
    assert one.do(proofs.try_login)[0].left == ["s"]
    assert one.calls == []


TRIED = {**USES, "left": ["s"]}


@pytest.mark.parametrize(
    ("here", "leader", "other", "variables", "check_mode", "asked"),
    [
        ("a", TRIED, TRIED, {}, False, True),
        ("b", TRIED, TRIED, {}, False, False),
        ("a", TRIED, TRIED, {}, True, False),
        ("a", TRIED, USES, {}, False, False),
        ("a", TRIED, TRIED, {"ansible_limit": "a:b", "groups": {"all": ["a", "b", "z"]}}, False, False),
        # Without --limit, hosts outside of the play are of no other play's store.
        ("a", TRIED, TRIED, {"groups": {"all": ["a", "b", "z"]}}, False, True),
    ],
)
def test_retire(
    tmp_path: Path, here: str, leader: Any, other: Any, variables: Any, check_mode: bool, asked: bool
) -> None:
    """Catches: an account that gets a new password while a host still sends with it."""
    store = store_of(tmp_path / "s.yml", {"1": "old", "2": "new"}, senders=IN_USE)
    seen = scene(here, {**LEFT, **leader}, other)
    hostvars = {**seen.hostvars, "z": {"smtp_rotation_senders": USES["senders"]}}
    seen = type(seen)(seen.play, hostvars)
    one = stage(seen, store=store, variables=variables, check_mode=check_mode, **PAIRS, senders=USES["senders"])
    _record, result = one.do(proofs.retire)
    if asked:
        deployed = {"s": {"in_use": "2", "switched_at": "2026-11-23T13:00:00Z"}}
        wanted = {"state": "settled", "senders": {"s": ["1", "2"]}, "deployed": deployed}
        assert one.asked("smtp_sender") == {**wanted, **one.tools.options.of_store()}
    assert result.get("skipped", False) is not asked


def test_what_another_run_switched_is_not_retired(tmp_path: Path) -> None:
    """Catches: an account put at rest that hosts use, since another run switched after they were deployed to."""
    later = {"s": Sender(in_use="1", leaving="2", switched_at=NOW)}
    store = store_of(tmp_path / "s.yml", {"1": "old", "2": "new"}, senders=later)
    one = stage(scene("a", {**LEFT, **TRIED}, TRIED), store=store, **PAIRS, senders=USES["senders"])
    one.do(proofs.retire)
    assert one.asked("smtp_sender")["deployed"]["s"]["in_use"] == "2"


def test_retirement_that_fails(tmp_path: Path) -> None:
    """Catches: a store that could not be written, in a green run."""
    store = store_of(tmp_path / "s.yml", {"2": "new"}, senders=IN_USE)
    seen = scene("a", {**LEFT, **TRIED}, TRIED)
    _record, result = stage(seen, {"smtp_sender": CLOSED}, store=store, **PAIRS, senders=USES["senders"]).do(
        proofs.retire
    )
    assert (result["failed"], result["msg"]) == (True, "no.")


# -- how it ends


@pytest.mark.parametrize(
    ("own", "params", "field", "value"),
    [
        ({}, {"trouble": "it failed"}, "trouble", "it failed"),
        ({"trouble": "first"}, {"unkept": ""}, "trouble", "first"),
        # What went wrong on another host is that one's trouble.
        ({"trouble": ""}, {"host": "b", "trouble": "it failed"}, "trouble", ""),
        ({}, {"host": "a", "trouble": "it failed"}, "trouble", "it failed"),
        ({"unheld": {"b": True}}, {"unheld": {"c": False}}, "unheld", {"b": True, "c": False}),
        ({"unkept": "x"}, {"unkept": ""}, "unkept", "x"),
        ({"unkept": "x"}, {"trouble": "y"}, "unkept", "x"),
        ({}, {"unkept": "the push failed"}, "unkept", "the push failed"),
    ],
)
def test_note(own: Any, params: Any, field: str, value: Any) -> None:
    """Catches: a failure of the playbook's own tasks that is forgotten, or stays when it is over."""
    record, result = stage(scene("a", own), params=params).do(proofs.note)
    assert getattr(record, field) == value
    assert result["changed"] is False


@pytest.mark.parametrize(
    ("until", "leader", "pause", "slept", "longer"),
    [
        ("changed", {"reached": 4}, 4, [4], 8),
        ("changed", {"reached": 5}, 4, [], 1),
        ("window", {"outcome": {"wait": 9.5, "uptime": 100.0}}, 4, [4], 8),
        ("window", {"outcome": {"wait": 9.5, "uptime": 100.0}}, 32, [9.5], 60),
        ("window", {"outcome": {"wait": 9.5, "uptime": 80.0}}, 4, [], 1),
    ],
)
def test_wait(until: str, leader: Any, pause: int, slept: list[float], longer: int) -> None:
    """Catches: a host that wakes up long after the window; one that asks a hundred times a second."""
    one = stage(scene("b", leader, {"pause": pause}), params={"until": until})
    record, _result = one.do(proofs.wait)
    assert (one.slept, record.pause) == (slept, longer)


def test_report_of_the_leader() -> None:
    """Catches: a second application of the role that takes this rotation for its own."""
    leader = {
        **DONE,
        "done": "",
        "reached": 6,
        "born": "now",
        "outcome": {"accounts": [{"account": "1", "action": "rotated"}]},
    }
    one = stage(scene("a", leader, {"accounts": []}))
    result = proofs.report(one.tools)
    assert one.told == result["summary"] == ["ACCOUNT  RESULT   IN FORCE SINCE  TESTED  NEXT DUE", one.told[1]]
    assert (result["born"], result["done"], result["served"]) == ("now", TOKEN, TOKEN)
    # What it remembers is long, and for nobody to read.
    assert {"failed", "record"} & set(result) == set()


def test_report_shows_all_with_verbosity() -> None:
    """Catches: -v that shows no more."""
    accounts = [{"account": str(n), "action": "rotated"} for n in range(30)]
    seen = scene("a", {"reached": 6, "outcome": {"accounts": accounts}, "verdict": {}})
    for verbose, lines in ((False, 1), (True, 31)):
        one = stage(seen, verbose=verbose)
        one.do(proofs.report)
        assert len(one.told) == lines


DOUBT = "If mail is on hold here, it stays on hold: it is unknown whether the provider changed 2."
BAD = {"verdict": {"unproved": {"2": {"reason": "rejected", "msg": "535"}}}, "reached": 6}
FAILED = "The rotation failed on a, which rotates for all hosts of the play; see its error."


@pytest.mark.parametrize(
    ("leader", "other", "options", "check_mode", "message"),
    [
        (DONE, {}, POSTFIX, False, None),
        (BAD, {}, {}, False, FAILED),
        (BAD, {}, POSTFIX, False, f"{FAILED} Mail stays on hold here: the test message for 2 failed."),
        (BAD, {}, {"hold_tasks": "h.yml"}, False, f"{FAILED} Mail stays on hold here: the test message for 2 failed."),
        (BAD, {}, {**POSTFIX, "release_on_failure": True}, False, FAILED),
        (
            {**DONE, "outcome": {"unknown": ["2"]}, "plan": {**PLAN, "work": []}},
            {},
            POSTFIX,
            False,
            DOUBT,
        ),
        ({**DONE, "outcome": {"unknown": ["2"]}, "plan": {**PLAN, "work": []}}, {}, POSTFIX, True, None),
        (
            {**DONE, "outcome": {"unknown": ["2"]}, "plan": {**PLAN, "work": []}},
            {},
            {"release_tasks": "r.yml"},
            False,
            DOUBT,
        ),
        ({**DONE, "outcome": {"unknown": ["2"]}, "plan": {**PLAN, "way": "alternate"}}, {}, POSTFIX, False, None),
        ({**DONE, "outcome": {"unknown": ["2"]}, "plan": {**PLAN, "way": "overlap"}}, {}, POSTFIX, False, None),
        (
            DONE,
            {"trouble": "its mail could not be released: no.", "holds": [{"held": True}]},
            POSTFIX,
            False,
            "its mail could not be released: no. Its mail stays on hold and nothing is lost; the next run continues "
            "from here.",
        ),
        (DONE, {"trouble": "no such map"}, POSTFIX, False, "no such map. The next run tries again."),
        # Staged only: nobody was to hold or to test anything.
        ({"reached": 3, "plan": {**PLAN, "goes_on": True}}, {}, {**POSTFIX, "state": "staged"}, False, None),
        # Nothing to do for anybody.
        ({"reached": 2, "plan": {**PLAN, "work": [], "goes_on": False}}, {}, POSTFIX, False, None),
    ],
)
def test_report_of_another_host(leader: Any, other: Any, options: Any, check_mode: bool, message: str | None) -> None:
    """Catches: a green host with the old password or with mail on hold, and a red one that nothing is wrong with."""
    own = {"programs": ["exim"] if options.get("consumer") else [], **other}
    one = stage(scene("b", leader, own), check_mode=check_mode, **options)
    result = proofs.report(one.tools)
    assert (result["served"], result["done"], one.told) == (TOKEN, "", [])
    assert (result.get("msg"), result.get("failed", False)) == (message, message is not None)


def test_report_without_a_plan() -> None:
    """Catches: a green host whose leader has failed in its checks."""
    with pytest.raises(InputError, match="The checks failed on a"):
        stage(fleet("b", {"a": {"begun": False}, "b": {**OTHER, "reached": 1}}, active="b")).do(proofs.report)
    with pytest.raises(InputError, match="The rotation ended early on a"):
        stage(fleet("b", {"a": {"begun": False}, "b": {**OTHER, "reached": 5}}, active="b")).do(proofs.report)
