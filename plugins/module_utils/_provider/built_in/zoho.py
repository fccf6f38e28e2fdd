# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Zoho Mail, for an organisation.

Source: zoho.com/mail/help/api, "reset user password" and "single user details". The key is an OAuth access token,
which is short-lived, with the scope C(ZohoMail.organization.accounts). How a refusal looks is assumed. Other regions
have other addresses.
"""

from __future__ import annotations

DEFINITION = {
    "name": "zoho",
    "api_url": "https://mail.zoho.com",
    "settings": {"organization_id": ""},
    "credentials": {"api_key": "ZOHO_ACCESS_TOKEN"},
    "authentication": {"headers": {"Authorization": "Zoho-oauthtoken {api_key}"}},
    "set_password": {
        "method": "PUT",
        "path": "/api/organization/{organization_id}/accounts/{account}",
        "body": {"password": "{password}", "mode": "resetPassword"},
        "standing": "verified",
        "source": "zoho.com/mail/help/api, reset user password",
    },
    "find_account": {
        "method": "GET",
        "path": "/api/organization/{organization_id}/accounts/{account_login}",
        "id": "data.zuid",
        "empty_statuses": [404],
        "standing": "verified",
        "source": "zoho.com/mail/help/api, single user details",
    },
    "answer": {
        "accepted": [{"path": "status.code", "one_of": [200, "200"]}],
        "refused": [{"path": "status.code", "above": 399}],
        "message": ["data.moreInfo", "status.description"],
        "code": ["data.errorCode"],
        "secret_fields": ["data.sendMailDetails.*.password"],
    },
    "hints": {
        "401": "Check api_key: an OAuth access token is short-lived, get a new one",
        "404": "Check the account's name, and organization_id in provider_settings",
    },
}
