#!/usr/bin/python

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sets SMTP passwords through a provider's API and keeps them in Ansible Vault."""

from __future__ import annotations

DOCUMENTATION = r"""
module: smtp_account_password
short_description: Rotate SMTP passwords through the provider's API and keep them in Ansible Vault
version_added: 0.1.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - Sets or generates the passwords of SMTP accounts through the API of their provider, and keeps each one, encrypted
    with Ansible Vault, in a YAML file that can sit in C(group_vars) and in git.
  - A new password is encrypted and on disk before the provider hears of it. If a run dies, however it dies, the next
    one finds the password staged, sends the same one again, and finishes. A password that could be in force is never
    deleted.
  - The provider takes some time until a new password is in force, 15 minutes with EmailLabs. Until RV(effective_at)
    nobody may log in. The role P(mailops.smtp.smtp_rotation#role) waits, tests and records the test.
  - "B(Assumed): EmailLabs, MessageFlow and Redlink do not publish the call that changes an SMTP password. The
    collection assumes C(PUT /v2.1/email/smtpAccount/{account}/password) with a JSON body whose only field is
    C(password).
    O(password_request) replaces it when the provider's support names another one."
extends_documentation_fragment:
  - mailops.smtp.attributes
  - mailops.smtp.attributes.pipelining
  - mailops.smtp.provider
attributes:
  check_mode:
    support: full
    details:
      - Makes no call, writes nothing, and says what would happen and until when the wait would last.
  diff_mode:
    support: full
    details:
      - Shows dates and states, never a password.
  idempotent:
    support: partial
    details:
      - With O(rotate=always) every run sets a new password; that is what it is for. Otherwise a second run makes no
        call at all.
  async:
    support: none
    details:
      - Ansible would write the arguments into a file.
options:
  accounts:
    description:
      - The SMTP logins, such as V(1.name.smtp). One account's failure does not stop the others.
    type: list
    elements: str
    required: true
    aliases: [account]
  password:
    description:
      - The password to set, for exactly one account. By default one is generated when one is due.
      - If it is the stored one, nothing is done.
    type: str
  passwords:
    description:
      - The passwords to set, by account, for any of O(accounts). For the others one is generated when one is due.
    type: dict
  rotate:
    description:
      - V(when_due) sets a new password if none is stored or the stored one is older than O(max_age).
      - V(always) sets a new password in every run.
      - V(never) sets no new password.
      - Whatever is asked, a password that an earlier run left staged is sent again first. That is then this run's
        rotation of the account.
    type: str
    default: when_due
    choices: [when_due, always, never]
  only_at_rest:
    description:
      - If V(true), new passwords are set only for accounts that are at rest in a sender of the store, and were not
        changed for its next switch already. Others stay unchanged. See M(mailops.smtp.smtp_sender).
      - Between a look at the senders and this task another run may have changed the account, or have put it in use; so
        two runs at the same time set one new password.
    type: bool
    default: false
    version_added: 0.2.0
  max_age:
    description:
      - The age at which a password is due, V(90d), V(12h), or a number of seconds. Without it a stored password never
        gets due.
    type: str
  state:
    description:
      - V(present) stages a new password where one is due, sends it, and stores it.
      - V(staged) stages it only, without a call. A CI job commits and pushes the store then, and runs V(present)
        after that, so that a runner that vanishes loses nothing.
      - V(verified) records that a test send worked. It is an error while the window is open.
    type: str
    default: present
    choices: [present, staged, verified]
  password_length:
    description:
      - Length of generated passwords, in characters, at least 12.
    type: int
    default: 32
  password_symbols:
    description:
      - Symbols to use in generated passwords beside A-Z, a-z and 0-9. A generated password has at least two characters
        of each class, and two symbols if any are named.
    type: str
    default: ''
  vault_file:
    description:
      - The store. A relative path starts at the playbook's folder. A file that does not exist is made, with mode 0600.
      - A file that is encrypted as a whole stays so.
      - A play that loaded this file before the rotation holds the old values; load it again with
        M(ansible.builtin.include_vars).
    type: path
    required: true
  vault_id:
    description:
      - The Vault identity that encrypts new passwords. By default Ansible's own choice, which is the identity of
        C(--encrypt-vault-id), or the first one that is loaded.
    type: str
  propagation_seconds:
    description:
      - How long the provider may need until a new password is in force, in seconds. By default what the provider
        says, 900 for V(emaillabs), V(messageflow) and V(redlink).
    type: int
  password_request:
    description:
      - Replaces the call that changes a password, or parts of it. C({account}) stands for the account, C({password})
        for the password.
    type: dict
    suboptions:
      method:
        description: The HTTP method. The provider's is V(PUT), assumed.
        type: str
        choices: [POST, PUT, PATCH]
      path:
        description: The path, such as V(/v2.1/email/smtpAccount/{account}/password). A password in a path is refused.
        type: str
      encoding:
        description: How the body is encoded.
        type: str
        choices: [json, form]
      field:
        description: The name of the only field in the body; its value is the password.
        type: str
      body:
        description:
          - The whole body, if it has more than one field, a dict with the placeholders C({account}) and C({password}).
        type: dict
  concurrency:
    description:
      - How many accounts are changed at the same time.
    type: int
    default: 8
  rate_limit:
    description:
      - How many calls a second the provider is asked for at most, all together. By default what the provider
        publishes; if that is nothing, as many as it answers.
      - A provider that answers 429 is asked more slowly from then on, by itself. This option is for a limit that is
        known, and saves that answer.
    type: float
    version_added: 0.2.0
  rate_burst:
    description:
      - How many calls may be made at once to make up for time in which none was made, before O(rate_limit) spreads
        them.
    type: int
    default: 0
    version_added: 0.2.0
  rate_recent:
    description:
      - When the calls of the last second were made, in seconds by the clock of the machine that makes them. One batch
        of a long list hands it to the next, so that O(rate_limit) holds for both; no playbook sets it.
    type: list
    elements: float
    default: []
    version_added: 0.2.0
  lock_timeout:
    description:
      - How long to wait, in seconds, for another run that works on the same account or store.
    type: int
    default: 60
seealso:
  - module: mailops.smtp.smtp_test_send
  - module: mailops.smtp.smtp_account_info
  - module: mailops.smtp.smtp_sender
notes:
  - The two accounts of a sender (see M(mailops.smtp.smtp_sender)) never change at the same time. A task fails before
    anything changes if it would change both; if it would change one whose partner has a staged password or an open
    window; and between the switch of a sender and its end, until every host has followed.
  - A staged password that is sent again waits for less, because it may be in force already. It waits for the partner's
    window, for the hosts that still use an account which is leaving, and for the other one of the same task; not for a
    partner that is staged too. What waits stays staged.
  - Runs in part on the controller, the only place that has the Vault secrets, and in part where C(delegate_to) says,
    because a provider can limit its API to certain addresses.
  - Neither passwords nor keys appear in the result, at any verbosity. Playbooks that pass O(password) as a literal
    should set C(no_log) all the same, because callbacks can print a task's source.
"""

EXAMPLES = r"""
- name: Rotate one account when its password is 90 days old
  mailops.smtp.smtp_account_password:
    account: 1.acme.smtp
    max_age: 90d
    vault_file: group_vars/all/smtp.yml
  delegate_to: localhost

- name: Rotate several accounts now, through the host whose address the provider accepts
  mailops.smtp.smtp_account_password:
    accounts: [1.acme.smtp, 2.acme.smtp]
    rotate: always
    vault_file: "{{ playbook_dir }}/group_vars/all/smtp.yml"
    vault_id: prod
    application_key: "{{ emaillabs_application_key }}"
    authorization_key: "{{ emaillabs_authorization_key }}"
  delegate_to: bastion.example.com

- name: Set a password that somebody chose
  mailops.smtp.smtp_account_password:
    account: 1.acme.smtp
    password: "{{ chosen_password }}"
    vault_file: group_vars/all/smtp.yml
  delegate_to: localhost
  no_log: true

- name: Use the call that the provider's support named
  mailops.smtp.smtp_account_password:
    account: 1.acme.smtp
    vault_file: group_vars/all/smtp.yml
    password_request:
      method: POST
      path: /v2.1/email/smtpAccount/{account}
      encoding: json
      field: newPassword
  delegate_to: localhost
"""

RETURN = r"""
accounts:
  description: What became of each account.
  returned: always, unless the input was refused
  type: list
  elements: dict
  contains:
    account:
      description: The SMTP login.
      type: str
      returned: success
    action:
      description:
        - V(rotated), a new password was set. V(recovered), one that an earlier run left staged was set. V(staged), one
          was staged and not sent. V(verified), a test send was recorded. V(would_rotate), in check mode. V(unchanged).
        - V(refused), the provider refused the password or the call; what was in force stays. V(unknown), the outcome
          is not known; the password stays staged, and the next run sends the same one again.
      type: str
      returned: success
    reason:
      description: Why, in one sentence; the provider's words, if it refused.
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
    verified_at:
      description: When a test send with the stored password was recorded.
      type: str
      returned: success
    next_due:
      description: When the stored password reaches O(max_age).
      type: str
      returned: success
effective_at:
  description: The latest RV(accounts[].effective_at). Until then nobody may log in.
  returned: always, unless the input was refused
  type: str
  sample: "2026-11-23T13:15:00Z"
seconds_until_effective:
  description: Seconds until RV(effective_at), 0 when it is over.
  returned: always, unless the input was refused
  type: int
  sample: 900
seconds_to_wait:
  description:
    - Seconds until nobody has to wait any more, to the millisecond and never too few. RV(effective_at) is a whole
      second, cut off, so of a change in an earlier run it is one second more than what is left until then.
  returned: always, unless the input was refused
  type: float
  sample: 900.0
  version_added: 0.2.0
unverified:
  description: Accounts whose stored password still waits for its test send.
  returned: always, unless the input was refused
  type: list
  elements: str
failed_accounts:
  description: Accounts whose password was refused, or whose outcome is unknown. If there are any, the task fails.
  returned: always, unless the input was refused
  type: list
  elements: str
vault_file:
  description: The store's absolute path.
  returned: always, unless the input was refused
  type: str
"""

import time

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import PASSWORD_RULES, PASSWORD_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._provider.call_options import (
    connection_from,
    pace_from,
    patience_from,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.calls import set_passwords
from ansible_collections.mailops.smtp.plugins.module_utils._provider.orphan import Abandoned, Audience
from ansible_collections.mailops.smtp.plugins.module_utils._provider.outcomes import can_call, told
from ansible_collections.mailops.smtp.plugins.module_utils._provider.pool import NOT_SENT
from ansible_collections.mailops.smtp.plugins.module_utils._provider.registry import credentials_from, definition_from


def main() -> None:
    """Make the calls that the action plugin asks for; deciding, storing and checking are done there."""
    module = AnsibleModule(argument_spec=PASSWORD_SPEC, supports_check_mode=True, **PASSWORD_RULES)
    params, passwords = module.params, module.params["passwords"] or {}
    if not can_call():
        reason = missing_required_lib("requests")
        module.exit_json(changed=False, outcomes=told(dict.fromkeys(passwords, NOT_SENT), passwords, {}, reason))
    definition = definition_from(params)
    credentials = credentials_from(definition, params, {})
    pace, began = pace_from(params, definition), time.monotonic()
    try:
        changes = set_passwords(
            connection_from(params, definition, credentials),
            passwords,
            patience=patience_from(params),
            concurrency=params["concurrency"],
            pace=pace,
            abandoned=Audience().is_gone,
        )
    except Abandoned:
        # Most likely nobody hears it. What was sent is staged in the store, and the next run sends it again.
        module.fail_json(msg="Nobody waits for the answer any more, so no more is sent. The next run goes on.")
    module.exit_json(changed=True, outcomes=told(changes, passwords, credentials), **pace.told(began))


if __name__ == "__main__":
    main()
