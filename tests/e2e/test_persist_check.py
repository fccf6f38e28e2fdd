# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the next run reads the store where the playbook's own tasks saved it: real git, a bare remote on disk."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from standin.service import StandIn
from support.controller import KEYS, VAULT_PASSWORD
from support.jobs import Ran, Service
from support.long import LONG
from support.search import Search
from support.settings import a_provider, in_force, passwords_of, role_variables

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ONE, TWO = "1.acme.smtp", "2.acme.smtp"
OLD = {ONE: "the-password-of-before-1", TWO: "the-password-of-before-2"}
STORE = "group_vars/all/smtp.yml"
SECRETS = {"VAULT_PASSWORD": VAULT_PASSWORD, **{f"EMAILLABS_{name.upper()}": key for name, key in KEYS.items()}}
COMMIT = f"""
- name: Commit
  ansible.builtin.shell: git add {STORE}; git commit -qm Store -- {STORE} || true
  args: {{chdir: '{{{{ playbook_dir }}}}'}}
  changed_when: true
"""
NOTHING = "\n- name: Say that it is done\n  ansible.builtin.debug: {msg: done}\n"


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with a_provider(OLD, propagation=1) as running:
        yield running


class Remote(Service):
    """A repository with the example's playbook, and any number of clones that run it."""

    def __init__(self, folder: Path, provider: StandIn, persist: str | None = None, **over: str) -> None:
        self.provider = provider
        variables = role_variables(provider, STORE, propagation_seconds=1, persist_tasks="persist.yml", **over)
        files: dict[str, Path | str] = {name: EXAMPLES / "ci" / name for name in ("rotate.yml", "push-store")}
        files |= {
            "vault-password": EXAMPLES / "ci" / "vault-password",
            "persist.yml": persist or EXAMPLES / "awx" / "persist.yml",
            ".gitattributes": EXAMPLES / "ci" / "gitattributes",
            "group_vars/all/rotation.yml": yaml.safe_dump(variables),
        }
        super().__init__(folder, files, SECRETS)

    def cloned(self, name: str) -> Path:
        """Return a new clone."""
        self.runner = self.folder / name
        self.clone()
        return self.runner

    def rotate(self, clone: Path, account: str = ONE, **environment: str) -> Ran:
        """Rotate an account from a clone."""
        given = {**SECRETS, "ANSIBLE_VAULT_PASSWORD_FILE": "vault-password", **environment}
        script = f'ansible-playbook rotate.yml -e \'{{"smtp_rotation_accounts": ["{account}"]}}\''
        return self.shell(f"cd {clone}; {script}", given)

    def no_secret_is_left(self) -> None:
        """Search what was printed and pushed for every password and key."""
        search = Search({**SECRETS, **passwords_of(self.provider)})
        for text in (*self.outputs, self.history()):
            assert search.text(text, "output").hits == []


def said(ran: Ran) -> str:
    return " ".join(ran.output.split())


def is_refused(ran: Ran, provider: StandIn, why: str, account: str = ONE) -> None:
    assert ran.code == 2, ran.output
    assert why in said(ran) and "The provider was not called" in said(ran), ran.output
    assert provider.record.changes(account) == []


def is_verified(remote: Remote, *accounts: str) -> None:
    """See that the repository has the passwords in force, each tested, and that nothing was sent inside a window."""
    pushed, provider = remote.pushed(STORE), remote.provider
    for account in accounts:
        assert pushed[account]["password"] == in_force(provider, account) != OLD[account]
        assert pushed[account]["verified_at"] and "staged_password" not in pushed[account]
        assert len(provider.record.changes(account)) == 1
    assert provider.record.logins(in_window=True) == []


# -- what the tasks did is checked


def test_tasks_that_commit_and_do_not_push(tmp_path: Path, provider: StandIn) -> None:
    """Catches: a call although a push failed without an error, and the job's folder has the only new password."""
    remote = Remote(tmp_path, provider, COMMIT)
    clone = remote.cloned("one")
    is_refused(remote.rotate(clone), provider, f"{STORE} was committed and not pushed: the branch main of origin")
    assert "staged_at" in (clone / STORE).read_text()
    remote.no_secret_is_left()


def test_tasks_that_do_nothing(tmp_path: Path, provider: StandIn) -> None:
    """Catches: tasks that end well and save nothing; a playbook that saves the store without git, and breaks."""
    remote = Remote(tmp_path, provider, NOTHING)
    strict = {"persist_check": "git"}
    is_refused(
        _rotate_with(remote, "one", strict), provider, f"{STORE} was not committed, and the branch main of origin"
    )
    lenient = remote.rotate(remote.cloned("two"))
    assert lenient.code == 0, lenient.output
    assert "set smtp_rotation_persist_check to git" in said(lenient)
    assert len(provider.record.changes(ONE)) == 1


def _rotate_with(remote: Remote, name: str, options: dict[str, str]) -> Ran:
    """Rotate from a new clone, with other options than the repository has."""
    clone = remote.cloned(name)
    path = clone / "group_vars/all/rotation.yml"
    more = {f"smtp_rotation_{option}": value for option, value in options.items()}
    path.write_text(yaml.safe_dump({**yaml.safe_load(path.read_text()), **more}))
    return remote.rotate(clone)


@LONG
def test_noted_state_of_the_remote_proves_nothing(tmp_path: Path, provider: StandIn) -> None:
    """Catches: a tracking ref that is taken for the remote: it is there, and the remote never got the commit."""
    pretends = COMMIT + COMMIT.replace("Commit\n", "Pretend\n").replace(
        f"git add {STORE}; git commit -qm Store -- {STORE} || true", "git update-ref refs/remotes/origin/main HEAD"
    )
    remote = Remote(tmp_path, provider, pretends)
    is_refused(remote.rotate(remote.cloned("one")), provider, "was committed and not pushed")


@LONG
def test_job_that_has_no_branch_checked_out(tmp_path: Path, provider: StandIn) -> None:
    """Catches: a detached HEAD, as in most jobs, that ends the check; a push to an address, which moves no ref here."""
    push = "git push -q file://{{ playbook_dir }}/../remote.git HEAD:main"
    remote = Remote(tmp_path, provider, COMMIT.replace("|| true", f"|| true; {push}"), persist_check="git")
    clone = remote.cloned("one")
    detach = "git checkout -q --detach"
    remote.shell(f"cd {clone}; {detach}")
    unclear = remote.rotate(clone, GITHUB_REF_NAME="")
    is_refused(unclear, provider, "it is not clear which branch of which remote the next run reads")
    ran = remote.rotate(clone, GITHUB_REF_NAME="main")
    assert ran.code == 0, ran.output
    is_verified(remote, ONE)


def test_check_of_the_playbooks_own(tmp_path: Path, provider: StandIn) -> None:
    """Catches: a check of the user's that is not run, or whose failure does not stop the call."""
    remote = Remote(tmp_path, provider, NOTHING)
    check = tmp_path / "check.yml"
    check.write_text("- name: Look\n  ansible.builtin.fail: {msg: the vault does not have it}\n")
    ran = _rotate_with(remote, "one", {"persist_check": str(check)})
    is_refused(ran, provider, "smtp_rotation_persist_check failed: the vault does not have it")
    check.write_text("- name: Look\n  ansible.builtin.command: 'touch looked'\n  changed_when: true\n")
    ran = _rotate_with(remote, "two", {"persist_check": str(check)})
    assert ran.code == 0, ran.output
    assert "Run the tasks that check it" in ran.output and len(provider.record.changes(ONE)) == 1


# -- two at the same time


@LONG
def test_different_accounts_at_the_same_time(tmp_path: Path, provider: StandIn) -> None:
    """Catches: a push that is refused because of another account; a merge that loses or garbles an account."""
    remote = Remote(tmp_path, provider, persist_check="git")
    clones = {account: remote.cloned(account) for account in (ONE, TWO)}
    with ThreadPoolExecutor() as pool:
        runs = list(pool.map(lambda account: remote.rotate(clones[account], account), clones))
    assert [ran.code for ran in runs] == [0, 0], [ran.output for ran in runs]
    is_verified(remote, ONE, TWO)
    remote.no_secret_is_left()


def test_second_push_merges_by_account(tmp_path: Path, provider: StandIn) -> None:
    """Catches: two new accounts at the same place of the file, which git alone cannot merge."""
    remote = Remote(tmp_path, provider, persist_check="git")
    first, second = remote.cloned("first"), remote.cloned("second")
    for clone, account in ((first, ONE), (second, TWO)):
        ran = remote.rotate(clone, account)
        assert ran.code == 0, ran.output
    is_verified(remote, ONE, TWO)
    assert (second / STORE).read_text() == remote.shown(STORE)


def test_same_account_at_the_same_time(tmp_path: Path, provider: StandIn) -> None:
    """Catches: two passwords of one account, of which only one is in force, merged into one record."""
    remote = Remote(tmp_path, provider, persist_check="git")
    first, second = remote.cloned("first"), remote.cloned("second")
    ran = remote.rotate(first)
    assert ran.code == 0, ran.output
    calls = len(provider.record.api_calls())
    refused = remote.rotate(second)
    assert refused.code == 2 and "The provider was not called" in said(refused), refused.output
    assert re.search(
        rf"{ONE}'\] was changed on both sides: changed_at 20\S+, .*staged_at 20\S+ in theirs", said(refused)
    )
    assert len(provider.record.api_calls()) == calls
    is_verified(remote, ONE)
    # Nothing is half merged: what was staged is still there.
    assert "staged_at" in (second / STORE).read_text() and "<<<<" not in (second / STORE).read_text()
    again = remote.rotate(remote.cloned("third"))
    assert again.code == 0, again.output
    is_verified(remote, ONE)
    remote.no_secret_is_left()
