#!/usr/bin/python
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smtp_rotation_step
short_description: Run one step of the role smtp_rotation
version_added: 0.3.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - For the role P(mailops.smtp.smtp_rotation#role) only. What it takes and returns changes without notice.
extends_documentation_fragment:
  - mailops.smtp.attributes
attributes:
  check_mode:
    support: full
    details:
      - Changes nothing, neither on a host nor at the provider.
  diff_mode:
    support: full
    details:
      - Shows the differences of the modules that it runs, never a password.
  idempotent:
    support: full
    details:
      - A step that has nothing to do changes nothing.
  async:
    support: none
    details:
      - Ansible would write the arguments to a file.
options:
  step:
    description:
      - Which step.
    type: str
    required: true
    choices:
      - check
      - plan
      - audit
      - judge
      - stage
      - staged
      - reach
      - hold
      - change
      - deploy
      - test
      - release
      - record
      - switch
      - try
      - retire
      - publish
      - published
      - report
      - end
      - news
      - unheard
      - kept
      - note
      - wait
  host:
    description:
      - The host that the step is for, by default this one.
    type: str
  until:
    description:
      - What the host waits for, or for C(publish) how far the run is.
    type: str
  content:
    description:
      - The content of the file that the mail program reads.
    type: raw
  example:
    description:
      - The same with nothing secret in it, to see that the template can be rendered.
    type: raw
  unheld:
    description:
      - Hosts that could not be held, and whether they are away.
    type: dict
  trouble:
    description:
      - What went wrong on the host.
    type: str
  unkept:
    description:
      - Why the store was not saved elsewhere, an empty text if it was.
    type: str
  number:
    description:
      - Which of the passwords that the playbook's own tasks publish.
    type: int
"""

EXAMPLES = r"""
- name: Change the passwords that are due
  mailops.smtp.smtp_rotation_step:
    step: change
  register: __smtp_rotation
"""

RETURN = r"""
record:
  description: What the host remembers of the rotation.
  returned: always
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.smtp.plugins.module_utils._rotation_step import ARGUMENT_SPEC


def main() -> None:
    """Refuse to run: everything is in the action plugin of the same name."""
    AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True).fail_json(
        msg="smtp_rotation_step is a part of the role mailops.smtp.smtp_rotation; use the role"
    )


if __name__ == "__main__":
    main()
