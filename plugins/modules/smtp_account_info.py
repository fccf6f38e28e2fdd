#!/usr/bin/python

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells what the provider and the store know of SMTP accounts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: smtp_account_info
short_description: Tell what the provider lists and what the store knows of SMTP accounts
version_added: 0.1.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - Shows for each account whether the provider lists it, whether the store has its password, how old that is, when the
    next one is due, and in which state it is.
  - Needs no Vault secret, because the store keeps its dates in clear (unless the file is encrypted as a whole). Works
    on the store alone, without keys, and with the keys alone, without a store.
extends_documentation_fragment:
  - mailops.smtp.attributes
  - mailops.smtp.attributes.pipelining
  - mailops.smtp.provider
attributes:
  check_mode:
    support: full
    details:
      - Changes nothing, in check mode or outside it.
  diff_mode:
    support: none
    details:
      - Changes nothing.
  idempotent:
    support: full
    details:
      - Changes nothing.
  async:
    support: none
    details:
      - Ansible would write the arguments into a file.
options:
  accounts:
    description:
      - The SMTP logins to tell of. By default all that the store or the provider knows.
    type: list
    elements: str
    aliases: [account]
  vault_file:
    description:
      - The store. A relative path starts at the playbook's folder. A file that does not exist is an empty store.
    type: path
  max_age:
    description:
      - The age at which a password is due, V(90d), V(12h), or a number of seconds.
    type: str
  list_accounts:
    description:
      - Whether to ask the provider, if its keys are there. That C(GET /v2.1/email/smtpAccount) lists the accounts is
        B(reported), not published by the provider.
    type: bool
    default: true
seealso:
  - module: mailops.smtp.smtp_account_password
  - module: mailops.smtp.smtp_sender
"""

EXAMPLES = r"""
- name: See which passwords are due, from the store alone
  mailops.smtp.smtp_account_info:
    vault_file: group_vars/all/smtp.yml
    max_age: 90d
    list_accounts: false
  register: smtp
  delegate_to: localhost

- name: Name the accounts that are due
  ansible.builtin.debug:
    msg: "{{ smtp.accounts | selectattr('due') | map(attribute='account') | list }}"

- name: See which accounts the provider has that the store does not know
  mailops.smtp.smtp_account_info:
    vault_file: group_vars/all/smtp.yml
    application_key: "{{ emaillabs_application_key }}"
    authorization_key: "{{ emaillabs_authorization_key }}"
  delegate_to: localhost
"""

RETURN = r"""
accounts:
  description: One entry for each account.
  returned: success
  type: list
  elements: dict
  contains:
    account:
      description: The SMTP login.
      type: str
      returned: success
    listed:
      description: Whether the provider lists it. Null if the provider was not asked.
      type: bool
      returned: success
    stored:
      description: Whether the store has a password for it. Null if no store was asked.
      type: bool
      returned: success
    state:
      description:
        - V(none), no password is stored. V(staged), a new one is on its way and may have reached the provider; the
          next run of M(mailops.smtp.smtp_account_password) finishes it. V(waiting), changed, and not in force for
          certain before RV(accounts[].effective_at). V(effective), in force, but no test send is recorded.
          V(verified), a test send worked.
      type: str
      returned: success
    age_seconds:
      description: Seconds since the stored password was set. Null if that is not known.
      type: int
      returned: success
    due:
      description: Whether the next run of M(mailops.smtp.smtp_account_password) would change or finish something.
      type: bool
      returned: success
    next_due:
      description: When the stored password reaches O(max_age).
      type: str
      returned: success
    changed_at:
      description: When the stored password was set.
      type: str
      returned: success
    effective_at:
      description: When the stored password is in force at the latest.
      type: str
      returned: success
    seconds_until_effective:
      description: Seconds until then, 0 when it is over.
      type: int
      returned: success
    verified_at:
      description: When a test send with the stored password was recorded.
      type: str
      returned: success
    staged_at:
      description: When a password was staged that is still on its way.
      type: str
      returned: success
    doubtful_passwords:
      description: How many values are kept that the provider refused, but that might have landed before.
      type: int
      returned: success
    sender:
      description: The sender whose account it is one of, as M(mailops.smtp.smtp_sender) keeps it. Null if it has none.
      type: str
      returned: success
      version_added: 0.2.0
    role:
      description: Its role there, V(in_use), V(at_rest) or V(leaving). Null if it has no sender.
      type: str
      returned: success
      version_added: 0.2.0
provider_asked:
  description: Whether the provider was asked for its list.
  returned: success
  type: bool
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import INFO_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, ProviderError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.call_options import connection_from, patience_from
from ansible_collections.mailops.smtp.plugins.module_utils._provider.calls import list_accounts
from ansible_collections.mailops.smtp.plugins.module_utils._provider.outcomes import can_call
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import credentials_from, definition_from
from ansible_collections.mailops.smtp.plugins.module_utils._secrets import Scrubber


def main() -> None:
    """List the accounts; the store is read by the action plugin."""
    module = AnsibleModule(argument_spec=INFO_SPEC, supports_check_mode=True)
    credentials: dict[str, str] = {}
    if not can_call():
        module.fail_json(msg=missing_required_lib("requests"))
    try:
        definition = definition_from(module.params)
        credentials = credentials_from(definition, module.params, {})
        connection = connection_from(module.params, definition, credentials)
        known = module.params["accounts"] or []
        module.exit_json(changed=False, listed=list_accounts(connection, known, patience=patience_from(module.params)))
    except (InputError, ProviderError) as error:
        module.fail_json(msg=Scrubber(credentials.values()).text(str(error)))


if __name__ == "__main__":
    main()
