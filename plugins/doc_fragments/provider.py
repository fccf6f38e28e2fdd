# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that select the provider and how its API is called."""

from __future__ import annotations


class ModuleDocFragment:
    """Documentation of the options."""

    DOCUMENTATION = r"""
requirements:
  - requests (Python package), on the host where the API is called; boto3 in its place for O(provider=ses)
options:
  provider:
    description:
      - The email provider. V(emaillabs), V(messageflow) and V(redlink) are one platform with three addresses,
        V(mailgun) and V(mailgun_eu) one with two.
      - V(cpanel), V(mailcow), V(mailinabox), V(mailu), V(mailu_token), V(modoboa), V(wildduck) and V(wildduck_asp) are
        servers of your own; set O(api_url) to the address.
      - V(cloudflare) and V(hubspot) make a new password themselves, in place of the old one. V(ahasend),
        V(elasticemail), V(emailit), V(mailersend), V(mailu_token), V(resend), V(sendgrid), V(ses) and V(wildduck_asp)
        make another credential beside the old one, which is deleted later. With all others, the caller chooses the
        password.
      - V(ses) is Amazon SES, whose accounts here are IAM users; O(provider_settings) needs their C(region).
      - The collection's guide to the providers says what is known about each API, and what is B(assumed) because it is
        not published.
    type: str
    default: emaillabs
    choices:
      - ahasend
      - cloudflare
      - cpanel
      - elasticemail
      - emailit
      - emaillabs
      - hubspot
      - jetemail
      - mailcow
      - mailersend
      - mailgun
      - mailgun_eu
      - mailinabox
      - mailu
      - mailu_token
      - messageflow
      - migadu
      - mittwald
      - modoboa
      - purelymail
      - redlink
      - resend
      - sendgrid
      - ses
      - smtp2go
      - wildduck
      - wildduck_asp
      - zoho
  provider_definition:
    description:
      - Your own definition of a provider, used instead of O(provider). The collection's guide "Add a provider"
        describes every field, with an example of each flow. A mistake is refused before anything changes, and the
        message names the field.
      - "C(name): used in messages. Required. C(api_url): the address, which O(api_url) overrides."
      - "C(flow): C(set) (default), you choose the password; C(regenerate), the provider makes one in place of the old
        one; C(create), the provider makes another credential beside the old one."
      - "C(credentials): maps the name of each key to an environment variable, or to an empty text. C(settings): maps
        the name of each value of O(provider_settings) to its default, empty if it is required. C(authentication):
        C(headers), or C(basic) with C(username) and C(password)."
      - "C(set_password), C(regenerate_password), C(create_credential), C(delete_credential): the calls of the flow.
        C(method), C(path), C(query), C(headers), C(body), and C(encoding), C(json) (default) or C(form)."
      - "C(list_credentials), C(find_account), C(list_accounts): calls that return a list. The same fields, and
        C(items), C(name), C(id), C(label), C(created), C(paging) (C(none), C(offset), C(page), C(cursor)),
        C(page_size), C(next), C(empty_statuses), C(fallback_method)."
      - "C(issued): where the answer has what the provider made. C(secret), C(username) or C(login), C(id), C(derive).
        C(limit): C(credentials) and C(reached)."
      - "C(answer): how to read an answer. Conditions in C(accepted), C(refused), C(denied), C(throttled),
        C(already_set) and C(gone); paths in C(message), C(code), C(request_id) and C(secret_fields); C(text)."
      - "C(password): the rules for passwords that you choose. C(min_length), C(max_length), C(classes), C(symbols),
        C(trimmed)."
      - "C(propagation_seconds), C(rate_limit) (C(calls), C(seconds)), C(hints) (advice by HTTP status), C(transport)
        (C(http) or C(boto3))."
    type: dict
  provider_settings:
    description:
      - Values that the provider needs and that are no secrets, such as a region or the ID of your own account, by the
        names that its definition gives them.
    type: dict
    version_added: 0.3.0
  account_ids:
    description:
      - The IDs by which the provider's API knows accounts, for those where it is not the SMTP login. An account that is
        not listed here is known to the API by its login.
      - In API calls, C({account}) becomes the ID, and C({account_login}) the login. C({account_name}) and
        C({account_domain}) are the parts of the ID if it is an address, otherwise those of the login.
      - A key that is not one of O(accounts) is an error, because a typo would otherwise call the API with the login. So
        are two accounts with the same ID. An ID is not a secret.
    type: dict
    version_added: 0.3.0
  api_url:
    description:
      - The base URL of the API, without the path. Defaults to the provider's own.
      - Must use C(https), except on loopback. Redirects are never followed, so the keys are not sent anywhere else.
      - For V(ses), the address of IAM, which boto3 knows by default.
    type: str
  application_key:
    description:
      - The application key for the API of V(emaillabs), V(messageflow) and V(redlink).
      - Defaults to the environment variable E(EMAILLABS_APPLICATION_KEY) on the controller, wherever the API is called
        from.
    type: str
  authorization_key:
    description:
      - The authorization key for the API of V(emaillabs), V(messageflow) and V(redlink).
      - Defaults to the environment variable E(EMAILLABS_AUTHORIZATION_KEY) on the controller, wherever the API is
        called from.
    type: str
  api_key:
    description:
      - The API key for all other providers.
      - Defaults to the environment variable on the controller that the provider's definition names, such as
        E(MAILGUN_API_KEY), E(SMTP2GO_API_KEY), E(MAILCOW_API_KEY), E(MAILU_API_TOKEN) or E(JETEMAIL_API_KEY). The
        collection's guide to the providers lists them all.
    type: str
  api_credentials:
    description:
      - Credentials by name, for a provider that needs more than O(api_key), such as C(api_user) for V(cpanel),
        V(mailinabox) and V(migadu), or for an O(provider_definition) of your own.
      - For V(ses), C(access_key), C(secret_key) and, if they are temporary, C(session_token). By default, the
        environment variables E(AWS_ACCESS_KEY_ID), E(AWS_SECRET_ACCESS_KEY) and E(AWS_SESSION_TOKEN) on the controller.
        Without those too, boto3 looks for keys on the host that calls the API, in its profiles and the role of its
        instance.
    type: dict
  timeout:
    description:
      - The time limit for one API call, in seconds, from the name lookup to the last byte of the response.
    type: int
    default: 30
  retries:
    description:
      - How many times a call is repeated if its outcome is unknown (no response, C(5xx), C(408)) or if the provider
        asks to try later (C(429)).
      - The pauses grow from 1 to 30 seconds. With the defaults, one account takes at most 5 times O(timeout) plus 15
        seconds, and another 4 times O(retry_after_ceiling) if the provider asks for pauses.
    type: int
    default: 4
  retry_after_ceiling:
    description:
      - The longest C(Retry-After), in seconds, that is obeyed. If the provider asks for a longer pause, the account
        fails, and the next run tries again.
    type: int
    default: 120
  validate_certs:
    description:
      - Whether to verify the API's certificate. Set it to V(false) only where nobody can intercept the traffic.
    type: bool
    default: true
  ca_path:
    description:
      - A file or directory with the certificate authorities to trust instead of the system's, on the host that calls
        the API. For V(ses), a file.
    type: path
"""
