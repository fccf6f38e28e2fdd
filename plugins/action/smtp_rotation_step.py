# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One step of the role smtp_rotation. Decides in plugin_utils/_fleet, acts in plugin_utils/_steps."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.utils.display import Display

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._rotation_step import ARGUMENT_SPEC
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import GIVEN, SecretAction, hidden
from ansible_collections.mailops.smtp.plugins.plugin_utils._clock import uptime
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.audit import AUDITED
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.fleet import Fleet, Play
from ansible_collections.mailops.smtp.plugins.plugin_utils._fleet.options import OPTIONS
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps import audits, changes, checks, proofs
from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.tools import Options, Result, Tools, performed
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import open_store


def _kept(tools: Tools) -> Result:
    # Here, because Ansible compiles each file anew: most runs save the store nowhere else.
    from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.keeping import kept

    return kept(tools)


def _publish(tools: Tools) -> Result:
    from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.publishing import publish

    return publish(tools)


def _published(tools: Tools) -> Result:
    from ansible_collections.mailops.smtp.plugins.plugin_utils._steps.publishing import published

    return published(tools)


def _of_telling(name: str) -> Callable[[Tools], Result]:
    def step(tools: Tools) -> Result:
        # Likewise: most playbooks have nobody told.
        from ansible_collections.mailops.smtp.plugins.plugin_utils._steps import telling

        return getattr(telling, name)(tools)  # type: ignore[no-any-return]

    return step


STEPS: dict[str, Callable[[Tools], Result]] = {
    "check": checks.check,
    "plan": checks.plan,
    "audit": audits.audit,
    "judge": audits.judge,
    "stage": changes.stage,
    "staged": changes.staged,
    "reach": changes.reach,
    "hold": changes.hold,
    "change": changes.change,
    "deploy": changes.deploy,
    "test": proofs.test,
    "release": proofs.release,
    "record": proofs.record,
    "switch": proofs.switch,
    "try": proofs.try_login,
    "retire": proofs.retire,
    "publish": _publish,
    "published": _published,
    "kept": _kept,
    "note": proofs.note,
    "wait": proofs.wait,
    "report": proofs.report,
    "end": _of_telling("end"),
    "news": _of_telling("news"),
    "unheard": _of_telling("unheard"),
}
# What precedes every plan: what a host remembers is of a rotation before.
BEFORE = ("check", "plan")
# Strategies whose hosts go in step; under any other, a host can be tasks ahead of another one.
IN_STEP = ("linear", "debug")
# Modules that look at the network only. Where they run, the playbook's become may not work.
UNPRIVILEGED = ("ansible.builtin.ping", "mailops.smtp.smtp_test_send")
# What a module that is run inside a step says to the task that it is not.
ASIDE = ("invocation", "ansible_facts", "_ansible_parsed", "_ansible_no_log", "_ansible_verbose_override")


class ActionModule(SecretAction):
    """Runs one step."""

    SPEC = ARGUMENT_SPEC

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the step. By its name a result is known to be free of secrets, which that of a bad template may not be.

        :param tmp: part of Ansible's interface, not used
        :param task_vars: the task's variables
        """
        return {**super().run(tmp, task_vars), "step": self._task.args.get("step")}

    def perform(self, params: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Run the step, and return what this host remembers from now on.

        :param params: the task's options
        :param task_vars: the task's variables
        """
        display = Display()
        fleet = Fleet(Play.of(task_vars), task_vars["hostvars"])
        options = Options(sorted(OPTIONS), lambda name: self._templar.template(task_vars[name]))
        tools = Tools(
            fleet=fleet,
            options=audits.reconciling(options) if _reconciles(params["step"], fleet, options) else options,
            params=params,
            variables=task_vars,
            of_other=partial(self._of_other, task_vars),
            run=partial(self._run, task_vars),
            open_store=partial(open_store, self._loader),
            # On stderr, because a callback may write a document to stdout.
            tell=lambda line: display.display(line, stderr=True),
            warn=display.warning,
            learn=self.scrubber.add,
            sleep=time.sleep,
            uptime=uptime,
            is_file=os.path.isfile,
            check_mode=bool(self._task.check_mode),
            verbose=display.verbosity > 0,
            foreign=partial(self._run_foreign, task_vars),
            has_module=lambda name: bool(self._shared_loader_obj.module_loader.find_plugin(name)),
            apart=not self._strategy().rpartition(".")[2].endswith(IN_STEP),
        )
        self._found: Result = {}
        result = performed(STEPS[params["step"]], tools)
        if self._found:
            # As of any module: otherwise every step would look for Python again.
            result["ansible_facts"] = self._found
        if display.verbosity < 2:
            # What a host remembers is long, and for nobody to read.
            result["_ansible_verbose_override"] = True
        return result

    def _secrets_in(self, args: Mapping[str, Any]) -> list[str]:
        """Return nothing: a word of a file can be a name that the record needs. What writes the file masks it."""
        return []

    def _strategy(self) -> str:
        """Return the play's strategy, which no variable tells."""
        return str(self._task._parent._play.strategy or C.DEFAULT_STRATEGY)

    def _of_other(self, task_vars: Mapping[str, Any], host: str, name: str) -> Any:
        """Return a variable as the host has it that this task is delegated to, also if the play or a role sets it.

        :param task_vars: the task's variables
        :param host: the host
        :param name: the variable
        """
        # Ansible leaves the name of the first host in there.
        names = {"inventory_hostname": host, "inventory_hostname_short": host.split(".")[0]}
        theirs = {**task_vars["ansible_delegated_vars"][host], **names}
        return self._templar.copy_with_new_env(available_variables=theirs).template(theirs[name])

    def _run_foreign(
        self, task_vars: dict[str, Any], name: str, options: Result, environment: Mapping[str, str]
    ) -> Result:
        """Run a module of another collection with a secret in its options: through a pipe, and logged nowhere.

        :param task_vars: the task's variables
        :param name: its full name
        :param options: its options
        :param environment: what it has in its environment beside what the task has
        """
        try:
            self.require_pipelining()
            with hidden():
                return self._run(task_vars, name, options, foreign=environment)
        except InputError as error:
            return {"failed": True, "msg": str(error)}
        except Exception as error:  # noqa: BLE001  (of other collections; a step that ends here would forget everything)
            return {"failed": True, "msg": f"an unexpected {type(error).__name__} in {name}"}

    def _run(
        self,
        task_vars: dict[str, Any],
        name: str,
        options: Result,
        *,
        pretend: bool = False,
        foreign: Mapping[str, str] | None = None,
    ) -> Result:
        """Run another action or module on this task's host.

        :param task_vars: the task's variables
        :param name: its full name
        :param options: its options
        :param pretend: whether to run it in check mode
        :param foreign: what a module that is not ours has in its environment
        """
        task = self._task.copy()
        task.__dict__.pop(GIVEN, None)
        task.action, task.args = name, options
        if pretend:
            task.check_mode, task.diff = True, False
        if foreign is not None:
            # It does not know that its options are secret, and would write them into the host's log.
            task.no_log, task.diff = True, False
            task.environment = [*(task.environment or []), dict(foreign)]
        loader = self._shared_loader_obj.action_loader
        plain = not loader.has_plugin(name)
        plugin = loader.get(
            "ansible.legacy.normal" if plain else name,
            task=task,
            connection=self._connection,
            play_context=self._play_context,
            loader=self._loader,
            templar=self._templar,
            shared_loader_obj=self._shared_loader_obj,
        )
        try:
            with self._rights_for(name), hidden() if plain else nullcontext():
                result: Result = plugin.run(task_vars=task_vars)
        except AnsibleConnectionFailure as error:
            result = {"unreachable": True, "msg": str(error)}
        except AnsibleError as error:
            result = {"failed": True, "msg": str(error)}
        self._found.update(_interpreter(result))
        return {key: value for key, value in result.items() if key not in ASIDE}

    @contextmanager
    def _rights_for(self, name: str) -> Iterator[None]:
        """Run a module that needs none without the playbook's become.

        :param name: its full name
        """
        become = self._connection.become
        self._connection.become = None if name in UNPRIVILEGED else become
        try:
            yield
        finally:
            self._connection.become = become


def _reconciles(step: str, fleet: Fleet, options: Mapping[str, Any]) -> bool:
    """Return whether a step belongs to the rotation that follows an audit."""
    if step in BEFORE or options["state"] != AUDITED:
        return False
    return fleet.leader.plan is not None and fleet.leader.plan.reconciles


def _interpreter(result: Mapping[str, Any]) -> Result:
    """Return what Ansible has found out about a host's Python."""
    facts = result.get("ansible_facts") or {}
    return {name: value for name, value in facts.items() if name.startswith("discovered_interpreter_")}
