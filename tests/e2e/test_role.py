# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role in real ansible-playbook processes: its order of steps, as the provider saw it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from standin.faults import Fault
from support.controller import Ended
from support.crash.processes import kill_tree
from support.long import LONG, cases
from support.scene import ONE, TWO, WINDOW, Scene, variables

ROOT = Path(__file__).resolve().parents[2]
CHANGE = "Change the passwords that are due"
VERIFIED = "{{ smtp_accounts.values() | selectattr('verified_at', 'defined') | list | length }}"
HANDLER = "Wait for the SMTP passwords to take effect"
TEST = "Send a test message with each new password"


def play(scene: Scene, **over: Any) -> dict[str, Any]:
    """Return a play with the role on localhost."""
    scene.provider.accounts.propagation = over.get("propagation_seconds", WINDOW)
    role = {"role": "mailops.smtp.smtp_rotation", "vars": variables(scene, **over)}
    return {"hosts": "localhost", "gather_facts": False, "roles": [role]}


def run(scene: Scene, *arguments: str, **over: Any) -> Ended:
    """Run the role on localhost."""
    return scene.controller.play_file(scene.controller.write_play([play(scene, **over)]), *arguments)


def no_login_inside_the_window(scene: Scene) -> bool:
    return not [event for event in scene.provider.record.logins() if event["in_window"]]


def test_rotates_waits_tests_records_and_does_nothing_the_second_time(any_scene: Scene) -> None:
    """Catches: a step left out or in the wrong order, a login inside the window, a second run that does anything."""
    scene = any_scene
    first = run(scene)
    assert first.code == 0, first.output
    record = scene.provider.record
    assert len(record.changes(scene.one)) == 1
    assert no_login_inside_the_window(scene)
    assert [(login["accepted"], login["which"]) for login in record.logins()] == [(True, "current")]
    assert [message["owner"] for message in record.messages()] == [scene.one]
    assert record.logins()[0]["time"] >= record.changes(scene.one)[0]["time"] + WINDOW
    assert first.recap()["changed"] >= 1
    assert scene.controller.decrypted()[scene.one]["verified_at"]
    assert first.ran(HANDLER)
    events = len(record.events())
    second = run(scene)
    assert second.code == 0, second.output
    assert second.recap()["changed"] == 0
    assert len(record.events()) == events
    assert not second.ran(HANDLER)


def test_playbook_of_the_collection(scene: Scene) -> None:
    """Catches: a playbook that is not installed with the collection or does not run the role."""
    scene.provider.accounts.propagation = 1
    settings = scene.controller.write_play([], "unused.yml").with_name("settings.yml")
    settings.write_text(yaml.safe_dump(variables(scene, propagation_seconds=1)))
    ended = scene.controller.play_file(ROOT / "playbooks" / "rotate.yml", "-e", f"@{settings}")
    assert ended.code == 0, ended.output
    assert len(scene.provider.record.messages()) == 1


@LONG
def test_run_killed_in_the_wait_is_finished_by_the_next(scene: Scene) -> None:
    """Catches: a run that rotates again, waits anew, or never tests after it died in its wait."""
    window = 14
    path = scene.controller.write_play([play(scene, propagation_seconds=window)])
    process, results = scene.controller.start(path)
    try:
        _until(lambda: results.exists() and f'{CHANGE}"' in results.read_text(), process)
        time.sleep(1)
    finally:
        kill_tree(process.pid)
        process.communicate()
    changed = scene.provider.record.changes(ONE)[0]["time"]
    began = time.time()
    again = scene.controller.play_file(path)
    assert again.code == 0, again.output
    assert again.result(CHANGE)["accounts"][0]["action"] == "unchanged"
    assert again.result(CHANGE)["seconds_until_effective"] <= window - (began - changed) + 2
    assert len(scene.provider.record.changes(ONE)) == 1
    assert no_login_inside_the_window(scene)
    assert len(scene.provider.record.logins()) == len(scene.provider.record.messages()) == 1
    assert scene.controller.decrypted()[ONE]["verified_at"]


def _until(condition: Any, process: subprocess.Popen[str], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.1)


def test_check_mode_neither_waits_nor_calls(scene: Scene) -> None:
    """Catches: a check that takes 15 minutes, or that changes something."""
    ended = run(scene, "--check", "--diff", propagation_seconds=900)
    assert ended.code == 0, ended.output
    assert ended.result(CHANGE)["accounts"][0]["action"] == "would_rotate"
    assert not ended.ran(HANDLER) and not ended.ran(TEST)
    assert scene.provider.record.api_calls() == [] == scene.provider.record.logins()
    assert not scene.controller.store.exists()


def test_failed_test_send_is_told_and_repeated_by_the_next_run(any_scene: Scene) -> None:
    """Catches: a failed test that is recorded as a success, is not told, or is never repeated."""
    scene = any_scene
    scene.provider.submission.refuse_sender = True
    failed = run(scene, propagation_seconds=0)
    assert failed.code != 0
    assert "the test message failed (sender_refused)" in failed.output
    # What was created beside it is not on any host yet.
    assert ("previous_password" in failed.output) == (scene.profile.flow != "create")
    assert "verified_at" not in scene.controller.decrypted()[scene.one]
    scene.provider.submission.refuse_sender = False
    again = run(scene, propagation_seconds=0)
    assert again.code == 0, again.output
    assert len(scene.provider.record.changes(scene.one)) == 1
    assert scene.controller.decrypted()[scene.one]["verified_at"]


def test_refused_account_fails_the_play_after_the_others_are_proved(scene: Scene) -> None:
    """Catches: one refusal that costs the other accounts their wait and their test."""
    ended = run(scene, accounts=["9.missing.smtp", TWO], propagation_seconds=1)
    assert ended.code != 0
    assert "9.missing.smtp: emaillabs answered 404" in ended.output
    assert [message["account"] for message in scene.provider.record.messages()] == [TWO]
    assert scene.controller.decrypted()[TWO]["verified_at"]


@LONG
def test_all_refused_changes_nothing(scene: Scene) -> None:
    """Catches: a wait and a test although nothing was changed."""
    scene.provider.faults.push(Fault(kind="refused_value"))
    ended = run(scene)
    assert ended.code != 0
    assert not ended.ran(HANDLER)
    assert scene.provider.record.logins() == []
    assert not scene.controller.store.exists()


@pytest.mark.parametrize("missing", ["smtp_rotation_test_sender", "smtp_rotation_test_recipient"])
def test_preflight_asks_for_the_addresses_of_the_test(scene: Scene, missing: str) -> None:
    """Catches: a password changed that can then not be proved."""
    ended = run(scene, **{missing.removeprefix("smtp_rotation_"): ""})
    assert ended.code != 0
    assert missing in ended.output
    assert scene.provider.record.api_calls() == []


@pytest.mark.parametrize(
    ("over", "words"),
    [
        ({"smtp_port": 1}, ":1 could not be reached"),
        ({"smtp_encryption": "tls"}, "TLS"),
        ({"ca_path": ""}, "certificate"),
    ],
    ids=["port", "encryption", "authority"],
)
def test_preflight_finds_an_smtp_server_that_cannot_be_used(scene: Scene, over: dict[str, Any], words: str) -> None:
    """Catches: a password that is changed, and fifteen minutes of waiting, before a wrong option is noticed."""
    ended = run(scene, **over)
    assert ended.code != 0
    said = " ".join(ended.output.split())
    assert "new passwords could not be tested, so none was changed:" in said and words in said
    assert scene.provider.record.api_calls() == []
    assert scene.provider.record.logins() == []


def test_preflight_finds_a_missing_vault_secret(scene: Scene) -> None:
    """Catches: a password changed that can then not be stored."""
    scene.controller.vault_ids = {}
    ended = run(scene)
    assert ended.code != 0
    assert "no Vault secret is loaded" in ended.output
    assert scene.provider.record.api_calls() == []


def fleet(scene: Scene, **keywords: Any) -> Ended:
    """Run the role on two hosts with one account each."""
    inventory = scene.controller.folder / "inventory.yml"
    hosts = {
        name: {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "smtp_rotation_accounts": [account],
        }
        for name, account in (("mail1", ONE), ("mail2", TWO))
    }
    inventory.write_text(yaml.safe_dump({"mail": {"hosts": hosts}}))
    content = play(scene)
    del content["roles"][0]["vars"]["smtp_rotation_accounts"]
    after = {"name": "After the role", "ansible.builtin.debug": {"msg": VERIFIED}}
    content.update(hosts="mail", post_tasks=[after], **keywords)
    if keywords.get("strategy") == "free":
        content["roles"][0]["vars"]["smtp_rotation_release_tasks"] = dawdling(scene)
    return scene.controller.play_file(scene.controller.write_play([content]), "-i", str(inventory))


def dawdling(scene: Scene) -> str:
    """Let the host that leads take its time before it records: the other one is not to run ahead of it."""
    slow = {"name": "Dawdle", "ansible.builtin.wait_for": {"timeout": 4}, "when": "inventory_hostname == 'mail1'"}
    (scene.controller.folder / "release.yml").write_text(yaml.safe_dump([slow]))
    return "release.yml"


WAYS: dict[str, dict[str, Any]] = {"linear": {}, "serial": {"serial": 1}, "free": {"strategy": "free"}}


@pytest.mark.parametrize("way", cases(WAYS, short=["free"]))
def test_one_window_for_all_hosts(scene: Scene, way: str) -> None:
    """Catches: a wait for each host or batch, an account left out, a host that goes on before the test."""
    began = time.monotonic()
    ended = fleet(scene, **WAYS[way])
    assert ended.code == 0, ended.output
    assert ended.output.count("0 seconds left") == 1
    record = scene.provider.record
    assert sorted(event["account"] for event in record.api_calls()) == [ONE, TWO]
    assert sorted(message["account"] for message in record.messages()) == [ONE, TWO]
    assert no_login_inside_the_window(scene)
    assert {str(ended.result("After the role", host)["msg"]) for host in ("mail1", "mail2")} == {"2"}
    assert time.monotonic() - began < 300


def test_default_wait_is_fifteen_minutes_and_progress_each_minute(scene: Scene) -> None:
    """Catches: a default that is shorter than what the provider asks for, a wait that is silent or not told."""
    content = play(scene)
    for name in ("propagation_seconds", "progress_interval"):
        del content["roles"][0]["vars"][f"smtp_rotation_{name}"]
    process, _results = scene.controller.start(scene.controller.write_play([content]))
    handler = f"RUNNING HANDLER [mailops.smtp.smtp_rotation : {HANDLER}]"
    output = ""
    try:
        assert process.stdout is not None
        while handler not in output and (line := process.stdout.readline()):
            output += line
    finally:
        kill_tree(process.pid)
    process.communicate()
    seconds = int(re.findall(r"Until then, for\s+(\d+) seconds", output)[0])
    assert 895 <= seconds <= 900
    assert "(15.0 minutes)" in output
    assert handler in output
