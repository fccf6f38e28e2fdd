# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a publication when a target or the run itself is down; and that no value is shown anywhere."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

from support.aws import KEYS, Aws
from support.controller import BIN, Ended
from support.crash.processes import kill_tree
from support.kube import KubernetesApi
from support.publishing import PassStore, Publishing, SopsFiles
from support.waiting import until
from support.watch import Watch, a_watch, check

NAME = "/mail/1.acme.smtp"


def test_target_that_is_down(publishing: Publishing, aws: Aws, sops_files: SopsFiles) -> None:
    """Catches: a rotation that ends with a target; a failure that is not told; one that the next run does not mend."""
    aws.stop()
    publishing.scene.controller.environment["AWS_MAX_ATTEMPTS"] = "1"
    targets = [aws.target(), sops_files.target()]
    first = publishing.run(targets)
    assert first.code == 2, first.output
    assert "The password of 1.acme.smtp was not published to aws_ssm: " in first.said
    assert "The store has it, and the next run publishes it." in first.said
    assert ["1.acme.smtp", "aws_ssm", "failed"] in first.rows and ["1.acme.smtp", "sops", "published"] in first.rows
    password = publishing.in_force()
    assert password in sops_files.decrypted("1.acme.smtp.yaml")
    assert publishing.scene.controller.decrypted()["1.acme.smtp"]["verified_at"]
    before = (sops_files.folder / "1.acme.smtp.yaml").read_bytes()
    reported = publishing.report()
    assert [(one["target"], one["behind"]) for one in reported["published"]] == [("aws_ssm", True), ("sops", False)]
    assert reported["attention"] == ["unpublished"]
    aws.start()
    mended = publishing.run(targets)
    assert mended.code == 0, mended.output
    assert (aws.parameter(NAME)["Value"], aws.parameter(NAME)["Version"]) == (password, 1)
    assert (sops_files.folder / "1.acme.smtp.yaml").read_bytes() == before
    assert not mended.ended.ran("Change the passwords that are due")
    assert len(publishing.scene.provider.record.changes("1.acme.smtp")) == 1
    assert publishing.report()["attention"] == []


def test_run_that_is_killed_before_it_publishes(publishing: Publishing, aws: Aws) -> None:
    """Catches: a target that stays behind because the next run finds nothing due."""
    aws.stop()
    with socket.create_server(("127.0.0.1", aws.port)):
        # It accepts, and never answers.
        process, _results = publishing.scene.controller.start(publishing.play([aws.target()]))
        try:
            until(lambda: "verified_at" in publishing.stored(), seconds=120)
        finally:
            kill_tree(process.pid)
            process.communicate()
    assert "published" not in publishing.stored()
    aws.start()
    again = publishing.run([aws.target()])
    assert again.code == 0, again.output
    assert aws.parameter(NAME)["Value"] == publishing.in_force()
    assert len(publishing.scene.provider.record.changes("1.acme.smtp")) == 1
    assert len(publishing.scene.provider.record.messages()) == 1


def role(watch: Watch, targets: list[dict[str, Any]], environment: dict[str, str], **over: Any) -> Ended:
    """Run the role with every trace kept, and a password with symbols that encoders change."""
    given = {
        **watch.options(),
        "smtp_host": watch.provider.smtp_host,
        "smtp_port": watch.provider.smtp_port,
        "test_sender": "rotation@acme.example",
        "test_recipient": "postmaster@acme.example",
        "password_symbols": "{}\"'\\%&<>+/$",
        "publish": targets,
        **over,
    }
    made = {"role": "mailops.smtp.smtp_rotation", "vars": {f"smtp_rotation_{name}": one for name, one in given.items()}}
    return watch.run(watch.play(roles=[made]), "-vvvvv", "--diff", environment=environment)


def test_no_value_is_shown_anywhere(
    tmp_path: Path, aws: Aws, sops_files: SopsFiles, pass_store: PassStore, kubernetes_api: KubernetesApi
) -> None:
    """Catches: a value in an output, a log, a process, a file; also while targets fail."""
    options = {"host": kubernetes_api.url, "api_key": "token-of-the-tests", "validate_certs": False}
    of_user = tmp_path / "user"
    targets = [
        aws.target(),
        aws.target("aws_secret", value={"dsn": "{url}"}),
        sops_files.target(),
        pass_store.target(),
        {"kind": "kubernetes", "path": "mail/smtp-{account}", "options": options},
        {"kind": "tasks", "file": str(of_user / "own.yml")},
        {"name": "early", "kind": "tasks", "file": str(of_user / "own.yml"), "publish_when": "staged"},
    ]
    environment = {**KEYS, "AWS_MAX_ATTEMPTS": "1", "GNUPGHOME": pass_store.environment["GNUPGHOME"]}
    environment["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    with a_watch(tmp_path, ["1.acme.smtp"]) as watch:
        (of_user / "own.yml").write_text(
            "- name: Use it\n  ansible.builtin.set_fact: {of_use: '{{ smtp_publication.value.password | length }}'}\n"
        )
        first = role(watch, targets, environment)
        assert first.code == 0, first.output
        aws.stop()
        (pass_store.folder / ".gpg-id").write_text("nobody\n")
        kubernetes_api.refuses = True
        (of_user / "own.yml").write_text(
            "- name: Use it\n  ansible.builtin.command: \"sh -c 'cat; exit 3'\"\n  args:\n"
            "    stdin: '{{ smtp_publication.value.password }}'\n  changed_when: true\n"
        )
        second = role(watch, targets, environment, rotate="always")
        assert second.code == 2
        assert second.output.count("was not published to") >= 6, second.output
        aws.start()
        check(watch)
