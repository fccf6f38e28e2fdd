# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that say which provider is called, and how."""

from __future__ import annotations


class ModuleDocFragment:
    """The provider's address, keys and manners."""

    DOCUMENTATION = r"""
requirements:
  - requests (Python package), on the host where the API is called
options:
  provider:
    description:
      - The provider. V(emaillabs), V(messageflow) and V(redlink) are one platform at three addresses, V(mailgun) and
        V(mailgun_eu) one at two. V(mailcow) and V(mailu) run on a server of your own, whose address is O(api_url).
      - What is known of each API, and what is B(assumed) because nobody publishes it, is in the collection's README.
    type: str
    default: emaillabs
    choices: [emaillabs, jetemail, mailcow, mailgun, mailgun_eu, mailu, messageflow, redlink, smtp2go]
  provider_definition:
    description:
      - A provider of your own, described as data. It takes the place of O(provider). The collection's guide "Add a
        provider in one page" has every field.
    type: dict
  api_url:
    description:
      - The API's address, without the path. By default the provider's own.
      - Must be C(https), except on loopback. Redirects are refused, so the keys never follow one.
    type: str
  application_key:
    description:
      - The application key of the API of V(emaillabs), V(messageflow) and V(redlink).
      - By default the value of the environment variable E(EMAILLABS_APPLICATION_KEY) of the controller, wherever the
        call is made.
    type: str
  authorization_key:
    description:
      - The authorization key of the API of V(emaillabs), V(messageflow) and V(redlink).
      - By default the value of the environment variable E(EMAILLABS_AUTHORIZATION_KEY) of the controller, wherever the
        call is made.
    type: str
  api_key:
    description:
      - The key of the API of all other providers.
      - By default the value of the environment variable of the controller that the provider's definition names,
        E(MAILGUN_API_KEY), E(SMTP2GO_API_KEY), E(MAILCOW_API_KEY), E(MAILU_API_TOKEN) or E(JETEMAIL_API_KEY).
    type: str
  api_credentials:
    description:
      - Credentials by name, for an O(provider_definition) that names others than O(api_key).
    type: dict
  timeout:
    description:
      - Seconds that one call of the API may take as a whole, from looking up the name to the last byte of the answer.
    type: int
    default: 30
  retries:
    description:
      - How often a call is repeated whose outcome is unknown (no answer, C(5xx), C(408)) or that was put off (C(429)).
      - The pauses grow from 1 second to 30. With the defaults one account takes at most 5 times O(timeout) and 15
        seconds, and 4 times O(retry_after_ceiling) more if the provider asks for pauses.
    type: int
    default: 4
  retry_after_ceiling:
    description:
      - The longest pause in seconds that a C(Retry-After) header can ask for. If it asks for more, the account fails,
        and the next run goes on.
    type: int
    default: 120
  validate_certs:
    description:
      - Whether the API's certificate must verify. Set it to V(false) only on machines where nobody can listen.
    type: bool
    default: true
  ca_path:
    description:
      - File or folder with the certification authorities that are trusted instead of the system's, on the host where
        the API is called.
    type: path
"""
