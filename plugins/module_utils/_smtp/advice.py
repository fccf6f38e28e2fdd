# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in force after a refusal, and what to do next: texts, by what the refusal means."""

from __future__ import annotations

_OTHER_ADVICE = (
    "If the login is then still refused, try the store's other values for this account by hand (staged_password, "
    "doubtful_passwords, previous_password), one at a time: each wrong login can count towards a lockout. An old "
    "password that is accepted does not prove that the change failed: some servers remember one for hours."
)

# After a refused login.
LOGIN_ADVICE = {
    "password": (
        "If the password was changed recently, wait until the time in effective_at has passed and run again. "
        + _OTHER_ADVICE
    ),
    "unclear": (
        "The server does not say whether the password is wrong or its login service is down. Run again in a few "
        "minutes, before anything else, and not before the time in effective_at. " + _OTHER_ADVICE
    ),
    "outage": (
        "The server did not check the password, because its login service has a fault. Run again in a few minutes, "
        "with the same password."
    ),
    "later": "The server did not check the password. Run again in a few minutes, with the same password.",
    "disabled": (
        "The server does not say that the password is wrong: the account is disabled or expired. Do not try again now, "
        "because each login can count towards a lockout. Have the provider enable the account, then run again."
    ),
    "blocked": (
        "The server does not say that the password is wrong: it blocks this account or this host, perhaps after failed "
        "logins. Do not try again now, because each login can prolong the block. Ask the provider when it ends."
    ),
    "line": (
        "The server did not check the password: it could not read the line with the login, which may be too long for "
        "it. Use a shorter password; 128 characters fit every server that was tested."
    ),
    "malformed": (
        "The server did not check the password: it could not decode the login. Use only ASCII characters in the user "
        "name and the password, or ask the provider which others it takes."
    ),
    "sequence": (
        "The server did not check the password: it does not allow a login at this point. Check that port and "
        "encryption are those of its submission service."
    ),
    "mechanism": (
        "The server did not check the password: it does not allow this account to log in with AUTH PLAIN or AUTH LOGIN "
        "here. Check port and encryption, and ask the provider whether the account needs another kind of password."
    ),
    "encryption": "The server did not check the password: it wants TLS before a login. Check port and encryption.",
    "certificate": (
        "The server wants a client certificate, which this module cannot present. It does not say that the password is "
        "wrong. Use a port or a server that wants only user name and password."
    ),
    "other": (
        "The server does not say that the password is wrong. Do not try other passwords: its words say why it refused "
        "the login. Ask the provider if they are not clear."
    ),
}

# After a refusal that came after the login: by meaning, otherwise by step.
MAIL_ADVICE = {
    "later": "The login worked; the refusal is temporary. Run again in a few minutes.",
    "certificate": (
        "The login worked, but the server also wants a client certificate, which this module cannot present. Use a "
        "port or a server that wants only user name and password."
    ),
    "login": (
        "The server accepted the login, then asked for one anyway. Check that host and port are the provider's own, "
        "without a proxy or a load balancer in between, and ask the provider whether this account may send."
    ),
    "host": (
        "The login worked, but the server takes no mail from this host. Ask the provider to allow its address or its "
        "name, or run the test on a host that may send."
    ),
    "relay": (
        "The login worked, but the server does not take mail for this recipient from this account. Use a recipient "
        "that this server delivers to, or ask the provider to which domains the account may send."
    ),
    "MAIL": "The login worked. Use a sender address that this account may send from.",
    "RCPT": "The login worked. Check the recipient, or use one that this server delivers to.",
    "DATA": "The login worked. The server's words say what is wrong with the message or the account.",
    "MESSAGE": "The login worked. The server's words say what is wrong with the message or the account.",
}

# After a refusal that came before the login: by meaning, otherwise by step.
CONNECTION_ADVICE = {
    "busy": (
        "The server is busy, or takes no more connections from this host for now. Run again in a few minutes. No "
        "password was sent."
    ),
    "GREETING": (
        "The server takes no mail from this host, or none at all. Check host and port, and ask the provider whether "
        "this host's address is allowed. No password was sent."
    ),
    "EHLO": "Check that host and port are those of an SMTP submission server. No password was sent.",
    "STARTTLS": (
        "Use the provider's submission port, or port 465 with encryption tls. No password was sent, and clear text is "
        "never used instead."
    ),
    "certificate": (
        "The server wants a client certificate, which this module cannot present. Use a port or a server that wants "
        "only user name and password. No password was sent."
    ),
}

# After a step that got no usable answer.
BROKEN_ADVICE = {
    "GREETING": (
        "Check host, port, encryption (port 465 needs tls) and the firewalls in between; a busy server also does this. "
        "No password was sent."
    ),
    "EHLO": "Check that host and port are those of an SMTP submission server, and run again. No password was sent.",
    "AUTH": (
        "It is not known whether the server counted this login. Wait a few minutes and run again, with the same "
        "password: after failed logins servers answer late or hang up, and each login can count towards a lockout."
    ),
    "MAIL": "The login worked. Run again in a few minutes.",
}
