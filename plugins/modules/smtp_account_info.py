#!/usr/bin/python

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows SMTP accounts known to the provider and to the store."""

from __future__ import annotations

DOCUMENTATION = r"""
module: smtp_account_info
short_description: Show SMTP accounts known to the provider and to the store
version_added: 0.1.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - For each account, shows whether the provider lists it, whether the store has its password, how old the password is,
    when the next one is due, and its state.
  - Needs no Vault secret, because dates in the store are not encrypted (unless the whole file is). Works
    on the store alone, without keys, and with the keys alone, without a store. If the provider cannot be
    asked, the store still answers, with a warning.
extends_documentation_fragment:
  - mailops.smtp.attributes
  - mailops.smtp.attributes.pipelining
  - mailops.smtp.provider
attributes:
  check_mode:
    support: full
    details:
      - Never changes anything.
  diff_mode:
    support: none
    details:
      - Never changes anything.
  idempotent:
    support: full
    details:
      - Never changes anything.
  async:
    support: none
    details:
      - Ansible would write the arguments to a file.
options:
  accounts:
    description:
      - The SMTP logins to show. Defaults to all that the store or the provider knows.
    type: list
    elements: str
    aliases: [account]
  vault_file:
    description:
      - The store. Relative paths are relative to the playbook. A file that does not exist counts as an empty store.
    type: path
  max_age:
    description:
      - The age at which a password becomes due, such as V(90d), V(12h) or a number of seconds.
    type: str
  list_accounts:
    description:
      - Whether to list the provider's accounts if its keys are available. For EmailLabs, MessageFlow and Redlink, the
        call C(GET /v2.1/email/smtpAccount) is B(reported), not published.
    type: bool
    default: true
seealso:
  - module: mailops.smtp.smtp_account_password
  - module: mailops.smtp.smtp_sender
"""

EXAMPLES = r"""
- name: Check which passwords are due, using the store alone
  mailops.smtp.smtp_account_info:
    vault_file: group_vars/all/smtp.yml
    max_age: 90d
    list_accounts: false
  register: smtp
  delegate_to: localhost

- name: Show the accounts that are due
  ansible.builtin.debug:
    msg: "{{ smtp.accounts | selectattr('due') | map(attribute='account') | list }}"

- name: List the accounts that the provider has and the store does not
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
      description: Whether the provider lists the account. Null if the provider was not asked.
      type: bool
      returned: success
    stored:
      description: Whether the store has a password for the account. Null without O(vault_file).
      type: bool
      returned: success
    state:
      description:
        - V(none) if no password is stored.
        - V(staged) if a new password is staged and may have reached the provider; the next run of
          M(mailops.smtp.smtp_account_password) completes it.
        - V(waiting) if the password was changed and takes effect at RV(accounts[].effective_at).
        - V(effective) if the password is in force but has not been tested.
        - V(verified) if a test with the password succeeded.
      type: str
      returned: success
    age_seconds:
      description: Seconds since the stored password was set. Null if unknown.
      type: int
      returned: success
    due:
      description: Whether the next run of M(mailops.smtp.smtp_account_password) would set or complete a password.
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
      description:
        - When the stored password is in force at the latest. If the store does not say it, it is counted from
          RV(accounts[].changed_at), with the time that the provider takes by default.
      type: str
      returned: success
    seconds_until_effective:
      description: Seconds until RV(accounts[].effective_at), 0 if it has passed.
      type: int
      returned: success
    verified_at:
      description: When a successful test with the stored password was recorded.
      type: str
      returned: success
    staged_at:
      description: When the password was staged that is not yet confirmed.
      type: str
      returned: success
    failed_at:
      description: When the last test send with the stored password failed. Null if none failed, or a later one worked.
      type: str
      returned: success
      version_added: 0.3.0
    failure:
      description: Why it failed, the RV(mailops.smtp.smtp_test_send#module:reason) of M(mailops.smtp.smtp_test_send).
      type: str
      returned: success
      version_added: 0.3.0
    doubtful_passwords:
      description: How many refused passwords are kept because an earlier attempt with them may have taken effect.
      type: int
      returned: success
    sender:
      description: The sender that the account belongs to (see M(mailops.smtp.smtp_sender)). Null if it belongs to none.
      type: str
      returned: success
      version_added: 0.2.0
    role:
      description: The account's role in its sender, V(in_use), V(at_rest) or V(leaving). Null without a sender.
      type: str
      returned: success
      version_added: 0.2.0
provider_asked:
  description: Whether the provider returned its accounts. If it did not, RV(accounts) is what the store knows.
  returned: success
  type: bool
provider_failure:
  description:
    - Why the provider's list is missing although it was asked for. Null otherwise. It is a warning too. Without
      O(vault_file) the task fails.
  returned: success
  type: str
  version_added: 0.3.0
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import INFO_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, ProviderError
from ansible_collections.mailops.smtp.plugins.module_utils._provider.call_options import connection_from, patience_from
from ansible_collections.mailops.smtp.plugins.module_utils._provider.listing import list_accounts
from ansible_collections.mailops.smtp.plugins.module_utils._provider.report import missing
from ansible_collections.mailops.smtp.plugins.module_utils._secrets import Scrubber


def main() -> None:
    """List the provider's accounts; the action plugin reads the store."""
    module = AnsibleModule(argument_spec=INFO_SPEC, supports_check_mode=True)
    connection = connection_from(module.params)
    lacking = missing(connection.definition.transport)
    if lacking:
        module.fail_json(msg=missing_required_lib(lacking[0]))
    try:
        known = module.params["accounts"] or []
        module.exit_json(changed=False, listed=list_accounts(connection, known, patience=patience_from(module.params)))
    except (InputError, ProviderError) as error:
        module.fail_json(msg=Scrubber(connection.credentials.values()).text(str(error)))


if __name__ == "__main__":
    main()
