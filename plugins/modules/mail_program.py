#!/usr/bin/python
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: mail_program
short_description: Find, hold, deploy, prove and release the logins of a mail program
version_added: 0.3.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - Does for one mail program of a host what a rotation of SMTP passwords needs. It finds out which login the program
    uses for the provider, holds the mail that goes there, writes the new login where the program reads it, sends one
    message through the program to prove it, and releases the rest.
  - The role P(mailops.smtp.smtp_rotation#role) runs these steps in order. Use the module by itself for a program whose
    passwords something else rotates.
extends_documentation_fragment:
  - mailops.smtp.attributes
  - mailops.smtp.attributes.pipelining
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows usernames and places, never a password.
  idempotent:
    support: partial
    details:
      - O(state=proved) sends a message each time.
  async:
    support: none
requirements:
  - Linux, and Python 3.8 or later on the host that runs the module
  - root
options:
  program:
    description:
      - The mail program, such as V(postfix) or V(exim). The guide to mail programs lists all of them.
      - V(auto) is for O(state=found) only. It returns in RV(programs) which programs on this host use the provider.
    type: str
    required: true
  state:
    description:
      - V(found) finds out which entries the program uses for the provider, and fails if it would not use what would be
        written. Nothing changes.
      - V(held) stops everything that reaches the provider, and returns when nothing logs in there any more.
      - V(deployed) writes the logins.
      - V(proved) sends one message through the program with each login, while everything else stays on hold.
      - V(released) removes the hold, and delivers what waited.
    type: str
    required: true
    choices:
      - found
      - held
      - deployed
      - proved
      - released
  host:
    description:
      - The provider's SMTP server.
    type: str
    required: true
  port:
    description:
      - Its port.
    type: int
    default: 587
  encryption:
    description:
      - How the connection to the server is encrypted.
    type: str
    default: starttls
    choices:
      - starttls
      - tls
      - none
  logins:
    description:
      - The logins that the program is to use for the provider.
    type: list
    elements: dict
    required: true
    suboptions:
      username:
        description:
          - The SMTP login.
        type: str
        required: true
      password:
        description:
          - Its password. Required for O(state=deployed) and O(state=proved).
        type: str
        default: ''
      replaces:
        description:
          - Other usernames whose entries this login takes over, such as the other account of a sender.
        type: list
        elements: str
        default: []
      key:
        description:
          - The key under which the program finds the login, such as V([smtp.emaillabs.net.pl]:587) in Postfix's table.
          - By default, the entries that the program uses are found.
        type: str
        default: ''
  options:
    description:
      - Options of the program. The guide to mail programs lists them.
      - With O(program=auto), a mapping of the options of each program by its name.
    type: dict
    default: {}
  sender:
    description:
      - The sender of the message of O(state=proved).
    type: str
    default: ''
  recipient:
    description:
      - The recipient of the message of O(state=proved). Without one, no message is sent.
    type: str
    default: ''
  token:
    description:
      - A word in the subject of the message, by which it is found in queues and logs.
    type: str
    default: ''
  timeout:
    description:
      - How many seconds deliveries under way may take to end, and how long the message of O(state=proved) may take.
    type: int
    default: 60
seealso:
  - module: mailops.smtp.postfix_hold
  - module: mailops.smtp.postfix_sasl_password
  - module: mailops.smtp.secret_file
"""

EXAMPLES = r"""
- name: Find out which mail programs use the provider
  mailops.smtp.mail_program:
    program: auto
    state: found
    host: smtp.emaillabs.net.pl
    logins:
      - username: 1.acme.smtp
  become: true

- name: Find out which login Exim uses for the provider
  mailops.smtp.mail_program:
    program: exim
    state: found
    host: smtp.emaillabs.net.pl
    logins:
      - username: 1.acme.smtp
  become: true

- name: Write the new password
  mailops.smtp.mail_program:
    program: exim
    state: deployed
    host: smtp.emaillabs.net.pl
    logins:
      - username: 1.acme.smtp
        password: "{{ smtp_accounts['1.acme.smtp'].password }}"
  become: true
"""

RETURN = r"""
entries:
  description: The entries that the program uses for the provider, and those that are written.
  returned: success, unless O(program=auto)
  type: list
  elements: dict
  sample:
    - place: /etc/exim4/passwd.client
      key: smtp.emaillabs.net.pl
      username: 1.acme.smtp
      wanted: 1.acme.smtp
has_queue:
  description: Whether mail can wait in the program.
  returned: success, unless O(program=auto)
  type: bool
  sample: true
held:
  description: Whether mail for the provider is on hold when the module returns.
  returned: success, unless O(program=auto)
  type: bool
  sample: false
holds:
  description: What is held, in the program's own words.
  returned: success, unless O(program=auto)
  type: list
  elements: str
  sample:
    - smtp
notes:
  description: What is worth knowing. With O(program=auto), why an installed program does not use the provider.
  returned: success
  type: list
  elements: str
  sample: []
programs:
  description: The mail programs that are installed and use the provider.
  returned: with O(program=auto)
  type: list
  elements: str
  sample:
    - postfix
proofs:
  description: How it was seen that mail goes out with each login, and what the provider's server said.
  returned: O(state=proved)
  type: list
  elements: dict
  sample:
    - how: message
      username: 1.acme.smtp
      reply: 250 2.0.0 Ok
was_held:
  description: Whether mail for the provider was on hold when the module began.
  returned: O(state=proved) or O(state=released)
  type: bool
  sample: true
version:
  description: The program's version.
  returned: success, unless O(program=auto)
  type: str
  sample: '4.96'
"""

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.smtp.plugins.module_utils._clients import arguments as states
from ansible_collections.mailops.smtp.plugins.module_utils._clients.program import (
    Change,
    Finding,
    Job,
    NotUsedError,
    Program,
    ProgramError,
    Proof,
)
from ansible_collections.mailops.smtp.plugins.module_utils._clients.registry import NAMES, program_of
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError


def apply(*, params: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Do what the options ask for, and return the module's result.

    :param params: as the module documents them
    :raises InputError: if an option or the host does not fit
    :raises ProgramError: if the program does not do it
    """
    if os.geteuid() != 0:
        raise InputError("Only root can change what a mail program logs in with: run the task with become: true")
    if params["program"] == states.AUTO:
        return found_here(params)
    program = program_of(params["program"])
    job = states.job_of(params, program, check_mode=check_mode)
    if not program.is_installed():
        raise InputError(f"{program.name} is not installed on this host")
    return done(program, job, params["state"])


def found_here(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return which mail programs of this host use the provider.

    :param params: the module's options
    :raises InputError: if more is asked than to find them
    """
    if params["state"] != states.FOUND:
        raise InputError("the program auto is for the state found only: name the program")
    programs, notes = [], []
    for program in (one for one in map(program_of, NAMES) if one.is_installed()):
        try:
            own = params["options"].get(program.name, {})
            program.find(states.job_of({**params, "options": own}, program, check_mode=True))
            programs.append(program.name)
        except NotUsedError as error:
            notes.append(f"{program.name} is installed but not used: {error}")
    return {"changed": False, "programs": programs, "notes": notes}


def done(program: Program, job: Job, state: str) -> dict[str, Any]:
    """Have a program do what is asked, and return what the module tells of it.

    :param program: the mail program
    :param job: what the verb works with
    :param state: what is asked
    """
    verbs: dict[str, Callable[[Job], Change]] = {
        states.HELD: program.hold,
        states.DEPLOYED: program.deploy,
        states.RELEASED: program.release,
    }
    before = looked_before(program, job, state)
    proofs = proofs_of(program, job) if state == states.PROVED and not job.check_mode else []
    change = verbs[state](job) if state in verbs else Change(changed=bool(proofs))
    found = before or program.find(job)
    if state == states.DEPLOYED and not job.check_mode:
        check_deployed(program, found)
    result = {**told(program, found), "changed": change.changed, "diff": diff_of(program, change)}
    result["notes"] = [*dict.fromkeys([*change.notes, *found.notes])]
    if state == states.PROVED:
        result["proofs"] = [asdict(proof) for proof in proofs]
    if before:
        result |= {"was_held": before.held, "held": before.held and (state == states.PROVED or job.check_mode)}
    return result


def looked_before(program: Program, job: Job, state: str) -> Finding | None:
    """Return what a program uses before anything is asked of it, where that tells whether a hold is still there.

    A hold is released also if the program does not use the provider any more.

    :param program: the mail program
    :param job: what the verb works with
    :param state: what is asked
    :raises InputError: if it does not, and there is nothing to release
    """
    if state not in (states.PROVED, states.RELEASED):
        return None
    try:
        return program.find(job)
    except InputError as error:
        if state == states.PROVED or not program.release(replace(job, check_mode=True)).changed:
            raise
        return Finding("", (), held=True, notes=(f"the hold is released all the same, but: {error}",))


def proofs_of(program: Program, job: Job) -> list[Proof]:
    """Send one message through the program with each login.

    :param program: the mail program
    :param job: what the verb works with
    :raises ProgramError: if the relay does not accept it, or does not answer in time
    """
    try:
        return program.prove(job)
    except subprocess.TimeoutExpired as error:
        raise ProgramError(
            f"{program.name} did not send a test message within {error.timeout:g} seconds: see whether the provider's "
            "server answers this host, or raise the timeout, then run again"
        ) from None


def check_deployed(program: Program, found: Finding) -> None:
    """Ask again: what was written must be what the program uses now.

    :param program: the mail program
    :param found: what it uses now
    :raises ProgramError: if it is not
    """
    wrong = [entry for entry in found.entries if entry.username != entry.wanted]
    if wrong:
        entry = wrong[0]
        raise ProgramError(
            f"{program.name} was given the login of {entry.wanted} but uses {entry.username or 'none'} for {entry.key} "
            f"in {entry.place}. Its mail stays on hold; see what else names a login for the provider there"
        )


def told(program: Program, found: Finding) -> dict[str, Any]:
    """Return what the module tells of a finding.

    :param program: the mail program
    :param found: what it uses now
    """
    return {
        "version": found.version,
        "entries": [asdict(entry) for entry in found.entries],
        "has_queue": program.has_queue,
        "holds": list(found.holds),
        "held": found.held,
    }


def diff_of(program: Program, change: Change) -> dict[str, str]:
    """Return what a diff shows of a change.

    :param program: the mail program
    :param change: the change
    """
    header = {"before_header": program.name, "after_header": program.name}
    return {**header, "before": change.before, "after": change.after}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=states.ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = apply(params=module.params, check_mode=module.check_mode)
    except (InputError, ProgramError) as error:
        module.fail_json(msg=str(error))
    except subprocess.TimeoutExpired as error:
        command = os.path.basename(str(error.cmd[0]))
        module.fail_json(
            msg=f"{command} did not end within {error.timeout:g} seconds; see why it hangs, then run again"
        )
    module.exit_json(**result)


if __name__ == "__main__":
    main()
