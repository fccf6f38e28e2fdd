#!/usr/bin/python
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: smtp_test_send
short_description: Log in to an SMTP server and send a test message, for one account or many
version_added: 0.1.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - Logs in to an SMTP submission server exactly once for each account, with exactly one mechanism, and sends one short
    message.
  - V(AUTH PLAIN) is used if the server offers it, otherwise V(AUTH LOGIN). A refused login is never tried again with
    another mechanism, so that a wrong password counts once, not twice, towards a lock-out.
  - The password is only sent over TLS 1.2 or later. If TLS is not available, the module fails; it never falls
    back to clear text.
  - Needs nothing but Python's standard library on the host, so that it can run on every host that sends mail.
extends_documentation_fragment:
  - mailops.smtp.attributes
  - mailops.smtp.attributes.pipelining
attributes:
  check_mode:
    support: full
    details:
      - In check mode the options are checked, nothing is connected, and the task is skipped.
  diff_mode:
    support: none
    details:
      - A test send changes nothing that could be shown.
  idempotent:
    support: none
    details:
      - Every run logs in, and sends another message.
  async:
    support: none
requirements:
  - Python 3.8 or later on the host that runs the module
options:
  host:
    description:
      - The SMTP server's name or IP address.
      - The server's certificate must be issued for it, see O(validate_certs).
    type: str
    required: true
  port:
    description:
      - The server's port, from V(1) to V(65535).
      - Port 465 needs O(encryption=tls), the ports 587, 2525 and 25 need O(encryption=starttls).
    type: int
    default: 587
  encryption:
    description:
      - How the connection is secured.
      - With V(starttls) it begins in clear text and is secured with STARTTLS before the login. If the server does not
        offer that, the module fails before the login.
      - V(tls) is TLS from the first byte.
      - V(none) is no encryption. Only to a loopback address; if O(host) resolves to any other address the module fails
        before it connects.
    type: str
    default: starttls
    choices: [starttls, tls, none]
  username:
    description:
      - The SMTP login, for example V(1.name.smtp) at EmailLabs. Sent as UTF-8.
      - Required together with O(password), unless O(accounts) is set.
    type: str
  password:
    description:
      - The password. Sent as UTF-8.
    type: str
  accounts:
    description:
      - The logins to test, instead of O(username) and O(password). All other options apply to each of them.
      - Each is tried exactly once, whatever comes of it, so no username may be listed twice.
      - A long list is passed to the host in batches, with a line of progress after each.
      - After 20 accounts in a row whose exchange the server did not complete, no more are tried.
      - An empty list is nothing to do.
    type: list
    elements: dict
    version_added: 0.3.0
    suboptions:
      username:
        description:
          - The SMTP login.
        type: str
        required: true
      password:
        description:
          - Its password.
        type: str
        required: true
      send:
        description:
          - Whether to send a message after this login. The default is O(send).
        type: bool
  concurrency:
    description:
      - How many of the O(accounts) to test at the same time, from V(1) to V(64).
      - Lower it if the provider limits the connections from one IP address or the logins of one customer. A server then
        refuses some of them with RV(results[].reason=connect), or answers late.
    type: int
    default: 4
    version_added: 0.3.0
  sender:
    description:
      - The message's sender, a plain ASCII address without a display name.
      - Required if O(send=true).
    type: str
  recipient:
    description:
      - The message's only recipient, a plain ASCII address without a display name.
      - Required if O(send=true).
    type: str
  subject:
    description:
      - The message's subject, 2 to 128 characters.
    type: str
    default: SMTP password test
  log_in:
    description:
      - Whether to log in. If V(false), the module only looks whether the server answers, can be spoken to as
        O(encryption) says, has a certificate that is trusted, and offers a login. No user name and no password is sent.
    type: bool
    default: true
    version_added: 0.3.0
  send:
    description:
      - Whether to send a message after the login.
      - With V(false) the module only logs in.
    type: bool
    default: true
  timeout:
    description:
      - Seconds for the whole exchange of one account, from name resolution to the last reply, at least V(1).
      - The module waits at most 2 seconds for the reply to the final QUIT.
    type: int
    default: 30
  validate_certs:
    description:
      - Whether the server's certificate must be valid and issued for O(host).
      - With V(false), anyone between this host and the server can read the password. Use O(ca_path) for a
        private certificate authority instead.
    type: bool
    default: true
  ca_path:
    description:
      - A file with certificates in PEM format, or a directory of them as C(openssl rehash) prepares it, on the host
        that runs the module. They are trusted in place of the system's.
      - An intermediate authority may be named too. Certificates are checked by the same rules on every version of
        Python; the flag C(VERIFY_X509_STRICT), which Python 3.13 sets by default, is not used.
      - Not read if O(validate_certs=false).
    type: path
notes:
  - Do not test a new password before the provider has put it into effect. EmailLabs needs up to 15 minutes and asks you
    to send nothing during that time.
  - With O(accounts), the module does not write its options into the host's log.
  - RV(ignore:changed) is always V(false), although a message is sent, because nothing that Ansible manages changes.
seealso:
  - module: mailops.smtp.smtp_account_password
"""

EXAMPLES = r"""
- name: Test the login and send one message
  mailops.smtp.smtp_test_send:
    host: smtp.emaillabs.net.pl
    username: 1.acme.smtp
    password: "{{ smtp_accounts['1.acme.smtp'].password }}"
    sender: alerts@example.com
    recipient: postmaster@example.com

- name: Only log in, over TLS from the first byte
  mailops.smtp.smtp_test_send:
    host: smtp.emaillabs.net.pl
    port: 465
    encryption: tls
    username: 1.acme.smtp
    password: "{{ smtp_accounts['1.acme.smtp'].password }}"
    send: false

- name: Test a relay that has a certificate from a private certificate authority
  mailops.smtp.smtp_test_send:
    host: relay.example.com
    username: app
    password: "{{ relay_password }}"
    sender: app@example.com
    recipient: postmaster@example.com
    subject: Password of app on {{ inventory_hostname }}
    ca_path: /etc/ssl/certs/example-ca.pem

- name: Test all accounts of the store, eight at a time
  mailops.smtp.smtp_test_send:
    host: smtp.emaillabs.net.pl
    accounts: >-
      {{ dict(smtp_accounts.keys() | zip(smtp_accounts.values() | map(attribute='password')))
         | dict2items(key_name='username', value_name='password') }}
    concurrency: 8
    sender: alerts@example.com
    recipient: postmaster@example.com
  register: tested
  ignore_errors: true

- name: Show which accounts failed, and why
  ansible.builtin.debug:
    msg: "{{ tested.results | selectattr('reason', 'defined') | items2dict('username', 'msg') }}"
"""

RETURN = r"""
authenticated:
  description: Whether the server accepted the login. Also true where a later step failed.
  returned: with O(username), when the server was tried
  type: bool
  sample: true
message_id:
  description:
    - The Message-ID of the message that the server accepted, otherwise V(none).
    - If the server's answer to the message never came (RV(reason=protocol)), the ID is returned too, because the
      message may have been accepted.
  returned: with O(username), when the server was tried
  type: str
  sample: <c8a0c0c5-4f4f-4e0c-9df7-5b0d3e0f5c55@example.com>
tls_version:
  description: The version of TLS that secured the connection, V(none) without TLS.
  returned: with O(username), when the server was tried
  type: str
  sample: TLSv1.3
reply:
  description:
    - The server's last reply before QUIT, V(none) if there was none.
    - The password is masked in it, also where the server cuts or encodes what it echoes.
  returned: with O(username), when the server was tried
  type: dict
  contains:
    code:
      description: The reply's code.
      returned: always
      type: int
      sample: 250
    enhanced_code:
      description: The reply's enhanced status code (RFC 3463), V(none) without one.
      returned: always
      type: str
      sample: 2.0.0
    text:
      description: The reply's text on one line without control characters, at most 500 characters.
      returned: always
      type: str
      sample: "Ok: queued as 4F2A1C0B"
seconds:
  description: How long the exchange took, in seconds.
  returned: with O(username), when the server was tried
  type: float
  sample: 0.412
reason:
  description:
    - Why the test failed. RV(ignore:msg) says what happened, what is in force, and what to do next.
    - V(connect) - the name could not be resolved, the server could not be reached, or it refused the connection.
    - V(tls) - TLS could not be used, the certificate is not trusted, or the server wants a client certificate. No
      password was sent.
    - V(auth_rejected) - the server refused the user name or the password (code 535). Some servers answer the same while
      their login service is down.
    - V(auth_unavailable) - the server did not check the password, refused the login for another reason (the account is
      disabled or blocked, the line is too long), or offers no mechanism that the module knows.
    - V(sender_refused), V(recipient_refused), V(message_refused) - the login worked, and the server refused this. A
      sender that is refused together with the recipient or the message is V(sender_refused).
    - V(protocol) - the server broke off, or its answer was not SMTP. If it broke off at the login, it is not known
      whether it counted the login.
    - RV(reply.code) from 400 to 499 means that the refusal is temporary.
  returned: with O(username), when the test failed
  type: str
  sample: auth_rejected
results:
  description: What became of each account, in the order of O(accounts).
  returned: with O(accounts)
  type: list
  elements: dict
  contains:
    username:
      description: The account.
      returned: always
      type: str
      sample: 1.acme.smtp
    authenticated:
      description: See RV(authenticated).
      returned: when the server was tried
      type: bool
      sample: false
    message_id:
      description: See RV(message_id).
      returned: when the server was tried
      type: str
    tls_version:
      description: See RV(tls_version).
      returned: when the server was tried
      type: str
      sample: TLSv1.3
    reply:
      description: See RV(reply). The passwords of all accounts are masked in it.
      returned: when the server was tried
      type: dict
      sample: {code: 535, enhanced_code: 5.7.8, text: "Error: authentication failed"}
    seconds:
      description: See RV(seconds).
      returned: when the server was tried
      type: float
      sample: 0.412
    reason:
      description:
        - See RV(reason), and two more.
        - V(not_tried) - no connection was made for this account, because the server completed none of the 20 exchanges
          before it, or the module could not go on.
        - V(unknown) - the module ended without a result, so it is not known whether the login was made.
      returned: when this account's test failed
      type: str
      sample: auth_rejected
    msg:
      description: What happened, what is in force, and what to do next.
      returned: when this account's test failed
      type: str
failed_accounts:
  description: The accounts whose test failed, in the order of O(accounts). The task fails if there is one.
  returned: with O(accounts)
  type: list
  elements: str
  sample: [1.acme.smtp]
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.exchange import log_in_and_send, log_in_to_all
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.refusal import Failure
from ansible_collections.mailops.smtp.plugins.module_utils._smtp.request import (
    ARGUMENT_SPEC,
    RULES,
    prepare,
    prepare_all,
)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True, **RULES)
    one = module.params["accounts"] is None
    try:
        requests = [prepare(module.params)] if one else prepare_all(module.params)
        if module.check_mode:
            module.exit_json(changed=False, skipped=True, msg="Check mode: nothing was connected and no login tried.")
        began = time.monotonic()
        if one:
            result = log_in_and_send(requests[0])
        else:
            results = log_in_to_all(requests, module.params["concurrency"])
            result = {"results": results, "seconds": time.monotonic() - began}
    except InputError as error:
        # An empty list says that nothing was connected.
        module.fail_json(msg=str(error), **({} if one else {"results": []}))
    except Failure as failure:
        module.fail_json(changed=False, **failure.result)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
