# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes a password as the value that a configuration file needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.characters import QuotingError
from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.quoting import names
from ansible_collections.mailops.smtp.plugins.plugin_utils._quoting.quoting import quoted as quoted_for

DOCUMENTATION = r"""
name: quoted
short_description: Write a password as a value of a configuration file
version_added: 0.3.0
author:
  - mailops.smtp contributors (@mailops)
description:
  - Returns a password with the quotes and escapes that a file of the given format needs, so that the program that reads
    the file sees exactly the password.
  - Each format was held against the real program, whose version is in
    R(the guide to configuration files,ansible_collections.mailops.smtp.docsite.guide_files).
  - Fails if the format cannot hold the password. The message names the character and the format, never the password.
options:
  _input:
    description:
      - The password.
    type: str
    required: true
  format:
    description:
      - What the file is.
      - V(alertmanager) is C(smtp_auth_password) of Prometheus Alertmanager, or another value in YAML.
      - V(dotenv) is a value in a C(.env) file, for python-dotenv, Node's dotenv, C(sh) and systemd alike.
      - V(git_config) is a value in a Git configuration, such as C(sendemail.smtpPass).
      - V(mailrc) is what follows C(set password=) in a C(mailx.rc) of s-nail.
      - V(monitrc) is the password of C(set mailserver) in a C(monitrc).
      - V(msmtprc) is the value of C(password) in an C(msmtprc).
      - V(muttrc) is what follows C(set smtp_pass=) in a C(muttrc).
      - V(netrc) is the password in a C(.netrc), for curl.
      - V(php) is a string of PHP, such as the second argument of C(define()).
      - V(shell) is a word of a shell script.
      - V(systemd_environment) is a value in a file that a unit names in C(EnvironmentFile=).
    type: str
    required: true
    choices:
      - alertmanager
      - dotenv
      - git_config
      - mailrc
      - monitrc
      - msmtprc
      - muttrc
      - netrc
      - php
      - shell
      - systemd_environment
positional: format
"""

EXAMPLES = r"""
- name: Write the environment of an application
  mailops.smtp.secret_file:
    content: |
      SMTP_USER=1.acme.smtp
      SMTP_PASSWORD={{ smtp_accounts['1.acme.smtp'].password | mailops.smtp.quoted('dotenv') }}
    dest: /etc/my-application/env

- name: Write the login that git send-email uses
  mailops.smtp.secret_file:
    content: |
      [sendemail]
      smtpUser = 1.acme.smtp
      smtpPass = {{ smtp_accounts['1.acme.smtp'].password | mailops.smtp.quoted('git_config') }}
    dest: /etc/gitconfig-mail
"""

RETURN = r"""
_value:
  description:
    - The value, with its quotes.
  type: str
"""


def quoted(value: Any, format: str) -> str:  # noqa: A002  (the option's name)
    """Return a password as a value of a configuration file.

    :param value: the password
    :param format: of the file
    :raises AnsibleFilterError: if the file cannot hold it; the message never has the password in it
    """
    # Before ansible-core 2.19, what is stored with Vault is no str, but becomes one.
    if not isinstance(value, str) and not getattr(value, "__ENCRYPTED__", False):
        raise AnsibleFilterError(f"the password is not a text, but of type {type(value).__name__}")
    if format not in names():
        raise AnsibleFilterError(f"there is no format {format}; there are: {', '.join(names())}")
    try:
        return quoted_for(str(value), format)
    except QuotingError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter by its name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filter by its name."""
        return {"quoted": quoted}
