# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a step of the role needs of Ansible: options, other modules, the store, and a line on the screen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible.errors import AnsibleError

from ansible_collections.mailops.smtp.plugins.module_utils._arguments import PASSWORD_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, StoreError
from ansible_collections.mailops.smtp.plugins.plugin_utils import _flows
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.consumers import consumers_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.options import PREFIX
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.records import Phase, Record
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import Snapshot, Store
from ansible_collections.mailops.smtp.plugins.plugin_utils._threads import map_in_threads

SWITCHES = ("test_send", "release_on_failure", "reconcile", "publish_again")
NUMBERS = ("progress_interval", "drain_timeout", "audit_attempts", "notify_due_days")
TRUE = ("true", "yes", "on", "1", "t", "y")
# Options of smtp_account_password that each task sets for itself.
OF_TASKS = ("accounts", "account_ids", "rotate", "state", "password", "passwords")
# Where the providers are. Only the one that is asked for is compiled: a host has no use for the others.
Result = dict[str, Any]


class Options(Mapping[str, Any]):
    """The role's options on this host, each of them templated when it is needed.

    :param names: all options that the role has
    :param value: returns the value of a variable
    """

    def __init__(self, names: Sequence[str], value: Callable[[str], Any]) -> None:
        self._names = list(names)
        self._value = value
        self._known: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        """Return the value of an option, numbers and switches also where they were written as a text."""
        if name not in self._known:
            value = self._value(PREFIX + name)
            if name in NUMBERS:
                value = int(value)
            elif name in SWITCHES:
                value = str(value).lower() in TRUE
            self._known[name] = value
        return self._known[name]

    def __iter__(self) -> Any:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def beside(self, name: str) -> Any:
        """Return a variable that is none of the role's.

        :param name: its whole name
        """
        return self._value(name)

    def replaced(self, **values: Any) -> Options:
        """Return the options with other values for some.

        :param values: these values, by the option's name
        """
        other = Options(self._names, self._value)
        other._known = {**self._known, **values}
        return other

    @property
    def alternates(self) -> bool:
        """Return whether each sender has two accounts."""
        return bool(self["strategy"] == "alternate")

    @property
    def overlaps(self) -> bool:
        """Return whether the provider makes a new credential beside the old one, as far as its definition says."""
        return _flows.overlaps(_flows.definition_of(self["provider"], self["provider_definition"]))

    @property
    def variable(self) -> str:
        """Return the variable that names what a host uses."""
        return f"{PREFIX}{'senders' if self.alternates else 'accounts'}"

    def given(self, *names: str) -> Result:
        """Return options for a module under the same names. An empty one is as good as none.

        :param names: the options
        """
        values = {name: self[name] for name in names}
        return {name: value for name, value in values.items() if not _is_empty(name, value)}

    def of_password(self) -> Result:
        """Return the options of smtp_account_password that are the same in all tasks."""
        given = self.given(*(name for name in PASSWORD_SPEC if name in self._names and name not in OF_TASKS))
        # The playbook's own tasks save the store before the provider is called.
        return {**given, "store_survives": True} if self["persist_tasks"] else given

    def of_store(self) -> Result:
        """Return the options of smtp_sender that are the same in all tasks."""
        return self.given("vault_file", "vault_id", "lock_timeout")

    @property
    def consumers(self) -> list[str]:
        """Return what uses the passwords on this host."""
        return consumers_of(self["consumer"])

    def of_server(self) -> Result:
        """Return the options of smtp_test_send that say how the SMTP server is reached."""
        names = {"host": "smtp_host", "port": "smtp_port", "encryption": "smtp_encryption"}
        return self._renamed(names) | self.given("timeout", "validate_certs", "ca_path")

    def of_smtp(self) -> Result:
        """Return the options of smtp_test_send that are the same in all tasks."""
        names = {"sender": "test_sender", "recipient": "test_recipient", "concurrency": "test_concurrency"}
        return self._renamed(names) | self.of_server()

    def _renamed(self, names: Mapping[str, str]) -> Result:
        known = self.given(*names.values())
        return {ours: known[theirs] for ours, theirs in names.items() if theirs in known}


def _is_empty(name: str, value: Any) -> bool:
    return value in ("", {}, []) or (name == "rate_limit" and not value)


@dataclass
class Tools:
    """What a step works with.

    :param fleet: all hosts
    :param options: the role's options
    :param params: the options of the task
    :param variables: the task's variables
    :param of_other: returns a variable as another host has it, to which the task is delegated
    :param run: runs another module or action on the task's host, in check mode if so told
    :param open_store: opens the store
    :param tell: shows a line
    :param learn: takes a secret that must never be shown
    :param uptime: returns the seconds since the controller started
    :param apart: whether hosts do not go in step
    :param foreign: runs a module of another collection, with a secret in its options and an environment of its own
    :param has_module: tells whether there is a module
    """

    fleet: Fleet
    options: Options
    params: Mapping[str, Any]
    variables: Mapping[str, Any]
    of_other: Callable[[str, str], Any]
    run: Callable[..., Result]
    open_store: Callable[[str, str | None], Store]
    tell: Callable[[str], None]
    warn: Callable[[str], None]
    learn: Callable[..., None]
    sleep: Callable[[float], None]
    uptime: Callable[[], float]
    is_file: Callable[[str], bool]
    check_mode: bool
    verbose: bool
    apart: bool
    foreign: Callable[[str, Result, Mapping[str, str]], Result]
    has_module: Callable[[str], bool]
    _store: Store | None = field(default=None)

    @property
    def here(self) -> str:
        """Return this host."""
        return self.fleet.play.here

    @property
    def item(self) -> str:
        """Return the host that the task is for: this one, or the one that a loop is at."""
        return str(self.params["host"] or self.here)

    @property
    def store(self) -> Store:
        """Return the store."""
        if self._store is None:
            self._store = self.open_store(self.options["vault_file"], self.options["vault_id"] or None)
        return self._store

    def passwords(self, snapshot: Snapshot, accounts: Sequence[str]) -> dict[str, str]:
        """Return the stored passwords of some accounts, without those that have none.

        :param snapshot: the store
        :param accounts: the accounts
        """
        sealed = [(account, snapshot.document.record(account).password) for account in accounts]
        stored = [(account, ciphertext) for account, ciphertext in sealed if ciphertext]
        plain = map_in_threads(lambda one: self.store.vault.decrypt(one[1], f"password of {one[0]}"), stored)
        self.learn(*plain)
        return dict(zip([account for account, _ciphertext in stored], plain, strict=True))

    def logins(self, snapshot: Snapshot, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return the stored logins of some accounts, without those that have none.

        :param snapshot: the store
        :param accounts: the accounts
        """
        names = {account: snapshot.document.record(account).login(account) for account in accounts}
        passwords = self.passwords(snapshot, accounts)
        return {account: {"username": names[account], "password": text} for account, text in passwords.items()}

    def call(self, module: str, options: Result, *, pretend: bool = False) -> Result:
        """Run another module on the task's host, and return its result.

        :param module: its name
        :param options: its options
        :param pretend: whether to run it in check mode
        """
        return self.run(module if "." in module else f"mailops.smtp.{module}", options, pretend=pretend)


def senders_of(tools: Tools) -> dict[str, dict[str, Any]]:
    """Return the senders in the store.

    :param tools: what the step works with
    """
    return {name: {"in_use": pair.in_use} for name, pair in tools.store.read().document.senders.items()}


def remembered(record: Record, **result: Any) -> Result:
    """Return the result of a step, with what this host remembers from now on.

    :param record: what this host remembers
    :param result: other fields
    """
    # A plain number: Ansible's variables hold no enumerations.
    kept = asdict(record) | {"reached": int(record.reached)}
    return {"changed": False, **result, "record": {name: value for name, value in kept.items() if value is not None}}


def performed(step: Callable[[Tools], Result], tools: Tools) -> Result:
    """Do a step, and return its result.

    A leader that fails remembers its plan: by that the others see how far it came, and what they are to say.

    :param step: the step
    :param tools: what it works with
    """
    try:
        return step(tools)
    except (InputError, StoreError, AnsibleError) as error:
        if tools.fleet.own.plan is None:
            raise
        return {**remembered(tools.fleet.own), "failed": True, "msg": str(error)}


def shown(*results: Mapping[str, Any]) -> Result:
    """Return what a task shows of the modules that it ran.

    :param results: their results
    """
    diffs = [result["diff"] for result in results if result.get("diff")]
    warnings = [text for result in results for text in result.get("warnings", [])]
    seen: Result = {"changed": any(result.get("changed") for result in results)}
    if diffs:
        seen["diff"] = [one for diff in diffs for one in (diff if isinstance(diff, list) else [diff])]
    return {**seen, "warnings": warnings} if warnings else seen


def failed(result: Mapping[str, Any]) -> bool:
    """Return whether a module failed.

    :param result: its result
    """
    return bool(result.get("failed") or result.get("unreachable"))


def why(result: Mapping[str, Any]) -> str:
    """Return why a module failed.

    :param result: its result
    """
    return str(result.get("msg") or "no reason given")


def follow(fleet: Fleet, phase: Phase) -> None:
    """Stop a host that the leader no longer leads, or that it does not know.

    :param fleet: all hosts
    :param phase: how far the leader must have come
    :raises InputError: if it has not, or planned without this host's accounts
    """
    leader, plan = fleet.own.leader, fleet.leader.plan
    if fleet.leads:
        return
    if plan is None and fleet.own.reached >= Phase.CHANGED:
        raise InputError(_told_early(leader))
    if plan is None or fleet.leader_reached < Phase.PLANNED:
        raise InputError(
            f"The checks failed on {leader}, which rotates for all hosts of the play; see its error. Nothing has been "
            "changed."
        )
    known = set(plan.accounts)
    unknown = [account for account in fleet.own.accounts if account not in known]
    if unknown:
        variable = "smtp_rotation_senders" if fleet.own.senders else "smtp_rotation_accounts"
        raise InputError(
            f"Not yet known when {leader} rotated for the first batch: {', '.join(unknown)}. With serial, set "
            f"{variable} in the inventory, so that one window serves all batches."
        )
    if phase == Phase.STAGED and fleet.leader_reached < phase:
        raise InputError(
            f"The rotation ended on {leader} before the provider was called; see its error. The next run sends what is "
            "staged in the store."
        )
    if fleet.leader_reached < phase and leader not in fleet.play.batch:
        raise InputError(_told_early(leader))


def _told_early(leader: str) -> str:
    text = f"The rotation ended early on {leader}; see its error. Run again: the next run completes it."
    return text  # noqa: RET504  (by its name the text is found and held against the documentation)
