# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""smtp_account_info and smtp_test_send in real Ansible processes."""

from __future__ import annotations

from typing import Any

from standin.faults import Fault
from support.controller import KEYS
from support.scene import OLD, ONE, TWO, Scene

TELL = "Tell of the accounts"
SEND = "Send a test"


def told(scene: Scene, *, keys: bool = True, store: bool = True, **over: Any) -> dict[str, Any]:
    """Run the module and return its result."""
    options: dict[str, Any] = {"ca_path": scene.provider.ca_path, "api_url": scene.provider.api_url, "retries": 0}
    options |= {**KEYS} if keys else {}
    options |= {"vault_file": str(scene.controller.store)} if store else {}
    task = {"name": TELL, "mailops.smtp.smtp_account_info": {**options, **over}}
    return scene.controller.tasks([task]).result(TELL)


def test_store_alone_needs_neither_keys_nor_vault_secret(scene: Scene) -> None:
    """Catches: a report that only the holder of every secret can run."""
    scene.rotate(propagation_seconds=900)
    scene.controller.vault_ids = {}
    result = told(scene, keys=False, max_age="90d")
    assert result["changed"] is False and result["provider_asked"] is False
    (entry,) = result["accounts"]
    assert (entry["account"], entry["stored"], entry["listed"]) == (ONE, True, None)
    assert (entry["state"], entry["due"]) == ("waiting", False)
    assert 0 <= entry["age_seconds"] < 60
    assert 800 < entry["seconds_until_effective"] <= 900
    assert entry["next_due"] > entry["changed_at"]


def test_provider_alone(scene: Scene) -> None:
    """Catches: an account at the provider that is not shown because no store knows it."""
    result = told(scene, store=False)
    assert [(entry["account"], entry["listed"], entry["stored"]) for entry in result["accounts"]] == [
        (ONE, True, None),
        (TWO, True, None),
    ]


def test_both_side_by_side(scene: Scene) -> None:
    """Catches: an account that only one of the two knows and that is left out or shown as known to both."""
    scene.rotate()
    scene.provider.accounts.add("3.acme.smtp", OLD)
    scene.controller.store.write_text(scene.controller.store.read_text().replace(ONE, "8.gone.smtp"))
    entries = {entry["account"]: (entry["listed"], entry["stored"], entry["due"]) for entry in told(scene)["accounts"]}
    assert entries == {
        "8.gone.smtp": (False, True, False),
        ONE: (True, False, True),
        TWO: (True, False, True),
        "3.acme.smtp": (True, False, True),
    }


def test_states_follow_the_life_of_a_password(scene: Scene) -> None:
    """Catches: a state that is told wrongly, and so the wrong advice."""
    states = [told(scene, keys=False, accounts=[ONE])["accounts"][0]["state"]]
    scene.rotate(state="staged")
    states.append(told(scene, keys=False)["accounts"][0]["state"])
    scene.rotate(propagation_seconds=600)
    states.append(told(scene, keys=False)["accounts"][0]["state"])
    scene.backdate(minutes=11)
    states.append(told(scene, keys=False)["accounts"][0]["state"])
    scene.rotate(state="verified")
    states.append(told(scene, keys=False)["accounts"][0]["state"])
    assert states == ["none", "staged", "waiting", "effective", "verified"]


def test_roles_of_a_senders_accounts(scene: Scene) -> None:
    """Catches: a report that does not say which account must be left alone."""
    scene.rotate(accounts=[ONE, TWO])
    options = {"senders": {"newsletter": [TWO, ONE]}, "vault_file": str(scene.controller.store)}
    scene.controller.tasks([{"mailops.smtp.smtp_sender": options}])
    entries = told(scene, keys=False)["accounts"]
    assert [(entry["account"], entry["sender"], entry["role"]) for entry in entries] == [
        (ONE, "newsletter", "at_rest"),
        (TWO, "newsletter", "in_use"),
    ]


def test_list_of_several_pages_and_an_empty_one(scene: Scene) -> None:
    """Catches: accounts beyond the first page that are not seen, an empty list (404) taken for a failure."""
    for number in range(1000, 2005):
        scene.provider.accounts.add(f"{number}.acme.smtp", OLD)
    assert len(told(scene, store=False)["accounts"]) == 1007


def test_provider_that_refuses_is_quoted(scene: Scene) -> None:
    """Catches: a list that fails without the provider's words, or an empty list told instead."""
    scene.provider.faults.push(Fault(kind="status", status=403))
    message = told(scene, store=False)["msg"]
    assert message.startswith("the accounts cannot be listed: emaillabs answered 403: The IP address is not authorised")


def test_store_answers_although_the_provider_does_not(scene: Scene) -> None:
    """Catches: a report on the store that fails since the provider is down; a failure that nobody gets to know."""
    scene.rotate(accounts=[ONE, TWO])
    scene.provider.faults.push(Fault(kind="status", status=503))
    result = told(scene)
    assert (result.get("failed", False), result["provider_asked"]) == (False, False)
    assert [(entry["account"], entry["stored"], entry["listed"]) for entry in result["accounts"]] == [
        (ONE, True, None),
        (TWO, True, None),
    ]
    assert result["provider_failure"].startswith("the accounts cannot be listed: emaillabs answered 503")
    assert result["warnings"] == [
        "the provider's list is missing, this is what the store knows: " + result["provider_failure"]
    ]
    assert KEYS["application_key"] not in repr(result)
    again = told(scene)
    assert (again["provider_asked"], again["provider_failure"], "warnings" in again) == (True, None, False)


def test_window_of_a_record_that_was_edited_by_hand(scene: Scene) -> None:
    """Catches: a password that is called effective in the minutes after somebody set it in the panel."""
    scene.rotate(propagation_seconds=900)
    lines = scene.controller.store.read_text().splitlines(keepends=True)
    scene.controller.store.write_text("".join(line for line in lines if "effective_at" not in line))
    (entry,) = told(scene, keys=False)["accounts"]
    assert entry["state"] == "waiting" and 800 < entry["seconds_until_effective"] <= 900


def test_nothing_to_ask(scene: Scene) -> None:
    """Catches: an empty answer where nothing was asked."""
    message = told(scene, keys=False, store=False)["msg"]
    assert message == "nothing to show: set vault_file, the provider's API keys, or both"


def sent(scene: Scene, *arguments: str, **over: Any) -> dict[str, Any]:
    """Run smtp_test_send and return its result."""
    options = {
        "host": scene.provider.smtp_host,
        "port": scene.provider.smtp_port,
        "ca_path": scene.provider.ca_path,
        "username": ONE,
        "password": OLD,
        "sender": "rotation@acme.example",
        "recipient": "postmaster@acme.example",
        **over,
    }
    ended = scene.controller.tasks([{"name": SEND, "mailops.smtp.smtp_test_send": options}], *arguments)
    assert OLD not in ended.output
    return ended.result(SEND)


def test_test_send_logs_in_once_and_sends_one_message(scene: Scene) -> None:
    """Catches: a second login, a message that is not sent, a result that does not say what happened."""
    result = sent(scene)
    assert result["authenticated"] is True and result["changed"] is False
    assert result["tls_version"].startswith("TLS") and result["reply"]["code"] == 250
    (message,) = scene.provider.record.messages()
    assert message["message_id"] == result["message_id"]
    assert len(scene.provider.record.logins()) == 1


def test_test_send_with_a_wrong_password_tries_once(scene: Scene) -> None:
    """Catches: a wrong password that counts twice towards a lock-out."""
    result = sent(scene, password="not-the-password-1")
    assert (result["reason"], result["authenticated"]) == ("auth_rejected", False)
    assert len(scene.provider.record.logins()) == 1


def test_test_send_in_check_mode_connects_to_nothing(scene: Scene) -> None:
    """Catches: a login in check mode."""
    assert sent(scene, "--check")["msg"] == "Check mode: nothing was connected and no login tried."
    assert scene.provider.record.events() == []


def test_kept_remote_files_are_refused(scene: Scene) -> None:
    """Catches: a password that Ansible writes into a file because a user wants to debug modules."""
    scene.controller.environment = {"ANSIBLE_KEEP_REMOTE_FILES": "1"}
    assert sent(scene)["msg"].startswith("ANSIBLE_KEEP_REMOTE_FILES is set: Ansible would leave the password")
    ended = scene.rotate()
    assert "ANSIBLE_KEEP_REMOTE_FILES is set" in ended.result("Set the passwords")["msg"]
    assert not scene.controller.store.exists()
