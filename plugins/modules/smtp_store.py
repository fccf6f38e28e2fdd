#!/usr/bin/python

# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rekeys the store and renames accounts in it; the action plugin of the same name does the work."""

from __future__ import annotations

DOCUMENTATION = r"""
module: smtp_store
short_description: Encrypt the store under another Vault identity, and rename accounts in it
version_added: 0.3.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - Encrypts every password in the store anew under another identity or password of Ansible Vault, and renames accounts
    with their history. Everything is written at once or not at all, so an interrupted run leaves the store as it was.
  - Whoever knew the old Vault password may know the SMTP passwords, and can read them in git history and in backups. So
    rotate them afterwards. The playbook C(mailops.smtp.colleague_left) does both.
  - Always runs on the controller and connects to nothing.
extends_documentation_fragment:
  - mailops.smtp.attributes
attributes:
  check_mode:
    support: full
    details:
      - Writes nothing, and returns what would be done.
  diff_mode:
    support: full
    details:
      - Shows names and Vault identities, never a password.
  idempotent:
    support: full
  async:
    support: none
    details:
      - The work is done by the action plugin on the controller.
options:
  vault_file:
    description:
      - The store, the same file as for M(mailops.smtp.smtp_account_password). Relative paths are relative to the
        playbook.
      - A file that is encrypted as a whole is rekeyed as a whole, together with the values in it.
    type: path
    required: true
  state:
    description:
      - V(present) only does what O(renamed) says.
      - V(rekeyed) encrypts the store's passwords under O(vault_id), each with a new salt. The run needs the old Vault
        secret and the new one, so start it with C(--vault-id) twice. If a password cannot be opened, the task names it
        and changes nothing.
    type: str
    default: present
    choices: [present, rekeyed]
  vault_id:
    description:
      - With O(state=rekeyed), the Vault identity that encrypts from now on, V(default) for one without a name. Required
        then.
      - If only the password of an identity changes, load that identity twice, the new password first.
    type: str
  old_vault_id:
    description:
      - With O(state=rekeyed), only rekeys passwords that name this identity, or that its secret opens. By default, all
        passwords are rekeyed.
    type: str
  renamed:
    description:
      - Accounts to rename, old name to new name, when the provider knows them by another name. Passwords, dates and the
        place in a sender stay with the account, also while a password is staged or has not yet taken effect.
      - Fails if both names are in the store, or neither. Changes nothing if only the new one is.
    type: dict
  lock_timeout:
    description:
      - How long to wait, in seconds, for other runs that use the same accounts or store.
    type: int
    default: 60
notes:
  - Other values of Ansible Vault in the same file are not rekeyed. RV(left) names them.
  - Afterwards, start every run with the new Vault secret, and set O(vault_id) of
    M(mailops.smtp.smtp_account_password), or C(smtp_rotation_vault_id), to the new identity.
seealso:
  - module: mailops.smtp.smtp_account_password
"""

EXAMPLES = r"""
# ansible-playbook rekey.yml --vault-id new@prompt --vault-id prod@prompt
- name: Encrypt all passwords under a new identity
  mailops.smtp.smtp_store:
    vault_file: group_vars/all/smtp.yml
    state: rekeyed
    vault_id: new

# ansible-playbook rekey.yml --vault-id prod@new-password.txt --vault-id prod@old-password.txt
- name: Change the password of an identity
  mailops.smtp.smtp_store:
    vault_file: group_vars/all/smtp.yml
    state: rekeyed
    vault_id: prod
    old_vault_id: prod

- name: Rename an account that has a new login at the provider
  mailops.smtp.smtp_store:
    vault_file: group_vars/all/smtp.yml
    renamed:
      1.acme.smtp: 1.acme-mail.smtp
"""

RETURN = r"""
rekeyed:
  description: How many values were encrypted anew, or would be in check mode.
  returned: success
  type: int
  sample: 4
left:
  description:
    - With O(state=rekeyed), the names of Vault values in the file that were left as they are. They are passwords that
      are not under O(old_vault_id), and values that do not belong to the store.
  returned: success
  type: list
  elements: str
  sample: [api_key]
renamed:
  description: The accounts that were renamed, or would be in check mode, old name to new name.
  returned: success
  type: dict
  sample: {1.acme.smtp: 1.acme-mail.smtp}
identities:
  description: How many of the store's passwords name which Vault identity; V(default) for those that name none.
  returned: success
  type: dict
  sample: {new: 4}
vault_file:
  description: The store's absolute path.
  returned: success
  type: str
"""
