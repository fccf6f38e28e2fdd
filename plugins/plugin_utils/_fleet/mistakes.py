# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with a host's options, all of it at once. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.audit import AUDITED, MOST_ATTEMPTS
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.consumers import TEMPLATE, consumers_of, programs_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.keeping import AUTO, GIT, NOTHING
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.words import listed

EMAILLABS = "smtp.emaillabs.net.pl"
HOOKS = ("hold_tasks", "deploy_tasks", "release_tasks", "persist_tasks")


def failures(
    options: Mapping[str, Any], accounts: Sequence[str], leader: Mapping[str, Any], no_files: Sequence[str]
) -> Iterator[str]:
    """Yield what is wrong with the options of a host.

    :param options: the role's options on this host, by their names without the prefix
    :param accounts: the accounts that the host uses
    :param leader: those of the leader that must be the same
    :param no_files: task files that do not exist
    """
    named = "senders" if options["strategy"] == "alternate" else "accounts"
    if not accounts:
        named_so = {
            "senders": "senders, each with its two SMTP accounts",
            "accounts": "SMTP accounts, such as 1.name.smtp",
        }
        yield f"smtp_rotation_{named} is empty. Name this host's {named_so[named]}."
    if options["progress_interval"] <= 0:
        yield "smtp_rotation_progress_interval must be a number of seconds greater than 0."
    if no_files:
        yield (
            f"{', '.join(no_files)} is not a file. smtp_rotation_hold_tasks, _deploy_tasks, _release_tasks, "
            "_persist_tasks and _notify_tasks must name task files, and smtp_rotation_persist_check if it is not auto "
            "or git; relative paths are relative to the playbook's directory."
        )
    if options["persist_check"] not in (NOTHING, AUTO) and not options["persist_tasks"]:
        yield (
            "smtp_rotation_persist_check looks at what smtp_rotation_persist_tasks did, and there are none. Name them, "
            "or leave the check out."
        )
    if options["notify_due_days"] < 0:
        yield "smtp_rotation_notify_due_days must be a number of days, or 0 for no such notification."
    yield from _of_alternate(options)
    yield from _of_audit(options)
    yield from _of_test_send(options)
    yield from _of_leader(options, leader)
    yield from _of_consumer(options, accounts)


def task_files(options: Mapping[str, Any]) -> list[str]:
    """Return the task files of the playbook's own that the options name.

    :param options: the role's options on this host
    """
    check = options["persist_check"]
    named = [options[name] for name in (*HOOKS, "notify_tasks")] + ([] if check in (AUTO, GIT) else [check])
    return [path for path in named if path]


def _of_alternate(options: Mapping[str, Any]) -> Iterator[str]:
    if options["strategy"] != "alternate":
        return
    pairs = all(len(pair) == 2 for pair in options["senders"].values()) and options["senders"]
    if not pairs or options["password"] or options["passwords"] or not options["test_send"]:
        yield (
            "With smtp_rotation_strategy alternate, smtp_rotation_senders maps each sender to exactly two accounts, "
            "passwords are generated (smtp_rotation_password and smtp_rotation_passwords cannot be set), and "
            "smtp_rotation_test_send is true: hosts switch to an account only after its test."
        )


def _of_audit(options: Mapping[str, Any]) -> Iterator[str]:
    if not 1 <= options["audit_attempts"] <= MOST_ATTEMPTS:
        yield f"smtp_rotation_audit_attempts must be a number from 1 to {MOST_ATTEMPTS}."
    if options["state"] != AUDITED:
        if options["reconcile"]:
            yield "smtp_rotation_reconcile is for smtp_rotation_state audited only."
        return
    if not options["smtp_host"]:
        yield "smtp_rotation_state audited logs in, and needs smtp_rotation_smtp_host."
    if options["password"] or options["passwords"]:
        yield (
            "smtp_rotation_password and smtp_rotation_passwords cannot be set with smtp_rotation_state audited, which "
            "tries the stored passwords."
        )
    if options["reconcile"] and options["strategy"] == "alternate":
        yield (
            "smtp_rotation_reconcile cannot be used with smtp_rotation_strategy alternate: to put an account right in "
            "place, its mail would have to be held. Run the audit without it, and then a rotation with "
            "smtp_rotation_rotate always."
        )


def _of_test_send(options: Mapping[str, Any]) -> Iterator[str]:
    audits = options["state"] == AUDITED
    only_audits = audits and not options["reconcile"]
    addresses = ("test_sender", "test_recipient") if options["test_message"] != "none" else ()
    if options["test_send"] and not only_audits and not all(options[name] for name in ("smtp_host", *addresses)):
        yield (
            "The test send needs smtp_rotation_smtp_host, smtp_rotation_test_sender and smtp_rotation_test_recipient. "
            "Set them, or set smtp_rotation_test_send to false; new passwords are then not tested."
        )
    foreign = options["provider"] != "emaillabs" and not options["provider_definition"]
    sends = audits or options["test_send"] or (programs_of(options["consumer"]) and not options["postfix_entries"])
    if options["smtp_host"] == EMAILLABS and foreign and sends:
        provider = options["provider"]
        yield (
            f"smtp_rotation_smtp_host is EmailLabs' server, which would receive a password of {provider}. Set it to "
            f"the SMTP server of {provider}."
        )


def _of_leader(options: Mapping[str, Any], leader: Mapping[str, Any]) -> Iterator[str]:
    if any(options[name] != leader[name] for name in ("vault_file", "strategy")):
        yield (
            f"smtp_rotation_vault_file is {options['vault_file']} and smtp_rotation_strategy {options['strategy']} "
            f"here, but at least one of them differs on {leader['name']}. All accounts of a play change together: use "
            "one play for each store."
        )


def _of_consumer(options: Mapping[str, Any], accounts: Sequence[str]) -> Iterator[str]:
    if TEMPLATE in consumers_of(options["consumer"]) and not (options["template_src"] and options["template_dest"]):
        yield "The consumer template needs smtp_rotation_template_src and smtp_rotation_template_dest."
    senders = options["senders"] if options["strategy"] == "alternate" else {}
    entries = options["postfix_entries"] if programs_of(options["consumer"]) else []
    wrong = [entry["key"] for entry in entries if not _is_of_host(entry, accounts, senders)]
    if wrong:
        yield (
            f"smtp_rotation_postfix_entries, {', '.join(wrong)}: each entry must name either an account or a sender, "
            "and one that this host lists in smtp_rotation_accounts or smtp_rotation_senders."
        )


def _is_of_host(entry: Mapping[str, Any], accounts: Collection[str], senders: Collection[str]) -> bool:
    if ("account" in entry) == ("sender" in entry):
        return False
    return entry["account"] in accounts if "account" in entry else entry["sender"] in senders


def of_limit(left_out: Collection[str], unsure: Collection[str], variable: str) -> Iterator[str]:
    """Yield what is wrong with a run under C(--limit).

    :param left_out: hosts outside the run that use its accounts
    :param unsure: hosts outside the run of which that is not known
    :param variable: the variable that names accounts or senders
    """
    if left_out:
        yield (
            f"Excluded by --limit: {listed(left_out)}. Each uses an account of this run and would keep the old "
            "password. Run without --limit, or include every host that uses the account."
        )
    if unsure:
        yield (
            f"Excluded by --limit: {listed(unsure)}. It is not known whether they use the accounts of this run, "
            f"because {variable} is set in the play; if they do, they would keep the old password. Set it in the "
            "inventory (group_vars or host_vars, empty for a host that has none), or run without --limit."
        )


def of_later(unknown: Sequence[str], variable: str) -> Iterator[str]:
    """Yield what is wrong with later batches.

    :param unknown: their hosts whose accounts nobody knows yet
    :param variable: the variable that names accounts or senders
    """
    if unknown:
        yield (
            f"The accounts of {', '.join(unknown[:10])} in a later batch are not known. With serial, set {variable} in "
            "the inventory, so that these hosts hold their mail too and one window serves all."
        )
