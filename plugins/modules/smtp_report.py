#!/usr/bin/python

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports on the store; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: smtp_report
short_description: Write a report on the store, for people and for monitoring
version_added: 0.3.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - Shows for each account in the store how old its password is, when the next one is due, in which state it is, and
    whether somebody should look at it. Writes that as a web page, for Prometheus, and as JSON.
  - Makes no API call and needs no Vault secret, because dates in the store are not encrypted (unless the whole file
    is). No report has a password in it, encrypted or not.
  - Always runs on the controller and connects to nothing. M(ansible.builtin.copy) brings a report to another host.
extends_documentation_fragment:
  - mailops.smtp.attributes
attributes:
  check_mode:
    support: full
    details:
      - Writes nothing and returns the same result.
  diff_mode:
    support: none
    details:
      - A report is made anew in each run.
  idempotent:
    support: full
    details:
      - Each run writes the reports, so that their time is current. The task is changed only if anything else in a
        report is new, or if its mode was different.
  async:
    support: none
    details:
      - The work is done by the action plugin on the controller.
options:
  vault_file:
    description:
      - The store. Relative paths are relative to the playbook. It must exist.
    type: path
    required: true
  max_age:
    description:
      - The age at which a password is due, such as V(90d), V(12h) or a number of seconds. Without it, none ever is.
    type: str
  outputs:
    description:
      - The reports to write. By default, none; the result has all that they say.
      - Relative paths are relative to the playbook, and the folders must exist. Each file is replaced as a whole, so a
        reader never sees half of one.
    type: dict
    suboptions:
      html:
        description:
          - One page for people, with no script and nothing from elsewhere, that needs no web server.
        type: path
      json:
        description:
          - What the module returns, with RV(store), RV(generated_at), RV(max_age_seconds), RV(totals), RV(accounts) and
            RV(senders), and a C(fingerprint) that stays the same as long as the report says nothing new.
        type: path
      prometheus:
        description:
          - Metrics for the textfile collector of Prometheus' node exporter, which reads files that end with C(.prom).
        type: path
  mode:
    description:
      - The permissions of the reports as octal digits in quotes.
    type: raw
    default: '0644'
  name:
    description:
      - The name of the store in the reports, and the label C(store) of each metric. Defaults to the name of the file
        without its extension. Set it if several stores have the same one and are read by one node exporter.
    type: str
  propagation_seconds:
    description:
      - How long the provider needs to put a password into force. Only used for an account whose entry in the store has
        no C(effective_at), as after an edit by hand.
    type: int
    default: 900
seealso:
  - module: mailops.smtp.smtp_account_info
  - module: mailops.smtp.smtp_account_password
"""

EXAMPLES = r"""
- name: Write a page for people, and metrics for the node exporter on this machine
  mailops.smtp.smtp_report:
    vault_file: group_vars/all/smtp.yml
    max_age: 90d
    outputs:
      html: /srv/www/smtp.html
      prometheus: /var/lib/prometheus/node-exporter/smtp.prom

- name: Read the store, and write nothing
  mailops.smtp.smtp_report:
    vault_file: group_vars/all/smtp.yml
    max_age: 90d
  register: smtp

- name: Show the accounts that somebody should look at
  ansible.builtin.debug:
    msg: "{{ smtp.accounts | selectattr('attention') | items2dict('account', 'attention') }}"
"""

RETURN = r"""
store:
  description: The name of the store, see O(name).
  returned: success
  type: str
  sample: smtp
generated_at:
  description: When the report was made.
  returned: success
  type: str
  sample: "2026-11-23T13:15:10Z"
max_age_seconds:
  description: The O(max_age). Null without it.
  returned: success
  type: int
  sample: 7776000
outputs:
  description: The reports that were written, by format, symbolic links followed.
  returned: success
  type: dict
  sample: {"html": "/srv/www/smtp.html"}
totals:
  description: Numbers of accounts and senders.
  returned: success
  type: dict
  contains:
    accounts:
      description: Accounts in the store.
      type: int
      returned: success
    senders:
      description: Senders in the store.
      type: int
      returned: success
    attention:
      description: Accounts that somebody should look at.
      type: int
      returned: success
    states:
      description: Accounts by RV(accounts[].state), each state with its number.
      type: dict
      returned: success
      sample: {"effective": 0, "none": 0, "staged": 0, "verified": 3, "waiting": 0}
    reasons:
      description: Accounts by RV(accounts[].attention), each reason with its number. An account can have several.
      type: dict
      returned: success
accounts:
  description: One entry for each account, in the order of the store.
  returned: success
  type: list
  elements: dict
  contains:
    account:
      description: The SMTP login.
      type: str
      returned: success
    attention:
      description:
        - Why somebody should look at the account, the most urgent reason first. Empty if nobody has to.
        - V(failed) if the last test with the stored password failed, see RV(accounts[].failure).
        - V(doubtful) if a password that the provider refused may be in force in place of the stored one.
        - V(staged) if a new password is staged and may have reached the provider.
        - V(none) if no password is stored.
        - V(overdue) if the password has reached O(max_age).
        - V(undated) if the store does not say when the password was set.
        - V(unverified) if the password is in force and has not been tested.
        - V(unpublished) if a target of the role has another password, see RV(accounts[].published).
      type: list
      elements: str
      returned: success
    published:
      description:
        - The targets of the role's option O(mailops.smtp.smtp_rotation#role:main:smtp_rotation_publish) that were given
          a password of the account, or could not be given one.
      type: list
      elements: dict
      returned: success
      contains:
        target:
          description: The target's name.
          type: str
          returned: success
        published_at:
          description: When it was last given a password. Null if never.
          type: str
          returned: success
        behind:
          description: Whether it has another password than the store, which the next run publishes.
          type: bool
          returned: success
    state:
      description:
        - V(none), V(staged), V(waiting), V(effective) or V(verified), as
          RV(mailops.smtp.smtp_account_info#module:accounts[].state).
      type: str
      returned: success
    stored:
      description: Whether the store has a password for the account.
      type: bool
      returned: success
    window_open:
      description: Whether the last change has not taken effect yet, so that logins are not allowed.
      type: bool
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
      description: When the stored password reaches O(max_age). Null if that is not known.
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
      description: When the last test with the stored password failed. Null if none failed, or a later one worked.
      type: str
      returned: success
    failure:
      description: Why it failed, the RV(mailops.smtp.smtp_test_send#module:reason) of M(mailops.smtp.smtp_test_send).
      type: str
      returned: success
    doubtful_passwords:
      description: How many refused passwords are kept because an earlier attempt with them may have taken effect.
      type: int
      returned: success
    sender:
      description: The sender that the account belongs to (see M(mailops.smtp.smtp_sender)). Null if it belongs to none.
      type: str
      returned: success
    role:
      description: The account's role in its sender, V(in_use), V(at_rest) or V(leaving). Null without a sender.
      type: str
      returned: success
senders:
  description: One entry for each sender in the store.
  returned: success
  type: list
  elements: dict
  contains:
    sender:
      description: The sender's name.
      type: str
      returned: success
    in_use:
      description: The account that the hosts use.
      type: str
      returned: success
    at_rest:
      description: The other account, if no host uses it. Null otherwise.
      type: str
      returned: success
    leaving:
      description: The other account, if a host may still use it. Null otherwise.
      type: str
      returned: success
    switched_at:
      description: When the roles were last switched, or when the sender was added.
      type: str
      returned: success
"""
