# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Amazon SES: its calls, held against botocore's model of IAM, which is the contract, and what its answers mean."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from ansible_collections.mailops.smtp.plugins.module_utils._provider.answer import Kind, read
from ansible_collections.mailops.smtp.plugins.module_utils._provider.built_in.ses import DEFINITION
from ansible_collections.mailops.smtp.plugins.module_utils._provider.definition_parser import build
from ansible_collections.mailops.smtp.tests.unit.plugins.module_utils._provider.test_answer import reply

SES = build(DEFINITION)
IAM = botocore.session.get_session().get_service_model("iam")
OPERATIONS = {xform_name(name): IAM.operation_model(name) for name in IAM.operation_names}


def operation(path: str) -> Any:
    """Return botocore's model of the operation that a path names."""
    _empty, service, name = path.split("/")
    assert service == IAM.service_name
    return OPERATIONS[name]


def shape(model: Any, path: str) -> str:
    """Return the type of what is at a path of an answer."""
    found = model.output_shape
    for step in path.split("."):
        found = found.member if found.type_name == "list" else found
        found = found.members[step]
    return str(found.type_name)


@pytest.mark.parametrize("request_", [SES.create_credential, SES.delete_credential, SES.list_credentials])
def test_calls_are_as_agreed(request_: Any) -> None:
    """Catches: an operation or a parameter that IAM does not have, or one that it requires and that is missing."""
    request = getattr(request_, "request", request_)
    model = operation(request.path)
    assert set(request.body) <= set(model.input_shape.members)
    assert set(model.input_shape.required_members) <= set(request.body)


def test_answers_are_as_agreed() -> None:
    """Catches: a path that leads nowhere in the answers of IAM."""
    assert SES.create_credential and SES.list_credentials and SES.issued
    made, listed = operation(SES.create_credential.path), operation(SES.list_credentials.request.path)
    issued = SES.issued
    assert {shape(made, path) for path in (issued.secret, issued.username, issued.id)} == {"string"}
    items = SES.list_credentials.items
    assert shape(listed, items) == "list"
    assert shape(listed, f"{items}.{SES.list_credentials.id}") == "string"
    assert shape(listed, f"{items}.{SES.list_credentials.created}") == "timestamp"


def test_errors_are_as_agreed() -> None:
    """Catches: a code of an error that IAM does not send for these calls."""
    assert SES.create_credential and SES.delete_credential
    for request, code in ((SES.create_credential, "LimitExceeded"), (SES.delete_credential, "NoSuchEntity")):
        assert code in {error.error_code for error in operation(request.path).error_shapes}
    assert SES.limit.credentials == 2


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "Throttling", Kind.THROTTLED),
        (400, "ValidationError", Kind.REFUSED_VALUE),
        (400, "ExpiredToken", Kind.REFUSED_ACCESS),
        (403, "InvalidClientTokenId", Kind.REFUSED_ACCESS),
        (403, "AccessDenied", Kind.REFUSED_ACCESS),
        (404, "NoSuchEntity", Kind.REFUSED_ACCESS),
        (409, "LimitExceeded", Kind.REFUSED_ACCESS),
        (500, "ServiceFailure", Kind.UNKNOWN),
        (503, "Throttling", Kind.UNKNOWN),
    ],
)
def test_answers(status: int, code: str, kind: Kind) -> None:
    """Catches: a call that was put off and counts as refused, or keys that AWS refuses taken for a refused request."""
    meaning = read(SES, reply(status, {"Error": {"Code": code, "Message": "Odd"}, "RequestId": "r"}))
    assert (meaning.kind, meaning.stop) == (kind, status == 403)
    hint = SES.hints.get(str(status), "")
    assert meaning.message == f"ses answered {status}: Odd ({code}) [request id r]" + (f". {hint}" if hint else "")


def test_success_is_one_of_boto3() -> None:
    """Catches: a page of something in between that counts as a success."""
    assert read(SES, reply(200, {"RequestId": "r"})).kind is Kind.ACCEPTED
    assert read(SES, reply(200, "<html>Log in</html>")).kind is Kind.UNKNOWN
