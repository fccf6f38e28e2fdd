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
  - Sets given or generated passwords of SMTP accounts through the provider's API, and stores each one, encrypted with
    Ansible Vault, in a YAML file that can be kept in C(group_vars) and in git.
  - A new password is encrypted and saved to disk before it is sent to the provider. If a run is interrupted in any way,
    the next run finds the staged password, sends it again and completes the rotation. A password that may be in force
    is never deleted.
  - The provider needs some time until a new password takes effect, 15 minutes for EmailLabs. Logins are not allowed
    until RV(effective_at). The role P(mailops.smtp.smtp_rotation#role) waits, tests the passwords and records the
    result.
  - "B(Assumed): EmailLabs, MessageFlow and Redlink do not publish the call that changes an SMTP password. The
    collection assumes C(PUT /v2.1/email/smtpAccount/{account}/password) with a JSON body whose only field is
    C(password). If the provider's support names a different call, set O(password_request)."
extends_documentation_fragment:
  - mailops.smtp.attributes
  - mailops.smtp.attributes.pipelining
  - mailops.smtp.provider
attributes:
  check_mode:
    support: full
    details:
      - Makes no API call, writes nothing, and returns what would happen and when the new passwords would take effect.
  diff_mode:
    support: full
    details:
      - Shows dates and states, never a password.
  idempotent:
    support: partial
    details:
      - With O(rotate=always), every run sets a new password. Otherwise, a second run makes no API call.
  async:
    support: none
    details:
      - Ansible would write the arguments to a file.
options:
  accounts:
    description:
      - The SMTP logins, such as V(1.name.smtp). If one account fails, the others are still processed.
    type: list
    elements: str
    required: true
    aliases: [account]
  password:
    description:
      - The password to set, or with O(state=adopted) to adopt, for the only account in O(accounts). By default, a
        password is generated when one is due.
      - Nothing is done if it equals the stored password.
    type: str
  passwords:
    description:
      - The passwords to set, by account, for some or all of O(accounts). For the others, a password is generated when
        one is due. With O(state=adopted), all accounts need one.
      - A provider that makes the passwords itself takes none, but with O(state=adopted).
    type: dict
  rotate:
    description:
      - V(when_due) sets a new password if none is stored or the stored one is older than O(max_age).
      - V(always) sets a new password in every run.
      - V(never) sets no new password.
      - In every case, a password that an earlier run left staged is sent again first, and that counts as this run's
        rotation of the account.
    type: str
    default: when_due
    choices: [when_due, always, never]
  only_at_rest:
    description:
      - If V(true), sets new passwords only for accounts that are at rest in a sender of the store and have not been
        changed for its next switch. All others stay unchanged. See M(mailops.smtp.smtp_sender).
      - This makes sure that two simultaneous runs set only one new password, because another run may have changed the
        account or put it in use since the senders were read.
    type: bool
    default: false
    version_added: 0.2.0
  failures:
    description:
      - With O(state=verified), the accounts whose test failed, each with the reason in one word, such as
        V(auth_rejected). For all other O(accounts), a successful test is recorded.
      - M(mailops.smtp.smtp_account_info) shows a failure until a later test succeeds or a new password is set.
      - A failure is not recorded if another run has changed the password since the test.
    type: dict
    version_added: 0.3.0
  max_age:
    description:
      - The age at which a password becomes due, such as V(90d), V(12h) or a number of seconds. Without it, a stored
        password never becomes due.
    type: str
  state:
    description:
      - V(present) stages a new password for each account that is due, sends it to the provider and stores it.
      - V(staged) only stages it and makes no API call. A CI job can then commit and push the store before it runs
        V(present), so that nothing is lost if the runner disappears.
      - Of a provider that makes the passwords itself, V(staged) only notes in the store that one is to be requested;
        V(present) requests it. If the answer is lost, the next run requests another one. V(present) also deletes the
        credential before the stored one, once O(keep_old) is over.
      - V(settled) records that every host uses the stored credential. Only then is the one before it deleted. Set it
        after every host was given the new user name and password.
      - V(verified) records that a test with the stored password succeeded or, with O(failures), failed. Fails before
        the password takes effect.
      - V(adopted) writes the given password into the store as the one in force and makes no API call, for an account
        whose password was set elsewhere. The stored password becomes C(previous_password). The next test decides
        whether it works. Fails if another password is staged; the staged one itself can be adopted, which settles it.
        A password that breaks a rule of the provider is adopted with a warning.
      - V(absent) removes the accounts from the store with everything stored about them, and makes no API call. Needs no
        Vault secret, unless the whole store is encrypted. See O(force).
    type: str
    default: present
    choices: [present, staged, verified, settled, adopted, absent]
  keep_old:
    description:
      - For a provider that creates another credential beside the old one, how long the old one is kept after every host
        has left it, such as V(24h), V(7d) or a number of seconds. See O(state=settled).
    type: str
    default: 24h
    version_added: 0.3.0
  changed_at:
    description:
      - With O(state=adopted), when the password was set, such as V(2026-01-31T12:00:00Z) or the day alone. Defaults to
        the time of the task.
      - The password takes effect O(propagation_seconds) later, and is due by this date.
    type: str
    version_added: 0.3.0
  logins:
    description:
      - With O(state=adopted) and a provider that makes the passwords itself, what belongs to the given passwords. By
        account, a dictionary with C(username), the SMTP user name if it is not the account's name, and C(id), the
        provider's ID of the credential.
      - With the ID, an adopted credential is deleted after another one has replaced it. Without it, it stays at the
        provider.
      - For an account that is not listed, the stored user name and ID stay if the password is the stored one, or if the
        provider changes passwords in place.
    type: dict
    version_added: 0.3.0
  force:
    description:
      - With O(state=absent), also removes an account with a staged or doubtful password, with a password that has not
        yet taken effect, or one that belongs to a sender. The password in force may be lost with it;
        RV(accounts[].reason) says what was given up.
    type: bool
    default: false
    version_added: 0.3.0
  password_length:
    description:
      - The length of generated passwords in characters, at least 12.
    type: int
    default: 32
  password_symbols:
    description:
      - Symbols to use in generated passwords in addition to A-Z, a-z and 0-9. A generated password has at least two
        characters of each class, including at least two symbols if any are listed here.
    type: str
    default: ''
  vault_file:
    description:
      - The store. Relative paths are relative to the playbook. A missing file is created with mode 0600.
      - A file that is encrypted as a whole stays encrypted as a whole.
      - A play that loaded this file before the rotation still has the old values; reload it with
        M(ansible.builtin.include_vars).
    type: path
    required: true
  vault_id:
    description:
      - The Vault identity to encrypt new passwords with. Defaults to the identity that Ansible itself would use, which
        is that of C(--encrypt-vault-id) or the first one loaded.
    type: str
  store_survives:
    description:
      - Whether the store outlives this run. Set it to V(true) if the store is on a volume that is kept, or if what is
        staged has been saved elsewhere.
      - By default, a task that would call the provider fails, before it changes anything and in check mode too, if
        there is a sign that the store will be lost, such as a store in the working folder of GitHub Actions or GitLab
        CI, in the folder of an AWX job or of C(ansible-runner worker), or in the file system of a container.
      - The role sets it to V(true) if its tasks save the store elsewhere.
    type: bool
    version_added: 0.3.0
  propagation_seconds:
    description:
      - How long the provider may take to put a new password into force, in seconds. Defaults to the provider's own
        value, V(900) for V(emaillabs), V(messageflow) and V(redlink).
    type: int
  password_request:
    description:
      - Replaces all or part of the API call that changes a password. C({account}) is replaced with the account and
        C({password}) with the password.
    type: dict
    suboptions:
      method:
        description: The HTTP method. Defaults to the provider's.
        type: str
        choices: [POST, PUT, PATCH]
      path:
        description: The path, such as V(/v2.1/email/smtpAccount/{account}/password). It must not contain C({password}).
        type: str
      encoding:
        description: How the body is encoded.
        type: str
        choices: [json, form]
      field:
        description: The name of the body's only field, which contains the password.
        type: str
      body:
        description:
          - The whole body as a dictionary with the placeholders C({account}) and C({password}), if it has more than one
            field.
        type: dict
  concurrency:
    description:
      - How many accounts to change at the same time.
    type: int
    default: 8
  rate_limit:
    description:
      - The maximum number of API calls per second, over all accounts. Defaults to the limit that the provider
        publishes, or to no limit if it publishes none.
      - If the provider answers C(429), calls are slowed down automatically. Set this option to a known limit to avoid
        that response.
    type: float
    version_added: 0.2.0
  rate_burst:
    description:
      - How many calls may be made in a burst after an idle period before O(rate_limit) applies.
    type: int
    default: 0
    version_added: 0.2.0
  rate_recent:
    description:
      - Internal. The times of the calls made in the last second, in seconds by the clock of the host that makes them.
        Each batch of a long list passes it to the next, so that O(rate_limit) holds across batches.
    type: list
    elements: float
    default: []
    version_added: 0.2.0
  requests:
    description:
      - Internal. What the module is to do for each account of a provider that makes the passwords itself.
    type: dict
    version_added: 0.3.0
  pads:
    description:
      - Internal. With what the module hides each new password on its way back.
    type: dict
    version_added: 0.3.0
  lock_timeout:
    description:
      - How long to wait, in seconds, for another run that is using the same accounts or store.
    type: int
    default: 60
seealso:
  - module: mailops.smtp.smtp_test_send
  - module: mailops.smtp.smtp_account_info
  - module: mailops.smtp.smtp_sender
notes:
  - The two accounts of a sender (see M(mailops.smtp.smtp_sender)) never change at the same time. The task fails before
    anything changes if it would change both accounts, if the other account has a staged password or one that has not
    yet taken effect, or if the sender was switched and some hosts may not have followed yet.
  - Sending a staged password again is less restricted, because the password may already be in force. The task still
    fails if the other account's password has not yet taken effect, if hosts may still use an account that is leaving,
    or if it would send both; but not because the other account has a staged password. The password then stays staged.
  - Runs partly on the controller, the only place that has the Vault secrets, and partly on the host of C(delegate_to),
    because a provider can restrict its API to certain IP addresses.
  - Passwords and keys never appear in the result, at any verbosity. Playbooks that contain O(password) literally should
    still set C(no_log), because callbacks can print a task's source.
"""

EXAMPLES = r"""
- name: Rotate one account when its password is 90 days old
  mailops.smtp.smtp_account_password:
    account: 1.acme.smtp
    max_age: 90d
    vault_file: group_vars/all/smtp.yml
  delegate_to: localhost

- name: Rotate several accounts now, from the host whose IP address the provider allows
  mailops.smtp.smtp_account_password:
    accounts: [1.acme.smtp, 2.acme.smtp]
    rotate: always
    vault_file: "{{ playbook_dir }}/group_vars/all/smtp.yml"
    vault_id: prod
    application_key: "{{ emaillabs_application_key }}"
    authorization_key: "{{ emaillabs_authorization_key }}"
  delegate_to: bastion.example.com

- name: Set a given password
  mailops.smtp.smtp_account_password:
    account: 1.acme.smtp
    password: "{{ chosen_password }}"
    vault_file: group_vars/all/smtp.yml
  delegate_to: localhost
  no_log: true

- name: Adopt a password that was set in the provider's panel
  mailops.smtp.smtp_account_password:
    account: 1.acme.smtp
    password: "{{ old_smtp_password }}"
    changed_at: "2026-09-01"
    state: adopted
    vault_file: group_vars/all/smtp.yml
  delegate_to: localhost

- name: Adopt a credential that was created in the provider's panel, so that it is replaced and later deleted
  mailops.smtp.smtp_account_password:
    account: newsletter
    provider_definition: "{{ my_provider }}"
    password: "{{ old_smtp_password }}"
    logins:
      newsletter:
        username: user5
        id: "5"
    state: adopted
    vault_file: group_vars/all/smtp.yml
  delegate_to: localhost

- name: Remove an account that no longer exists
  mailops.smtp.smtp_account_password:
    account: 9.acme.smtp
    state: absent
    vault_file: group_vars/all/smtp.yml
  delegate_to: localhost

- name: Use the API call that the provider's support named
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
  description: The outcome for each account.
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
        - V(rotated) if a new password was set.
        - V(recovered) if a password that an earlier run left staged was set, or if one was requested again because the
          answer to an earlier request was lost.
        - V(staged) if a new password was staged but not sent.
        - V(verified) if a successful test was recorded.
        - V(test_failed) if a failed test was recorded.
        - V(adopted) if the given password was stored as the one in force.
        - V(retired) if the credential before the stored one was deleted at the provider.
        - V(settled) if it was recorded that every host uses the stored credential.
        - V(removed) if the account was removed from the store.
        - V(would_rotate), V(would_retire) or V(would_settle) in check mode, if the account would change.
        - V(unchanged) if nothing was done.
        - V(refused) if the provider refused the password or the call. The password in force does not change.
        - V(unknown) if the outcome is not known. The password stays staged, and the next run sends it again.
      type: str
      returned: success
    reason:
      description: The reason, in one sentence. If the provider refused, in its own words.
      type: str
      returned: success
    username:
      description: The SMTP user name, which is the account's name unless the provider chose another one.
      type: str
      returned: success
      version_added: 0.3.0
    in_doubt:
      description:
        - Whether a password that the provider refused may be in force in place of the stored one, because an earlier
          attempt with it may have landed. The next run that is due sets a new one.
      type: bool
      returned: success
      version_added: 0.3.0
    changed_at:
      description: When the stored password was set.
      type: str
      returned: success
    effective_at:
      description: When the stored password is in force at the latest.
      type: str
      returned: success
    verified_at:
      description: When a successful test with the stored password was recorded.
      type: str
      returned: success
    next_due:
      description: When the stored password reaches O(max_age).
      type: str
      returned: success
effective_at:
  description: The latest RV(accounts[].effective_at). Logins are not allowed until then.
  returned: always, unless the input was refused
  type: str
  sample: "2026-11-23T13:15:00Z"
seconds_until_effective:
  description: Seconds until RV(effective_at), 0 if it has passed.
  returned: always, unless the input was refused
  type: int
  sample: 900
seconds_to_wait:
  description:
    - Seconds until all new passwords are in force, with millisecond precision and never too short. RV(effective_at) is
      rounded down to a whole second, so for a change in an earlier run this is one second more than the difference.
  returned: always, unless the input was refused
  type: float
  sample: 900.0
  version_added: 0.2.0
unverified:
  description: Accounts whose stored password has not been tested since it was changed.
  returned: always, unless the input was refused
  type: list
  elements: str
failed_accounts:
  description: Accounts whose password was refused or whose outcome is unknown. The task fails if there are any.
  returned: always, unless the input was refused
  type: list
  elements: str
vault_file:
  description: The store's absolute path.
  returned: always, unless the input was refused
  type: str
"""

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import PASSWORD_RULES, PASSWORD_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._provider.call_options import (
    connection_from,
    pace_from,
    patience_from,
)
from ansible_collections.mailops.smtp.plugins.module_utils._provider.calls import set_passwords
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition import Connection
from ansible_collections.mailops.smtp.plugins.module_utils._provider.issue import Job, issue, not_begun
from ansible_collections.mailops.smtp.plugins.module_utils._provider.lookup import Lookup
from ansible_collections.mailops.smtp.plugins.module_utils._provider.orphan import Abandoned, Reader
from ansible_collections.mailops.smtp.plugins.module_utils._provider.parallel import NOT_SENT
from ansible_collections.mailops.smtp.plugins.module_utils._provider.report import made, missing, public
from ansible_collections.mailops.smtp.plugins.module_utils._secrets import SHORTEST_INNER


def main() -> None:
    """Make the API calls for the action plugin, which validates, decides and stores."""
    module = AnsibleModule(argument_spec=PASSWORD_SPEC, supports_check_mode=True, **PASSWORD_RULES)
    connection = connection_from(module.params)
    lacking = missing(connection.definition.transport)
    reason = missing_required_lib(lacking[0]) if lacking else ""
    pace, began = pace_from(module.params, connection.definition), time.monotonic()
    patience = patience_from(module.params)
    lookup = Lookup(connection, patience)
    how = {
        "patience": patience,
        "concurrency": module.params["concurrency"],
        "pace": pace,
        "lookup": lookup,
        "abandoned": Reader().is_gone,
    }
    calls = _issued if module.params["requests"] else _set
    try:
        outcomes = calls(module.params, connection, how, reason)
    except Abandoned:
        # Most likely nobody reads this. Whatever was sent is noted in the store, and the next run goes on from there.
        module.fail_json(
            msg="The controlling process has gone, so no further requests are sent. The next run completes them."
        )
    # Ansible would mask a short key, such as a user name, wherever its letters occur. Ours are scrubbed.
    module.no_log_values = {value for value in module.no_log_values if len(value) >= SHORTEST_INNER}
    ids = lookup.known(module.params["accounts"])
    handover = {} if reason else {**pace.handover(began), "account_ids": ids}
    module.exit_json(changed=not reason, outcomes=outcomes, invocation={}, **handover)


def _set(params: dict[str, Any], connection: Connection, how: dict[str, Any], reason: str) -> dict[str, dict[str, Any]]:
    """Set the passwords that the caller chose."""
    passwords = params["passwords"] or {}
    if reason:
        return public(dict.fromkeys(passwords, NOT_SENT), passwords, {}, reason)
    return public(set_passwords(connection, passwords, **how), passwords, connection.credentials)


def _issued(
    params: dict[str, Any], connection: Connection, how: dict[str, Any], reason: str
) -> dict[str, dict[str, Any]]:
    """Have the provider make passwords."""
    jobs, pads = {account: Job(**job) for account, job in params["requests"].items()}, params["pads"]
    if reason:
        return made({account: not_begun(job) for account, job in jobs.items()}, pads, {}, reason)
    return made(issue(connection, jobs, **how), pads, connection.credentials)


if __name__ == "__main__":
    main()
