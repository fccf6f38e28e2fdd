# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Amazon SES. An SMTP login is an access key of an IAM user, and its password is derived from the secret key."""

from __future__ import annotations

_API = "Amazon's IAM API reference, and its model in botocore"

DEFINITION = {
    "name": "ses",
    "transport": "boto3",
    "flow": "create",
    "settings": {"region": ""},
    "credentials": {
        "access_key": "AWS_ACCESS_KEY_ID",
        "secret_key": "AWS_SECRET_ACCESS_KEY",
        "session_token": "AWS_SESSION_TOKEN",
    },
    "create_credential": {
        "method": "POST",
        "path": "/iam/create_access_key",
        "body": {"UserName": "{account}"},
        "standing": "verified",
        "source": _API,
    },
    "list_credentials": {
        "method": "POST",
        "path": "/iam/list_access_keys",
        "body": {"UserName": "{account}"},
        "items": "AccessKeyMetadata",
        "id": "AccessKeyId",
        # An access key has no name or description of its own.
        "created": "CreateDate",
        "standing": "verified",
        "source": _API,
    },
    "delete_credential": {
        "method": "POST",
        "path": "/iam/delete_access_key",
        "body": {"UserName": "{account}", "AccessKeyId": "{id}"},
        "standing": "verified",
        "source": _API,
    },
    "issued": {
        "secret": "AccessKey.SecretAccessKey",
        "username": "AccessKey.AccessKeyId",
        "id": "AccessKey.AccessKeyId",
        "derive": "ses_smtp_password",
    },
    "limit": {"credentials": 2, "reached": [{"path": "Error.Code", "equals": "LimitExceeded"}]},
    "answer": {
        "accepted": [{"path": "RequestId", "exists": True}],
        "denied": [
            {"path": "Error.Code", "one_of": ["ExpiredToken", "RequestExpired"]},
            # With the keys of another AWS account, its users are unknown, but the access key still works.
            {"status": 404, "path": "Error.Message", "contains": "user with name"},
        ],
        "gone": [{"path": "Error.Code", "equals": "NoSuchEntity"}],
        # AWS answers these with 400.
        "throttled": [
            {
                "path": "Error.Code",
                "one_of": ["Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"],
            }
        ],
        "message": ["Error.Message"],
        "code": ["Error.Code"],
        "request_id": ["RequestId"],
        "secret_fields": ["AccessKey.SecretAccessKey"],
    },
    # Assumed: AWS says that a change in IAM takes time, but not how much. Its own example tries for 30 seconds.
    "propagation_seconds": 60,
    "hints": {
        "400": "Check the name of the IAM user and, if a token has expired, get new AWS keys",
        "403": "Check the AWS keys, and that they may call iam:CreateAccessKey, iam:DeleteAccessKey and "
        "iam:ListAccessKeys for this IAM user; without keys in the options, those of the host that makes the call are "
        "used",
        "404": "Check the name of the IAM user, and that the AWS keys belong to its AWS account",
    },
}
