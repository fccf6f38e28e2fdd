# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Publishing to AWS, with its collection, boto3, and a server that answers as AWS does."""

from __future__ import annotations

import json

from support.aws import Aws
from support.publishing import Publishing


def test_parameter_is_published_once(publishing: Publishing, aws: Aws) -> None:
    """Catches: a value that is not the one in force, a parameter in clear, a new version in every run."""
    name = f"/mail/{publishing.one}"
    first = publishing.run([aws.target()])
    assert first.code == 0, first.output
    assert ["1.acme.smtp", "aws_ssm", "published"] in first.rows
    found = aws.parameter(name)
    assert (found["Value"], found["Type"], found["Version"]) == (publishing.in_force(), "SecureString", 1)
    again = publishing.run([aws.target()])
    assert again.code == 0, again.output
    assert again.recap["changed"] == 0 and not again.ended.ran("Publish what the targets are to have by now")
    assert aws.parameter(name)["Version"] == 1
    rotated = publishing.run([aws.target()], rotate="always")
    assert rotated.code == 0, rotated.output
    found = aws.parameter(name)
    assert (found["Value"], found["Version"]) == (publishing.in_force(), 2)


def test_secret(publishing: Publishing, aws: Aws) -> None:
    """Catches: a secret in another form than AWS's own, a new version for the same value, a lost description."""
    client = aws.client("secretsmanager")
    target = aws.target("aws_secret", path="mail/{account}")
    first = publishing.run([target])
    assert first.code == 0, first.output
    found = client.get_secret_value(SecretId="mail/1.acme.smtp")
    server = publishing.scene.provider
    assert json.loads(found["SecretString"]) == {
        "username": "1.acme.smtp",
        "password": publishing.in_force(),
        "host": server.smtp_host,
        "port": str(server.smtp_port),
    }
    again = publishing.run([target], publish_again=True)
    assert again.code == 0, again.output
    assert client.get_secret_value(SecretId="mail/1.acme.smtp")["VersionId"] == found["VersionId"]


def test_what_was_deleted_there_is_published_again(publishing: Publishing, aws: Aws) -> None:
    """Catches: a store that is believed for ever, although somebody has deleted the value; one that never is."""
    assert publishing.run([aws.target()]).code == 0
    aws.client("ssm").delete_parameter(Name="/mail/1.acme.smtp")
    assert publishing.run([aws.target()]).code == 0
    assert not aws.has_parameters()
    again = publishing.run([aws.target()], publish_again=True)
    assert again.code == 0, again.output
    assert aws.parameter("/mail/1.acme.smtp")["Value"] == publishing.in_force()


def test_policy_of_a_secret(publishing: Publishing, aws: Aws) -> None:
    """Catches: a guide that warns of what the module does not do any more; an option that does not reach the module."""
    client, policy = aws.client("secretsmanager"), json.dumps({"Version": "2012-10-17", "Statement": []})
    client.create_secret(Name="mail/1.acme.smtp", SecretString="-", Description="of others")
    client.put_resource_policy(SecretId="mail/1.acme.smtp", ResourcePolicy=policy)
    target = aws.target("aws_secret", path="mail/{account}")
    named = {**target, "options": {**target["options"], "resource_policy": policy, "description": "of others"}}
    ran = publishing.run([named])
    assert ran.code == 0, ran.output
    assert json.loads(client.get_resource_policy(SecretId="mail/1.acme.smtp")["ResourcePolicy"]) == json.loads(policy)
    assert client.describe_secret(SecretId="mail/1.acme.smtp")["Description"] == "of others"
    assert publishing.run([target], rotate="always").code == 0
    assert "ResourcePolicy" not in client.get_resource_policy(SecretId="mail/1.acme.smtp")
