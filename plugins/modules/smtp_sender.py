#!/usr/bin/python

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the roles of a sender's two accounts; all of it is done by the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: smtp_sender
short_description: Keep two SMTP accounts for each sender and tell which one to rotate, test and use
version_added: 0.2.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - A sender with two accounts is rotated without an interruption. One account is in use, the other one at rest. The one
    at rest gets the new password, is waited for and tested, while mail flows over the other one; then the hosts switch
    user name and password together; and when all of them have, the other one is at rest.
  - This module keeps in the store which account has which role, and tells what comes next. It changes no password and
    makes no call. M(mailops.smtp.smtp_account_password) changes passwords, and refuses to change both accounts of a
    sender at a time.
  - Runs on the controller whatever the host of the task is, and connects to nothing. Needs no Vault secret, unless the
    store is encrypted as a whole.
extends_documentation_fragment:
  - mailops.smtp.attributes
attributes:
  check_mode:
    support: full
    details:
      - Writes nothing, and tells the same.
  diff_mode:
    support: full
    details:
      - Shows roles and dates.
  idempotent:
    support: full
  async:
    support: none
    details:
      - There is no module that could run by itself.
options:
  senders:
    description:
      - The senders, each with its two accounts. An account belongs to one sender only.
      - For a sender that the store does not know, the first account is in use and the second one at rest. For one that
        it knows, the roles in the store count, and the order here means nothing.
      - That an account is at rest must be true for every host that sends mail with it, whichever play manages the host.
    type: dict
    required: true
  state:
    description:
      - V(present) takes up senders that the store does not know, and tells what comes next for each one.
      - V(switched) is said when the account at rest is tested, immediately before it is deployed. It is then in use,
        and the other one is C(leaving), because hosts still use it. Refused if the account at rest is not verified. If
        the sender was switched already, nothing is changed.
      - V(settled) is said when every host uses the account in use and was tested. The one that was leaving is then at
        rest. If it is already, nothing is changed.
    type: str
    default: present
    choices: [present, switched, settled]
  deployed:
    description:
      - With O(state=settled), what every host was deployed and tested with, by sender. It is the sender's entry of
        C(smtp_senders) as it was then, or only the account. Refused if another run has switched the sender meanwhile;
        then nobody knows of all hosts.
      - From the account alone it cannot be seen that a sender was switched twice meanwhile, so give the entry.
    type: dict
  rotate:
    description:
      - When a sender is due. V(when_due), if of its account in use no password is stored, or that is older than
        O(max_age), or a refused one may be in force instead of it. V(always) in every run. V(never) only finishes what
        was begun.
    type: str
    default: when_due
    choices: [when_due, always, never]
  max_age:
    description:
      - The age of the password in use at which the sender is due, V(90d), V(12h), or a number of seconds. Without it a
        sender never gets due by its age.
    type: str
  vault_file:
    description:
      - The store, as for M(mailops.smtp.smtp_account_password). A relative path starts at the playbook's folder. A file
        that does not exist is made, with mode 0600.
    type: path
    required: true
  vault_id:
    description:
      - Accepted so that the same options fit M(mailops.smtp.smtp_account_password). Nothing is encrypted here, and a
        file that is encrypted as a whole keeps its identity.
    type: str
  lock_timeout:
    description:
      - How long to wait, in seconds, for another run that works on the same accounts or the same store.
    type: int
    default: 60
notes:
  - Templates read the account in use from the store, C(smtp_senders['newsletter'].in_use), and its password with
    C(smtp_accounts[smtp_senders['newsletter'].in_use].password). A play that loaded the store before this module wrote
    it holds the old roles; load it again with M(ansible.builtin.include_vars).
  - If only the account in use has a staged password, as a rotation in place leaves it when it is killed,
    RV(senders[].step) is V(finish) with that account. It has to be deployed again afterwards, because its password may
    have become another one.
seealso:
  - module: mailops.smtp.smtp_account_password
  - module: mailops.smtp.smtp_test_send
"""

EXAMPLES = r"""
- name: See what comes next
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

- name: Put the tested account in use, immediately before it is deployed
  mailops.smtp.smtp_sender:
    senders:
      newsletter: [1.acme.smtp, 2.acme.smtp]
    state: switched
    vault_file: group_vars/all/smtp.yml

- name: Read the store again, for the templates
  ansible.builtin.include_vars:
    file: group_vars/all/smtp.yml

- name: Deploy user name and password together
  mailops.smtp.secret_file:
    dest: /etc/newsletter/smtp.env
    content: |
      SMTP_USERNAME={{ smtp_senders['newsletter'].in_use }}
      SMTP_PASSWORD={{ smtp_accounts[smtp_senders['newsletter'].in_use].password }}

- name: Record that every host uses it
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
  description: One entry for each sender, as it is afterwards; in check mode, as it would be.
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
      description: The account that the hosts use, or shall use from now on.
      type: str
      returned: success
      sample: 2.acme.smtp
    at_rest:
      description: The other account, if no host uses it. Null between V(switched) and V(settled).
      type: str
      returned: success
    leaving:
      description: The other account, if a host may still use it. Null otherwise.
      type: str
      returned: success
      sample: 1.acme.smtp
    switched_at:
      description:
        - When the roles were exchanged, or when the sender was taken up. A password of the account at rest that was set
          then or later belongs to the next switch.
      type: str
      returned: success
      sample: "2026-11-23T13:15:10Z"
    step:
      description:
        - V(nothing) is to be done.
        - V(rotate), the account at rest needs a new password.
        - V(finish), the account's new password is staged, waiting or untested since an earlier run.
        - V(switch), the account is verified; switch and deploy it.
        - V(settle), it was switched, but not confirmed on all hosts; deploy and test the account again, then record it
          with O(state=settled).
      type: str
      returned: success
      sample: settle
    account:
      description: The account that the step is about. Null if nothing is to be done.
      type: str
      returned: success
      sample: 2.acme.smtp
    reason:
      description: Why, in one sentence.
      type: str
      returned: success
vault_file:
  description: The store's absolute path.
  returned: success
  type: str
"""
