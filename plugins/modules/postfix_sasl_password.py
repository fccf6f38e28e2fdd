#!/usr/bin/python
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_sasl_password
short_description: Write the logins that Postfix uses at other mail servers
version_added: 0.2.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - Writes user names and passwords into the lookup table that C(smtp_sasl_password_maps) in Postfix's C(main.cf) names,
    compiles it where its type needs that, and has Postfix read it.
  - The table is replaced as a whole. At no moment is it missing, incomplete or readable by others, and no old copy of a
    password is left behind, also not by a run that was killed.
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
      - Shows keys and user names, never a password.
  idempotent:
    support: full
    details:
      - What the compiled table says is compared too, so that a run that was interrupted is finished by the next.
  async:
    support: none
requirements:
  - Postfix 3.1 or later, Linux, and Python 3.8 or later on the host that runs the module
  - root
options:
  entries:
    description:
      - The logins to write. Other entries of the table are not touched.
      - If the table has a key several times, the first is changed and the others are removed.
    type: list
    elements: dict
    required: true
    suboptions:
      key:
        description:
          - What Postfix looks for, for example V([smtp.emaillabs.net.pl]:587), exactly as the next hop is written in
            C(relayhost) or C(transport_maps); or a sender's address with C(smtp_sender_dependent_authentication).
          - Upper and lower case are the same.
        type: str
        required: true
      username:
        description:
          - The SMTP login. It cannot contain a colon.
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
      - The types V(hash), V(btree), V(lmdb), V(cdb) and V(texthash) can be written.
      - By default the only table of these types in C(smtp_sasl_password_maps).
    type: str
  config_directory:
    description:
      - The folder of the instance's C(main.cf).
      - By default the one that C(postconf) tells.
    type: path
  reload:
    description:
      - Whether Postfix is reloaded after a change, if it runs. It is never restarted.
    type: bool
    default: true
notes:
  - The table and what is compiled of it get the mode V(0600). Their owner and group are kept. Postfix reads them as
    root before it gives up its rights; tables behind C(proxy:) are therefore not supported.
  - A delivery that is under way during the reload ends with the password of before. M(mailops.smtp.postfix_hold) sees
    to it that there is none.
seealso:
  - module: mailops.smtp.postfix_hold
  - module: mailops.smtp.secret_file
"""

EXAMPLES = r"""
- name: Tell Postfix the new password
  mailops.smtp.postfix_sasl_password:
    entries:
      - key: "[smtp.emaillabs.net.pl]:587"
        username: 1.acme.smtp
        password: "{{ smtp_accounts['1.acme.smtp'].password }}"
  become: true

- name: Write two logins into a map of another instance
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
  description: The table's text, symbolic links followed.
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
import typing as t

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


def apply(*, options: t.Mapping[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Write what is to be written, and return the module's result. Raises InputError, PostfixError."""
    logins = prepare(entries=options["entries"])
    if os.geteuid() != 0:
        raise InputError("Postfix's passwords are for root only: run the task with become: true")
    postfix = Postfix(options["config_directory"])
    kind, path = find_map(postfix=postfix, given=options["map"])
    table = PasswordMap(postfix, kind, path)
    before = table.text()
    unknown = options["reload"] and table.needs_reload()
    if check_mode:
        changed, reloaded = table.differs(logins) or unknown, False
    else:
        changed = table.write(logins, reload=options["reload"]) or unknown
        reloaded = changed and options["reload"] and table.reload()
    header = {"before_header": table.path, "after_header": table.path}
    texts = {"before": before, "after": merge(text=before, logins=logins)}
    diff = {name: shown(text=text, logins=logins) for name, text in texts.items()}
    return {"changed": changed, "path": table.path, "type": kind, "reloaded": reloaded, "diff": {**header, **diff}}


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
