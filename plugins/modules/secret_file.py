#!/usr/bin/python
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: secret_file
short_description: Write a file that contains a secret, without leaving copies behind
version_added: 0.2.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - Writes a text into a file. The file is replaced as a whole, is never readable by others in between, and is on the
    disk when the module returns.
  - Unlike M(ansible.builtin.template) and M(ansible.builtin.copy), it never leaves the text in temporary files on the
    controller or on the host, and shows nothing of it in a diff. If a run is killed, the next one removes what it left.
extends_documentation_fragment:
  - mailops.smtp.attributes
  - mailops.smtp.attributes.pipelining
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows owner, group and mode, and whether the content differs, never the content.
  idempotent:
    support: full
  async:
    support: none
requirements:
  - Python 3.8 or later on the host that runs the module
options:
  content:
    description:
      - The file's content, for example what P(ansible.builtin.template#lookup) returns. Written as UTF-8.
    type: str
    required: true
  dest:
    description:
      - The file, an absolute path. Its folder must exist. A symbolic link is followed, and stays one.
    type: path
    required: true
  owner:
    description:
      - The user who owns the file, a name or a number.
      - By default, the owner does not change; a new file belongs to the user who runs the module.
    type: str
  group:
    description:
      - The group of the file, a name or a number.
      - By default, the group does not change; a new file gets the group of the user who runs the module.
    type: str
  mode:
    description:
      - The permissions as octal digits in quotes.
      - The mode of an existing file is not kept, because it may be an accident.
    type: raw
    default: '0600'
seealso:
  - module: mailops.smtp.postfix_sasl_password
"""

EXAMPLES = r"""
- name: Write the settings of msmtp from a template
  mailops.smtp.secret_file:
    content: "{{ lookup('ansible.builtin.template', 'msmtprc.j2') }}"
    dest: /etc/msmtprc
    group: mail
    mode: '0640'
  become: true
  notify: Restart the application

- name: Write an environment file
  mailops.smtp.secret_file:
    content: |
      SMTP_USER=1.acme.smtp
      SMTP_PASSWORD={{ smtp_accounts['1.acme.smtp'].password }}
    dest: /srv/app/.env
    owner: app
"""

RETURN = r"""
dest:
  description: The file, symbolic links followed.
  returned: success
  type: str
  sample: /srv/app/.env
mode:
  description: The file's permissions.
  returned: success
  type: str
  sample: '0600'
"""

import os
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._secret_file import (
    ARGUMENT_SPEC,
    described,
    mode_of,
    wanted_access,
)


def apply(*, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Do what the options ask for, and return the module's result.

    :param options: as the module documents them
    :raises InputError: if an option or the host does not fit
    """
    content, mode = options["content"].encode("utf-8", "surrogateescape"), mode_of(options["mode"])
    path = files.real_path(options["dest"])
    with files.locked(os.path.dirname(path)):
        before, present = files.read(path), files.access_of(path)
        wanted = wanted_access(owner=options["owner"], group=options["group"], mode=mode, present=present)
        changed = (before, present) != (content, wanted)
        if not check_mode:
            files.remove_stale(path)
            if changed:
                files.write(path, content, wanted)
    diff = {
        "before_header": path,
        "after_header": path,
        "before": described(present, "as before"),
        "after": described(wanted, "as before" if before == content else "new"),
    }
    return {"changed": changed, "dest": path, "mode": f"{mode:04o}", "diff": diff}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = apply(options=module.params, check_mode=module.check_mode)
    except InputError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
