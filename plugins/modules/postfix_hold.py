#!/usr/bin/python
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_hold
short_description: Hold the mail of one transport in Postfix's queue, and release it later
version_added: 0.2.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - Stops one transport of Postfix, so that nothing logs in at the provider while a new password takes effect. All other
    mail keeps flowing. Mail for the transport is still accepted, and stays in the queue.
  - With O(state=held), the module returns when no delivery through the transport is under way any more and no
    connection is kept open. C(postqueue -f), C(sendmail -q), C(postfix reload) and a restart of Postfix do not end a
    hold.
  - With O(state=released), C(main.cf) is byte for byte what it was, the transport is served again, and the mail that
    waited is delivered at once. If someone else edited C(main.cf) in the meantime, those changes stay.
  - Postfix is reloaded, never restarted.
extends_documentation_fragment:
  - mailops.smtp.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Shows the lines that the module writes into C(main.cf), and nothing else of it.
  idempotent:
    support: full
  async:
    support: full
requirements:
  - Postfix 3.1 or later, Linux, and Python 3.8 or later on the host that runs the module
  - root
options:
  transport:
    description:
      - The transport that relays to the provider, a name of a service of type C(unix) in C(master.cf).
      - All mail that uses this transport waits. If other mail must keep flowing, use a dedicated transport for the
        provider in C(master.cf), and select it with C(default_transport), C(transport_maps) or
        C(sender_dependent_default_transport_maps).
      - If several transports log in at the provider, hold each of them.
    type: str
    default: smtp
  state:
    description:
      - V(held) stops the transport, V(released) starts it again.
      - A transport that was already stopped with C(defer_transports) or C(master_service_disable) in C(main.cf) is
        still stopped after a release.
    type: str
    default: held
    choices:
      - held
      - released
  config_directory:
    description:
      - The folder of the instance's C(main.cf). For several instances, run the module once for each.
      - By default the one that C(postconf) names.
    type: path
  drain_timeout:
    description:
      - How many seconds deliveries that are under way may take to end.
      - If they take longer, the module fails, and the transport is released again.
    type: int
    default: 60
  flush:
    description:
      - Whether mail that waits in the queue because of the hold, or because a login was refused, is delivered right
        after a release. Otherwise, each message waits for its next regular attempt.
      - Mail that waits for other reasons is left alone.
    type: bool
    default: true
notes:
  - If a run is interrupted, even by C(kill -9), the next one with O(state=held) completes the hold, and the next one
    with O(state=released) undoes it.
  - If Postfix does not run, C(main.cf) is changed nevertheless, and RV(running) is V(false).
  - Time in the queue counts towards C(maximal_queue_lifetime), which is five days by default.
seealso:
  - module: mailops.smtp.postfix_sasl_password
"""

EXAMPLES = r"""
- name: Hold the mail for the provider
  mailops.smtp.postfix_hold:
    transport: emaillabs
    state: held
  become: true

- name: Release it
  mailops.smtp.postfix_hold:
    transport: emaillabs
    state: released
  become: true

- name: Hold the default transport of another instance, which may have long deliveries under way
  mailops.smtp.postfix_hold:
    state: held
    config_directory: /etc/postfix-out
    drain_timeout: 300
  become: true
"""

RETURN = r"""
held:
  description:
    - Whether this module holds the transport now. In check mode, whether it would.
  returned: always
  type: bool
  sample: true
in_flight:
  description:
    - How many processes of the transport there were when the module returned, at work or idle. V(0) after every hold.
  returned: when Postfix was asked
  type: int
  sample: 0
running:
  description: Whether Postfix runs.
  returned: when Postfix was asked
  type: bool
  sample: true
transport:
  description: The transport.
  returned: always
  type: str
  sample: emaillabs
msg:
  description: What was done, in one sentence.
  returned: always
  type: str
  sample: The transport emaillabs is held.
"""

import os
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.hold import Transport
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix, PostfixError
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.main_cf import block_of

ARGUMENT_SPEC: dict[str, dict[str, Any]] = {
    "transport": {"type": "str", "default": "smtp"},
    "state": {"type": "str", "default": "held", "choices": ["held", "released"]},
    "config_directory": {"type": "path"},
    "drain_timeout": {"type": "int", "default": 60},
    "flush": {"type": "bool", "default": True},
}


def apply(*, options: Mapping[str, Any], check_mode: bool) -> dict[str, Any]:
    """Do what the options ask for, and return the module's result.

    :param options: as the module documents them
    :raises InputError: if an option or the host does not fit
    :raises PostfixError: if Postfix does not do it
    """
    if os.geteuid() != 0:
        raise InputError("Only root can reload Postfix: run the task with become: true")
    if options["drain_timeout"] < 0:
        raise InputError("drain_timeout must not be negative")
    postfix = Postfix(options["config_directory"])
    transport = Transport(postfix, options["transport"])
    before, hold = transport.state(), options["state"] == "held"
    changed = not transport.is_held() if hold else transport.is_ours()
    after = before.moved(transport.name, "held" if hold else None) if changed else before
    if changed and not check_mode:
        if hold:
            transport.hold(drain_timeout=options["drain_timeout"])
        else:
            transport.release(flush=options["flush"])
    running = postfix.running()
    return {
        "changed": changed,
        "held": hold,
        "in_flight": transport.in_flight(),
        "running": running,
        "msg": told(name=transport.name, hold=hold, running=running, pretended=changed and check_mode),
        "diff": {
            "before_header": postfix.main_cf,
            "after_header": postfix.main_cf,
            "before": block_of(before),
            "after": block_of(after),
        },
    }


def told(*, name: str, hold: bool, running: bool, pretended: bool) -> str:
    """Return what the user is told, in one sentence or two."""
    verb = "would be" if pretended else "is"
    state = f"The transport {name} {verb} {'held' if hold else 'released'}."
    return state if running else f"{state} Postfix is not running; this takes effect when it starts."


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    name = module.params["transport"]
    try:
        result = apply(options=module.params, check_mode=module.check_mode)
    except InputError as error:
        module.fail_json(msg=str(error), transport=name)
    except PostfixError as error:
        module.fail_json(msg=str(error), transport=name, held=False, in_flight=error.in_flight)
    module.exit_json(transport=name, **result)


if __name__ == "__main__":
    main()
