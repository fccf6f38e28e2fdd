# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How rotation fails in the field, and the test of each: what other systems really had, with where it was seen."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

# What went wrong, where it was seen, and our test of it.
FAILURES = [
    ("a crash at any moment of a rotation", "every system", "e2e/test_crash_points.py::test_crash_of_the_role"),
    (
        "the password was only in memory until a login confirmed it",
        "Infisical, LDAP rotation",
        "e2e/test_rotation.py::test_unknown_outcome_is_kept_and_finished_by_the_next_run",
    ),
    (
        "the journal was in a transaction that a crash rolled back",
        "OpenBao",
        "unit/plugins/plugin_utils/_rotation/test_rotation.py::test_order_of_effects",
    ),
    (
        "a staged password that the target refuses was sent again for ever",
        "hashicorp/vault #28989",
        "e2e/test_field.py::test_rules_that_change_while_a_password_is_staged",
    ),
    (
        "the rules changed while a password was staged",
        "vault-plugin-secrets-openldap #56",
        "e2e/test_field.py::test_rules_that_change_while_a_password_is_staged",
    ),
    (
        "a stale journal made the next rotation come early",
        "vault-plugin-secrets-openldap #28",
        "e2e/test_field.py::test_recovered_rotation_is_not_followed_by_another_one",
    ),
    (
        "the call timed out and had landed; the same value was refused the second time",
        "Mailgun, wgebis/mailgun provider #17, #22",
        "e2e/test_field.py::test_landed_change_is_proved_by_the_refusal_of_the_same_password",
    ),
    (
        "logins every second, in the time that the provider needs",
        "AWS SES sample, thoughtbot's module",
        "e2e/test_role.py::test_rotates_waits_tests_records_and_does_nothing_the_second_time",
    ),
    (
        "a test that failed was skipped by the next run",
        "AWS SES sample",
        "e2e/test_role.py::test_failed_test_send_is_told_and_repeated_by_the_next_run",
    ),
    (
        "the mark of the account in use moved before the hosts had its password",
        "AWS SES sample",
        "unit/plugins/plugin_utils/_senders/test_advice_model.py"
        "::test_any_order_of_runs_and_crashes_leaves_every_host_an_account_that_works",
    ),
    (
        "both accounts of a pair were rotated within seconds",
        "hashicorp/vault #18738",
        "e2e/test_senders.py::test_partner_waits_for_the_window",
    ),
    (
        "a consumer went on with the old password",
        "thoughtbot/terraform-aws-ses-smtp-credentials #22, keycloak provider #1274",
        "e2e/test_role.py::test_one_window_for_all_hosts",
    ),
    (
        "the play died before its handler, and the next run neither waited nor tested",
        "ansible #10498, #1350, #9323",
        "e2e/test_role.py::test_run_killed_in_the_wait_is_finished_by_the_next",
    ),
    (
        "a silent wait was ended by the job system",
        "awx #12530, ansible-runner",
        "e2e/test_role.py::test_one_window_for_all_hosts",
    ),
    (
        "a diff, or -v, printed secrets",
        "ansible #29688, #18184",
        "e2e/test_leaks.py::test_modules",
    ),
    (
        "an edit by lines broke the vault file",
        "ansible #25739",
        "unit/plugins/plugin_utils/_store/test_document_any.py::test_any_edits_say_what_was_asked_and_leave_the_rest",
    ),
    (
        "every run encrypted anew, and git showed noise",
        "ansible #10595, #35480, #54112, #83589",
        "e2e/test_rotation.py::test_first_run_sets_one_password_and_the_second_calls_nobody",
    ),
    (
        "the vault file was truncated by a crash",
        "core's vault editor, xorwow/ansible-vars",
        "unit/plugins/plugin_utils/_store/test_store_failures.py::test_failed_write_leaves_the_old_file",
    ),
    (
        "a limit of length was reported as some other error",
        "Mailgun provider v3 #4, #12",
        "e2e/test_bad_input.py::test_message_and_untouched_store",
    ),
    (
        "a wrong login counted twice",
        "Python's smtplib.login against Dovecot",
        "e2e/test_info.py::test_test_send_with_a_wrong_password_tries_once",
    ),
    ("two runs at once", "all", "e2e/test_together.py::test_two_runs_at_once_agree_on_one_password"),
]


@pytest.mark.parametrize(("failure", "seen", "test"), FAILURES, ids=[item[0] for item in FAILURES])
def test_every_failure_of_the_field_has_its_test(failure: str, seen: str, test: str) -> None:
    """Catches: a test that was renamed or removed and leaves a known failure without one."""
    path, name = test.split("::")
    functions = [
        node.name for node in ast.walk(ast.parse((TESTS / path).read_text())) if isinstance(node, ast.FunctionDef)
    ]
    assert failure and seen
    assert name in functions
