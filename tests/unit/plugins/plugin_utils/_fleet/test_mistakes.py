# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.mistakes import (
    EMAILLABS,
    failures,
    of_later,
    of_limit,
    task_files,
)

FINE: dict[str, Any] = {
    "strategy": "in_place",
    "accounts": ["1.acme.smtp"],
    "senders": {},
    "progress_interval": 60,
    "password": "",
    "passwords": {},
    "state": "present",
    "audit_attempts": 1,
    "reconcile": False,
    "test_send": True,
    "test_message": "first",
    "test_sender": "from@acme.example",
    "test_recipient": "to@acme.example",
    "smtp_host": "smtp.acme.example",
    "provider": "mailgun",
    "provider_definition": {},
    "consumer": "",
    "postfix_entries": [],
    "template_src": "",
    "template_dest": "",
    "vault_file": "smtp.yml",
    "persist_tasks": "",
    "notify_tasks": "",
    "notify_due_days": 0,
    "persist_check": "auto",
}
PAIRS = {"strategy": "alternate", "senders": {"s": ["1.acme.smtp", "2.acme.smtp"]}}
NO_ACCOUNTS = "smtp_rotation_accounts is empty. Name this host's SMTP accounts, such as 1.name.smtp."
NO_SENDERS = "smtp_rotation_senders is empty. Name this host's senders, each with its two SMTP accounts."
INTERVAL = "smtp_rotation_progress_interval must be a number of seconds greater than 0."
NO_FILE = (
    "hold.yml, save.yml is not a file. smtp_rotation_hold_tasks, _deploy_tasks, _release_tasks, _persist_tasks and "
    "_notify_tasks must name task files, and smtp_rotation_persist_check if it is not auto or git; relative paths are "
    "relative to the playbook's directory."
)
NO_TASKS = (
    "smtp_rotation_persist_check looks at what smtp_rotation_persist_tasks did, and there are none. Name them, or "
    "leave the check out."
)
ALTERNATE = (
    "With smtp_rotation_strategy alternate, smtp_rotation_senders maps each sender to exactly two accounts, passwords "
    "are generated (smtp_rotation_password and smtp_rotation_passwords cannot be set), and smtp_rotation_test_send is "
    "true: hosts switch to an account only after its test."
)
TEST_SEND = (
    "The test send needs smtp_rotation_smtp_host, smtp_rotation_test_sender and smtp_rotation_test_recipient. Set "
    "them, or set smtp_rotation_test_send to false; new passwords are then not tested."
)
FOREIGN = (
    "smtp_rotation_smtp_host is EmailLabs' server, which would receive a password of mailgun. Set it to the SMTP "
    "server of mailgun."
)
LEADER = (
    "smtp_rotation_vault_file is smtp.yml and smtp_rotation_strategy in_place here, but at least one of them differs "
    "on mail1. All accounts of a play change together: use one play for each store."
)
TEMPLATE = "The consumer template needs smtp_rotation_template_src and smtp_rotation_template_dest."
ENTRIES = (
    "smtp_rotation_postfix_entries, k: each entry must name either an account or a sender, and one that this host "
    "lists in smtp_rotation_accounts or smtp_rotation_senders."
)
POSTFIX = {"consumer": "postfix"}
AUDIT = {"state": "audited"}
BARE = {"test_sender": "", "test_recipient": ""}
ATTEMPTS = "smtp_rotation_audit_attempts must be a number from 1 to 10."
NO_AUDIT = "smtp_rotation_reconcile is for smtp_rotation_state audited only."
NO_SERVER = "smtp_rotation_state audited logs in, and needs smtp_rotation_smtp_host."
GIVEN = (
    "smtp_rotation_password and smtp_rotation_passwords cannot be set with smtp_rotation_state audited, which tries "
    "the stored passwords."
)
NOT_IN_PLACE = (
    "smtp_rotation_reconcile cannot be used with smtp_rotation_strategy alternate: to put an account right in place, "
    "its mail would have to be held. Run the audit without it, and then a rotation with smtp_rotation_rotate always."
)


def found(*, accounts: Any = ("1.acme.smtp",), leader: Any = None, no_files: Any = (), **options: Any) -> list[str]:
    """Return the mistakes of a host whose options are fine, but for these."""
    known = {**FINE, **options}
    theirs = {"name": "mail1", "vault_file": known["vault_file"], "strategy": known["strategy"], **(leader or {})}
    return [*failures(known, accounts, theirs, no_files)]


@pytest.mark.parametrize(
    "options",
    [
        {},
        PAIRS,
        {**PAIRS, "senders": {"s": ["1", "2"], "t": ["3", "4"]}},
        {"password": "p", "passwords": {}},
        {"passwords": {"1.acme.smtp": "p"}},
        {"test_send": False, "smtp_host": "", "test_sender": "", "test_recipient": ""},
        {"test_message": "none", "test_sender": "", "test_recipient": ""},
        {"smtp_host": EMAILLABS, "provider": "emaillabs"},
        {"smtp_host": EMAILLABS, "provider_definition": {"name": "mine"}},
        {"smtp_host": EMAILLABS, "test_send": False},
        {
            "smtp_host": EMAILLABS,
            "test_send": False,
            **POSTFIX,
            "postfix_entries": [{"key": "k", "account": "1.acme.smtp"}],
        },
        {"consumer": "template", "template_src": "a.j2", "template_dest": "/etc/a"},
        POSTFIX,
        {**POSTFIX, "accounts": ["1.acme.smtp", "2"], "postfix_entries": [{"key": "k", "account": "1.acme.smtp"}]},
        {**POSTFIX, **PAIRS},
        {"consumer": ["exim", "dma"], "accounts": ["1", "2"]},
        {**POSTFIX, **PAIRS, "postfix_entries": [{"key": "k", "sender": "s"}]},
        {"persist_check": ""},
        {"persist_check": "git", "persist_tasks": "save.yml"},
        # Entries that another consumer leaves alone.
        {"postfix_entries": [{"key": "k"}]},
        # An audit sends nothing, whatever the test sends of a rotation are.
        {**AUDIT, **BARE},
        {**AUDIT, **BARE, "test_send": False},
        {**AUDIT, **PAIRS},
        {**AUDIT, "reconcile": True, "audit_attempts": 10},
    ],
)
def test_nothing_is_wrong(options: dict[str, Any]) -> None:
    """Catches: a play that works and is refused."""
    assert found(**options) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"accounts": []}, NO_ACCOUNTS),
        ({"accounts": [], **PAIRS}, NO_SENDERS),
        ({"progress_interval": 0}, INTERVAL),
        ({"progress_interval": -1}, INTERVAL),
        ({"no_files": ["hold.yml", "save.yml"]}, NO_FILE),
        (
            {"notify_due_days": -1},
            "smtp_rotation_notify_due_days must be a number of days, or 0 for no such notification.",
        ),
        ({"persist_check": "git"}, NO_TASKS),
        ({"persist_check": "check.yml"}, NO_TASKS),
        ({**PAIRS, "senders": {}}, ALTERNATE),
        ({**PAIRS, "senders": {"s": ["1"]}}, ALTERNATE),
        ({**PAIRS, "senders": {"s": ["1", "2"], "t": ["3", "4", "5"]}}, ALTERNATE),
        ({**PAIRS, "password": "p"}, ALTERNATE),
        ({**PAIRS, "passwords": {"1": "p"}}, ALTERNATE),
        ({**PAIRS, "test_send": False}, ALTERNATE),
        ({"smtp_host": ""}, TEST_SEND),
        ({"smtp_host": "", "test_message": "none"}, TEST_SEND),
        ({"test_sender": ""}, TEST_SEND),
        ({"test_recipient": ""}, TEST_SEND),
        ({"test_recipient": "", "test_message": "each"}, TEST_SEND),
        ({"smtp_host": EMAILLABS}, FOREIGN),
        ({"smtp_host": EMAILLABS, "test_send": False, **POSTFIX}, FOREIGN),
        ({"leader": {"vault_file": "other.yml"}}, LEADER),
        ({"leader": {"strategy": "alternate"}}, LEADER),
        ({"consumer": "template", "template_src": "a.j2"}, TEMPLATE),
        ({"consumer": "template", "template_dest": "/etc/a"}, TEMPLATE),
        ({"consumer": ["exim", "template"], "template_dest": "/etc/a"}, TEMPLATE),
        ({"smtp_host": EMAILLABS, "test_send": False, "consumer": ["exim"]}, FOREIGN),
        ({**POSTFIX, "postfix_entries": [{"key": "k"}]}, ENTRIES),
        ({**POSTFIX, "postfix_entries": [{"key": "k", "account": "1.acme.smtp", "sender": "s"}]}, ENTRIES),
        ({**POSTFIX, "postfix_entries": [{"key": "k", "account": "9.acme.smtp"}]}, ENTRIES),
        ({**POSTFIX, "postfix_entries": [{"key": "k", "sender": "s"}]}, ENTRIES),
        ({**POSTFIX, **PAIRS, "postfix_entries": [{"key": "k", "sender": "t"}]}, ENTRIES),
        ({"audit_attempts": 0}, ATTEMPTS),
        ({**AUDIT, "audit_attempts": 11}, ATTEMPTS),
        ({"reconcile": True}, NO_AUDIT),
        ({**AUDIT, "smtp_host": ""}, NO_SERVER),
        ({**AUDIT, "test_send": False, "smtp_host": EMAILLABS}, FOREIGN),
        ({**AUDIT, "password": "p"}, GIVEN),
        ({**AUDIT, "passwords": {"1.acme.smtp": "p"}}, GIVEN),
        ({**AUDIT, **PAIRS, "reconcile": True}, NOT_IN_PLACE),
        ({**AUDIT, **BARE, "reconcile": True}, TEST_SEND),
    ],
)
def test_each_mistake_alone(options: dict[str, Any], message: str) -> None:
    """Catches: a mistake that only shows when mail is already on hold; one that brings another message with it."""
    assert found(**options) == [message]


def test_all_mistakes_at_once() -> None:
    """Catches: a run for each mistake."""
    options = {"consumer": "template", "progress_interval": 0, "smtp_host": EMAILLABS, "test_sender": ""}
    wrong = found(accounts=[], no_files=["hold.yml", "save.yml"], leader={"vault_file": "other.yml"}, **options)
    assert wrong == [NO_ACCOUNTS, INTERVAL, NO_FILE, TEST_SEND, FOREIGN, LEADER, TEMPLATE]


@pytest.mark.parametrize(("check", "files"), [("", []), ("auto", []), ("git", []), ("check.yml", ["check.yml"])])
def test_task_files(check: str, files: list[str]) -> None:
    """Catches: a check that is looked for as a file because it is one of ours; a file that is missing in mid-run."""
    hooks = {
        "hold_tasks": "",
        "deploy_tasks": "",
        "release_tasks": "r.yml",
        "persist_tasks": "s.yml",
        "notify_tasks": "",
    }
    assert task_files({**hooks, "persist_check": check}) == ["r.yml", "s.yml", *files]


@pytest.mark.parametrize(
    ("left_out", "unsure", "messages"),
    [
        ([], [], []),
        (
            ["web2", "web3"],
            [],
            [
                "Excluded by --limit: web2 and web3. Each uses an account of this run and would keep the old password. "
                "Run without --limit, or include every host that uses the account."
            ],
        ),
        (
            [],
            ["web2"],
            [
                "Excluded by --limit: web2. It is not known whether they use the accounts of this run, because "
                "smtp_rotation_accounts is set in the play; if they do, they would keep the old password. Set it in "
                "the inventory (group_vars or host_vars, empty for a host that has none), or run without --limit."
            ],
        ),
    ],
)
def test_limit(left_out: list[str], unsure: list[str], messages: list[str]) -> None:
    """Catches: hosts with the old password that nobody is told of."""
    assert [*of_limit(left_out, unsure, "smtp_rotation_accounts")] == messages
    assert len([*of_limit(["x"], ["y"], "z")]) == 2


def test_later_batches() -> None:
    """Catches: a message of a thousand hosts; a play without serial that is refused."""
    assert [*of_later([], "smtp_rotation_senders")] == []
    (message,) = of_later([f"mail{number}" for number in range(12)], "smtp_rotation_senders")
    assert message == (
        "The accounts of mail0, mail1, mail2, mail3, mail4, mail5, mail6, mail7, mail8, mail9 in a later batch are not "
        "known. With serial, set smtp_rotation_senders in the inventory, so that these hosts hold their mail too and "
        "one window serves all."
    )
