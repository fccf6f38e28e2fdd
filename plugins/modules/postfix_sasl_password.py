#!/usr/bin/python
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_sasl_password
short_description: Write the logins that Postfix uses to relay through other mail servers
version_added: 0.2.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - Writes usernames and passwords into the lookup table that C(smtp_sasl_password_maps) in Postfix's C(main.cf) names,
    compiles it if its type needs that, and makes Postfix read it.
  - The table is replaced as a whole. At no moment is it missing, incomplete or readable by others, and no old copy of a
    password is left behind, not even by a run that was killed.
  - Other entries, comments and their order are kept byte for byte.
extends_documentation_fragment:
  - mailops.smtp.attributes
  - mailops.smtp.attributes.pipelining
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows keys and usernames, never a password.
  idempotent:
    support: full
    details:
      - The compiled table is compared too, so the next run completes one that was interrupted.
  async:
    support: none
requirements:
  - Postfix 3.1 or later, Linux, and Python 3.8 or later on the host that runs the module
  - root
options:
  entries:
    description:
      - The logins to write. Other entries of the table are not touched.
      - If the table has a key several times, the first entry is changed and the others are removed.
    type: list
    elements: dict
    required: true
    suboptions:
      key:
        description:
          - What Postfix looks for, for example V([smtp.emaillabs.net.pl]:587), exactly as the next hop is written in
            C(relayhost) or C(transport_maps); or a sender's address with C(smtp_sender_dependent_authentication).
          - Upper and lower case are not distinguished.
        type: str
        required: true
      username:
        description:
          - The SMTP login. It cannot contain a colon, and cannot begin with a blank. Anything else that can be printed,
            blanks and letters that are not ASCII included, reaches the server as it is.
        type: str
        required: true
      password:
        description:
          - The password. It cannot contain a line break, and cannot end with a blank.
        type: str
        required: true
  map:
    description:
      - Type and path of the table as C(main.cf) writes them, for example V(hash:/etc/postfix/sasl_passwd).
      - The types V(hash), V(btree), V(lmdb), V(cdb) and V(texthash) can be written, also behind C(proxy:).
      - For any other type, such as C(static) or C(inline), the message says how to move the logins into one of these.
      - By default the only table of these types in C(smtp_sasl_password_maps).
    type: str
  config_directory:
    description:
      - The folder of the instance's C(main.cf). For several instances, run the module once for each.
      - By default the one that C(postconf) names.
    type: path
  reload:
    description:
      - Whether Postfix is reloaded after a change, if it runs. It is never restarted.
    type: bool
    default: true
notes:
  - The table and what is compiled from it get the mode V(0600). Their owner and group are kept. Postfix reads them as
    root before it gives up its privileges.
  - A table behind C(proxy:) is read by the user in C(mail_owner), who is not root. It gets the group of this user and
    the mode V(0640), unless it belongs to this user.
  - A delivery that is under way during the reload ends with the old password. M(mailops.smtp.postfix_hold) makes sure
    that there is none.
seealso:
  - module: mailops.smtp.postfix_hold
  - module: mailops.smtp.secret_file
"""

EXAMPLES = r"""
- name: Give Postfix the new password
  mailops.smtp.postfix_sasl_password:
    entries:
      - key: "[smtp.emaillabs.net.pl]:587"
        username: 1.acme.smtp
        password: "{{ smtp_accounts['1.acme.smtp'].password }}"
  become: true

- name: Write two logins into a table of another instance
  mailops.smtp.postfix_sasl_password:
    config_directory: /etc/postfix-out
    map: lmdb:/etc/postfix-out/sasl_passwd
    entries:
      - key: news@example.com
        username: 1.acme.smtp
        password: "{{ smtp_accounts['1.acme.smtp'].password }}"
      - key: shop@example.com
        username: 2.acme.smtp
        password: "{{ smtp_accounts['2.acme.smtp'].password }}"
  become: true
"""

RETURN = r"""
path:
  description: The path of the table's text, symbolic links followed.
  returned: success
  type: str
  sample: /etc/postfix/sasl_passwd
type:
  description: The table's type.
  returned: success
  type: str
  sample: hash
reloaded:
  description: Whether Postfix was reloaded.
  returned: success
  type: bool
  sample: true
"""

import os
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix, PostfixError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.password_map import PasswordMap, find_map
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.password_map_text import (
    ARGUMENT_SPEC,
    merge,
    prepare,
    shown,
)


def apply(*, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Do what the options ask for, and return the module's result.

    :param options: as the module documents them
    :raises InputError: if an option or the host does not fit
    :raises PostfixError: if Postfix cannot read what was written
    """
    logins = prepare(options["entries"])
    if os.geteuid() != 0:
        raise InputError("Only root can write Postfix's passwords: run the task with become: true")
    postfix = Postfix(options["config_directory"])
    found = find_map(postfix, given=options["map"], keys=[login.key for login in logins])
    table = PasswordMap(postfix, found)
    before = table.text()
    unknown = options["reload"] and table.needs_reload()
    if check_mode:
        changed, reloaded = table.differs(logins) or unknown, False
    else:
        changed = table.write(logins, reload=options["reload"]) or unknown
        reloaded = changed and options["reload"] and table.reload()
    header = {"before_header": table.path, "after_header": table.path}
    texts = {"before": before, "after": merge(before, logins)}
    diff = {name: shown(text, logins) for name, text in texts.items()}
    done = {"changed": changed, "path": table.path, "type": found.kind, "reloaded": reloaded}
    return {**done, "diff": {**header, **diff}}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = apply(options=module.params, check_mode=module.check_mode)
    except (InputError, PostfixError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
