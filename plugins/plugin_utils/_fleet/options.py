# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role's variables must look like, and which there are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.words import listed
from ansible_collections.mailops.smtp.plugins.plugin_utils._near import nearest

PREFIX = "smtp_rotation_"
# All options of the role, and what the playbooks, the tasks that hold, and an audit have beside them. Listed here,
# because reading them out of the role's argument_specs.yml on every host takes longer than most tasks; a test
# compares them.
_NAMES = """
    account_ids accounts adopt_changed_at adopt_from api_credentials api_host api_key api_url application_key
    audit_attempts authorization_key ca_path concurrency consumer deploy_tasks drain_timeout hold_tasks keep_old
    lock_timeout max_age notify_due_days notify_tasks password password_length password_request password_symbols
    passwords persist_branch persist_check persist_remote persist_tasks postfix_config_directory postfix_entries
    postfix_map postfix_migrate postfix_transport program_options progress_interval propagation_seconds provider
    provider_definition provider_settings publish publish_again publish_host rate_limit reconcile
    release_on_failure release_tasks retries retry_after_ceiling rotate senders smtp_encryption smtp_host
    smtp_port state store_survives strategy template_dest template_group template_mode template_notify
    template_owner template_src test_concurrency test_message test_recipient test_send test_sender timeout
    validate_certs vault_file vault_id
    """
OPTIONS = frozenset(_NAMES.split())
BESIDE = frozenset({"audit", "host", "hosts", "news"})
# Options that Ansible lets through in a form that the role cannot use, with the form that they must have.
HOW_WRITTEN = {
    "accounts": "must be a list of strings, such as [1.acme.smtp]",
    "senders": (
        "must map each sender to a list of two strings, its accounts, such as {newsletter: [1.acme.smtp, 2.acme.smtp]}"
    ),
    "passwords": "must map accounts to passwords",
    "account_ids": "must map accounts to their IDs at the provider",
    "provider_settings": "must map the provider's settings to their values, such as {region: eu-central-1}",
    "consumer": "must be a name, such as postfix, or a list of names",
    "program_options": ("must map mail programs to their options, such as {msmtp: {path: /srv/app/msmtprc}}"),
    "publish": "must be a list of mappings with a kind, such as [{kind: aws_ssm, path: '/mail/{account}'}]",
    "postfix_entries": (
        "must be a list of mappings with a key, such as [{key: '[smtp.example.com]:587', account: 1.acme.smtp}]"
    ),
}
# Options that are one text; Ansible would make one of a list too, which no file and no host is named like.
TEXTS = (
    "adopt_from",
    "hold_tasks",
    "deploy_tasks",
    "release_tasks",
    "persist_tasks",
    "notify_tasks",
    "persist_check",
    "persist_remote",
    "persist_branch",
    "vault_file",
    "api_host",
    "publish_host",
    "smtp_host",
    "test_sender",
    "test_recipient",
    "postfix_transport",
    "template_src",
    "template_dest",
    "template_notify",
)
CHECKED = (*HOW_WRITTEN, *TEXTS)


def mistakes(values: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    """Return what is wrong with the form of a host's variables, and which of them are misspelt.

    :param values: the values of C(CHECKED), by the option's name
    :param names: the names of all variables of the host that begin with the role's prefix
    """
    found = [f"{PREFIX}{name} {form}" for name, form in HOW_WRITTEN.items() if not _has_form(name, values[name])]
    for name in TEXTS:
        if isinstance(values[name], (list, tuple, Mapping)):
            text = f"{PREFIX}{name} must be a string, not a {_kind(values[name])}"
            found.append(text)
    for name in _unknown(names):
        near = nearest(name, OPTIONS)
        if near:
            text = (
                f"{PREFIX}{name} is not an option of the role (did you mean {PREFIX}{near}?); correct it, or rename it "
                "if it is a variable of your own"
            )
            found.append(text)
    return found


def ignored(names: Iterable[str]) -> str:
    """Return a warning of the variables that look like options, are none, and may well be the user's own.

    :param names: the names of all variables of the host that begin with the role's prefix
    """
    own = [f"{PREFIX}{name}" for name in _unknown(names) if nearest(name, OPTIONS) is None]
    if not own:
        return ""
    text = f"ignored, because the role mailops.smtp.smtp_rotation has no such option: {listed(own)}"
    return text  # noqa: RET504  (by its name the text is found and held against the documentation)


def _unknown(names: Iterable[str]) -> list[str]:
    return sorted({name.removeprefix(PREFIX) for name in names} - OPTIONS - BESIDE)


def _has_form(name: str, value: Any) -> bool:
    if name == "accounts":
        return _is_list(value, str)
    if name == "postfix_entries":
        return _is_list(value, Mapping) and all(isinstance(entry.get("key"), str) for entry in value)
    if name == "publish":
        return _is_list(value, Mapping)
    if name == "consumer":
        return value is None or isinstance(value, str) or _is_list(value, str)
    if name == "program_options":
        return isinstance(value, Mapping) and all(isinstance(one, Mapping) for one in value.values())
    return isinstance(value, Mapping) and (name != "senders" or all(_is_list(pair, str) for pair in value.values()))


def _is_list(value: Any, of: type) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(item, of) for item in value)


def _kind(value: Any) -> str:
    return "mapping" if isinstance(value, Mapping) else "list"
