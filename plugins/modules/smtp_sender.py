#!/usr/bin/python

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the roles of each sender's two accounts; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: smtp_sender
short_description: Manage two SMTP accounts per sender and show which one to rotate, test and use
version_added: 0.2.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - A sender with two accounts is rotated without interrupting mail. One account is in use, the other one at rest. The
    account at rest gets a new password and is tested when the password takes effect, while mail keeps flowing through
    the other account. Then the hosts switch user name and password together. Once all of them have, the other account
    is at rest.
  - This module keeps the role of each account in the store and shows the next step. It changes no password and makes no
    API call. M(mailops.smtp.smtp_account_password) changes passwords, and never both accounts of a sender at a time.
  - Always runs on the controller and connects to nothing. Needs no Vault secret, unless the whole store is encrypted.
extends_documentation_fragment:
  - mailops.smtp.attributes
attributes:
  check_mode:
    support: full
    details:
      - Writes nothing and returns the same result.
  diff_mode:
    support: full
    details:
      - Shows roles and dates.
  idempotent:
    support: full
  async:
    support: none
    details:
      - The work is done by the action plugin on the controller.
options:
  senders:
    description:
      - The senders, each with a list of its two accounts. An account belongs to one sender only.
      - For a sender that is new to the store, the first account is in use and the second one at rest. For a known
        sender, the store has the roles, and the order here does not matter.
      - An account at rest must not be used by any host, whichever play manages the host.
      - With O(state=absent), a sender can be named with V(null) instead of its accounts.
    type: dict
    required: true
  state:
    description:
      - V(present) adds senders that the store does not know, and returns the next step for each sender.
      - V(switched) puts the account at rest in use. Set it after that account was tested and immediately before it is
        deployed. The other account is then C(leaving), because hosts still use it. Fails if the account at rest is not
        verified. Changes nothing if the sender has already been switched.
      - V(settled) records that every host uses the account in use and was tested with it. The account that was leaving
        is then at rest. Changes nothing if it already is.
      - V(absent) removes the senders from the store. Their accounts stay, as accounts of no sender;
        M(mailops.smtp.smtp_account_password) removes those. See O(force).
    type: str
    default: present
    choices: [present, switched, settled, absent]
  force:
    description:
      - With O(state=absent), also removes a sender whose rotation is under way. Then nothing in the store says any more
        that a host may still use the account that is leaving; RV(senders[].reason) says what was given up.
    type: bool
    default: false
    version_added: 0.3.0
  deployed:
    description:
      - With O(state=settled), what every host was deployed and tested with, by sender. Either the sender's entry in
        C(smtp_senders) at that time, or only the account. Fails if another run has switched the sender since, because
        the hosts may then use different accounts.
      - Prefer the entry. With the account alone, a sender that was switched twice since is not detected.
    type: dict
  rotate:
    description:
      - When a sender is due. With V(when_due), if its account in use has no stored password, if that password is older
        than O(max_age), or if a refused password may be in force instead. With V(always), in every run. With V(never),
        only rotations that have already begun are completed.
    type: str
    default: when_due
    choices: [when_due, always, never]
  max_age:
    description:
      - The age of the password in use at which the sender becomes due, such as V(90d), V(12h) or a number of seconds.
        Without it, a sender never becomes due by age.
    type: str
  vault_file:
    description:
      - The store, the same file as for M(mailops.smtp.smtp_account_password). Relative paths are relative to the
        playbook. A missing file is created with mode 0600.
    type: path
    required: true
  vault_id:
    description:
      - Accepted so that the same options work for M(mailops.smtp.smtp_account_password), and otherwise ignored. A file
        that is encrypted as a whole keeps its Vault identity.
    type: str
  lock_timeout:
    description:
      - How long to wait, in seconds, for another run that is using the same accounts or store.
    type: int
    default: 60
notes:
  - Templates read the account in use from the store with C(smtp_senders['newsletter'].in_use), and its password with
    C(smtp_accounts[smtp_senders['newsletter'].in_use].password). A play that loaded the store before this module wrote
    it still has the old roles; reload it with M(ansible.builtin.include_vars).
  - If only the account in use has a staged password, for example after an interrupted rotation with the strategy
    C(in_place), RV(senders[].step) is V(finish) for that account. Deploy it again afterwards, because its password may
    have changed.
seealso:
  - module: mailops.smtp.smtp_account_password
  - module: mailops.smtp.smtp_test_send
"""

EXAMPLES = r"""
- name: Show the next step
  mailops.smtp.smtp_sender:
    senders:
      newsletter: [1.acme.smtp, 2.acme.smtp]
    max_age: 90d
    vault_file: group_vars/all/smtp.yml
  register: look

- name: Set a new password for the accounts at rest whose senders are due
  mailops.smtp.smtp_account_password:
    accounts: "{{ look.senders | selectattr('step', 'eq', 'rotate') | map(attribute='account') | list }}"
    rotate: always
    vault_file: group_vars/all/smtp.yml
  when: look.senders | selectattr('step', 'eq', 'rotate') | list
  delegate_to: localhost

- name: Switch to the tested account immediately before deploying it
  mailops.smtp.smtp_sender:
    senders:
      newsletter: [1.acme.smtp, 2.acme.smtp]
    state: switched
    vault_file: group_vars/all/smtp.yml

- name: Reload the store for the templates
  ansible.builtin.include_vars:
    file: group_vars/all/smtp.yml

- name: Deploy user name and password together
  mailops.smtp.secret_file:
    dest: /etc/newsletter/smtp.env
    content: |
      SMTP_USERNAME={{ smtp_senders['newsletter'].in_use }}
      SMTP_PASSWORD={{ smtp_accounts[smtp_senders['newsletter'].in_use].password }}

- name: Record that every host uses the account
  mailops.smtp.smtp_sender:
    senders:
      newsletter: [1.acme.smtp, 2.acme.smtp]
    state: settled
    deployed:
      newsletter: "{{ smtp_senders['newsletter'] }}"
    vault_file: group_vars/all/smtp.yml
"""

RETURN = r"""
senders:
  description:
    - One entry for each sender after the task, or in check mode, as it would be. One that was removed has no accounts.
  returned: success
  type: list
  elements: dict
  contains:
    sender:
      description: The sender's name.
      type: str
      returned: success
      sample: newsletter
    in_use:
      description: The account that the hosts use, or should use from now on.
      type: str
      returned: success
      sample: 2.acme.smtp
    at_rest:
      description: The other account, if no host uses it. Null between O(state=switched) and O(state=settled).
      type: str
      returned: success
    leaving:
      description: The other account, if a host may still use it. Null otherwise.
      type: str
      returned: success
      sample: 1.acme.smtp
    switched_at:
      description:
        - When the roles were last switched, or when the sender was added. If the password of the account at rest was
          set at that time or later, it belongs to the next switch.
      type: str
      returned: success
      sample: "2026-11-23T13:15:10Z"
    step:
      description:
        - V(nothing) if nothing is to be done.
        - V(rotate) if the account at rest needs a new password.
        - V(finish) if the account has a new password from an earlier run that is staged, waiting or untested.
        - V(switch) if the account is verified; switch to it and deploy it.
        - V(settle) if the sender was switched but not confirmed on all hosts; deploy and test the account again, then
          record that with O(state=settled).
      type: str
      returned: success
      sample: settle
    account:
      description: The account that the step applies to. Null if nothing is to be done.
      type: str
      returned: success
      sample: 2.acme.smtp
    reason:
      description: The reason, in one sentence.
      type: str
      returned: success
vault_file:
  description: The store's absolute path.
  returned: success
  type: str
"""
