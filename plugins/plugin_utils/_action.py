# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The base of all action plugins: validates options, keeps secrets off the disk, scrubs every result."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible import constants as C
from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import RequiredError, UnsupportedError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError, ProviderError, StoreError
from ansible_collections.mailops.smtp.plugins.module_utils._secrets import CENSORED, Scrubber
from ansible_collections.mailops.smtp.plugins.plugin_utils._near import nearest

SHORTEST_PART = 8
# Where a task keeps its arguments between retries, in this process only.
GIVEN = "_mailops_smtp_given"

# The environment variables of the built-in providers' keys. Listed here, because importing the definitions would take
# longer than most tasks. A test compares both.
KEY_VARIABLES = frozenset(
    {
        "AHASEND_API_KEY",
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "CLOUDFLARE_API_TOKEN",
        "CPANEL_API_TOKEN",
        "CPANEL_USER",
        "ELASTICEMAIL_API_KEY",
        "EMAILIT_API_KEY",
        "EMAILLABS_APPLICATION_KEY",
        "EMAILLABS_AUTHORIZATION_KEY",
        "HUBSPOT_ACCESS_TOKEN",
        "JETEMAIL_API_KEY",
        "MAILCOW_API_KEY",
        "MAILERSEND_API_KEY",
        "MAILGUN_API_KEY",
        "MAILINABOX_API_KEY",
        "MAILINABOX_USER",
        "MAILU_API_TOKEN",
        "MIGADU_API_KEY",
        "MIGADU_USER",
        "MITTWALD_API_TOKEN",
        "MODOBOA_API_TOKEN",
        "PURELYMAIL_API_TOKEN",
        "RESEND_API_KEY",
        "SENDGRID_API_KEY",
        "SMTP2GO_API_KEY",
        "WILDDUCK_ACCESS_TOKEN",
        "ZOHO_ACCESS_TOKEN",
    }
)


# Become methods that can hand their standard input on to what they start. Ansible pipes nothing through them, because
# where they ask for a password some of them want a terminal.
PASSING_ON = frozenset({"su", "community.general.doas"})
# What is sent through a pipe to try it, more than a terminal keeps of one line, and what has to come back: a terminal
# shows what is typed, as it is typed.
PROBE = "0123456789abcdef" * 512
ANSWER, TRIAL = PROBE.upper(), "test ! -t 0 && tr a-f A-F"


class SecretAction(ActionBase):  # type: ignore[misc]
    """An action plugin whose arguments contain secrets."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    SPEC: Mapping[str, Any] = {}
    RULES: Mapping[str, Any] = {}

    # Whether the become method was seen to pass on what comes through a pipe, or is being tried.
    _passes_on = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Perform the action, and scrub its result of secrets.

        :param tmp: part of Ansible's interface, not used
        :param task_vars: the task's variables
        """
        result: dict[str, Any] = super().run(tmp, task_vars)
        self.scrubber = Scrubber()
        given = self._given()
        try:
            self.scrubber.add(*self._secrets_in(self._task.args))
            result.update(self.perform(self._validated(), task_vars or {}))
        except AnsibleConnectionFailure as error:
            result.update(unreachable=True, msg=str(error))
        except (InputError, StoreError, ProviderError, AnsibleError) as error:
            result.update(failed=True, msg=str(error))
        except Exception as error:  # noqa: BLE001  (a traceback could show a secret)
            result.update(failed=True, msg=_unexpected(error))
        finally:
            # Callbacks receive the task with its templated arguments.
            self._task.args = self._shown(given)
        clean: dict[str, Any] = self.scrubber.clean(result)
        return clean

    def perform(self, params: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Do the work and return the result.

        :param params: the task's options, validated
        :param task_vars: the task's variables
        """
        raise NotImplementedError

    def _secrets_in(self, args: Mapping[str, Any]) -> list[str]:
        """Return every secret in the arguments as given, valid or not."""
        return _secrets(self.SPEC, args)

    def _given(self) -> Mapping[str, Any]:
        """Return the original arguments, which a retry (C(until)) finds censored in the task."""
        given: Mapping[str, Any] = self._task.__dict__.setdefault(GIVEN, self._task.args)
        self._task.args = given
        return given

    def _shown(self, args: Mapping[str, Any]) -> dict[str, Any]:
        """Return the arguments as anyone may see them. Unknown options are hidden: one could be a misspelt password."""
        harmless = {
            key
            for name, option in self.SPEC.items()
            if not _holds_secret(option)
            for key in (name, *option.get("aliases", ()))
        }
        return {name: self.scrubber.clean(value) if name in harmless else CENSORED for name, value in args.items()}

    def _validated(self) -> dict[str, Any]:
        # ActionBase.validate_argument_spec would show values and the task's source in its messages.
        checked = ArgumentSpecValidator(dict(self.SPEC), **self.RULES).validate(_plain(self._task.args))
        if checked.errors.messages:
            # A misspelt option first: what is missing is often the same one.
            errors = sorted(checked.errors, key=lambda error: not isinstance(error, UnsupportedError))
            raise InputError("; ".join(_in_short(error) for error in errors))
        params = {name: checked.validated_parameters.get(name) for name in self.SPEC}
        if CENSORED in self._secrets_in(params):
            raise InputError(f"{CENSORED} is a placeholder for a hidden value; set the value itself")
        self.scrubber.add(*self._secrets_in(params))
        return params

    def call_module(
        self, args: Mapping[str, Any], task_vars: dict[str, Any], *, hide: tuple[str, ...]
    ) -> dict[str, Any]:
        """Run the module of the same name. Its arguments go through a pipe and never through a file.

        :param args: the module's options; None values are left out
        :param task_vars: the task's variables
        :param hide: environment variables that the module must not inherit, in addition to the keys of all providers
        :raises InputError: if Ansible would write the arguments to disk
        """
        self.require_pipelining()
        with hidden(*hide):
            result: dict[str, Any] = self._execute_module(
                module_name=self._task.action, module_args=_without_none(args), task_vars=task_vars
            )
        result.pop("invocation", None)
        failure = result.get("exception")
        if failure is not None and not isinstance(failure, str):
            # Since ansible-core 2.19 this is an object, whose texts would be shown unscrubbed.
            del result["exception"]
            result.setdefault("msg", str(getattr(getattr(failure, "event", None), "msg", "the module failed")))
        return result

    def require_pipelining(self) -> None:
        """Enable pipelining for this task.

        :raises InputError: if that is not possible, saying what to do
        """
        if C.DEFAULT_KEEP_REMOTE_FILES:
            raise InputError(
                "ANSIBLE_KEEP_REMOTE_FILES is set: Ansible would leave the password and the keys in files; unset it"
            )
        if C.DEFAULT_DEBUG:
            raise InputError("ANSIBLE_DEBUG is set: Ansible would print the password and the keys; unset it")
        become, possible = self._connection.become, self._can_pipeline()
        if not possible and become is not None and become.name in PASSING_ON:
            self._passes_on = True
            possible = self._can_pipeline()
            if possible:
                self._check_pipe(become.name)
        if not possible:
            method = f" with become method {become.name}" if become else ""
            raise InputError(
                f"the connection {self._connection.transport}{method} cannot pipeline, so Ansible would write the "
                "password and the keys into a file; delegate the task to localhost or to a host with ssh and sudo"
            )

    def _can_pipeline(self) -> bool:
        try:
            self._connection.set_option("pipelining", True)
            return self._is_pipelining_enabled("new")
        except (AnsibleError, KeyError):
            # The connection plugin has no such option.
            return False

    def _is_pipelining_enabled(self, module_style: str, wrap_async: bool = False) -> bool:
        """Tell Ansible whether it pipes, as if there were no become method if that one was tried."""
        become = self._connection.become
        # Up to ansible-core 2.18, su is left out by its name, and what the others say of themselves is not asked for.
        if not self._passes_on and not getattr(become, "pipelining", True):
            return False
        if self._passes_on:
            self._connection.become = None
        try:
            return bool(super()._is_pipelining_enabled(module_style, wrap_async))
        finally:
            self._connection.become = become

    def _check_pipe(self, method: str) -> None:
        """See that what is no secret comes through a become method as it was sent.

        :param method: its name
        :raises InputError: if it does not
        """
        reason = self._tried_pipe()
        if reason:
            # Another attempt of the task is to find out again.
            self._passes_on = False
            raise InputError(
                f"the become method {method} cannot pass a module through a pipe ({reason}), so Ansible would write "
                "the password and the keys to a file; make it need neither a password nor a terminal (su from root, "
                "nopass in doas.conf), use become_method sudo, or delegate the task to another host"
            )

    def _tried_pipe(self) -> str:
        """Send something through a pipe, and return why it did not come back, an empty text if it did."""
        try:
            told = self._low_level_execute_command(TRIAL, in_data=PROBE.encode())
        except AnsibleConnectionFailure:
            # The host cannot be reached: the become method has not been tried.
            raise
        except AnsibleError as error:
            told = {"rc": 1, "stderr": str(error)}
        if told["rc"] == 0 and told["stdout"].strip() == ANSWER:
            return ""
        return " ".join(self.scrubber.text(told["stderr"]).split())[:300] or "what was sent came back changed"


@contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Keep the keys of all providers out of the environment that a module inherits.

    :param names: environment variables to be hidden in addition
    """
    # Each task runs in its own process, so no other task's environment changes.
    kept = {name: os.environ.pop(name) for name in {*KEY_VARIABLES, *names} & set(os.environ)}
    try:
        yield
    finally:
        # The next item of a loop needs them.
        os.environ.update(kept)


class ModuleAction(SecretAction):
    """An action plugin that only passes its task to the module of the same name, through a pipe.

    C(LOGS): whether the module writes its arguments into the host's log, as modules do. What is logged of a list or a
    dict is Python's notation of it, in which a password with a quote or a backslash is not recognised and not masked.
    """

    LOGS = False

    def perform(self, params: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Run the module on the task's host.

        :param params: the task's options
        :param task_vars: the task's variables
        """
        return self.pass_on(params, task_vars, logs=self.LOGS)

    def pass_on(self, params: Mapping[str, Any], task_vars: dict[str, Any], *, logs: bool) -> dict[str, Any]:
        """Run the module on the task's host.

        :param params: the module's options
        :param task_vars: the task's variables
        :param logs: whether the module writes them into the host's log
        """
        no_log = self._task.no_log
        self._task.no_log = no_log or not logs
        try:
            return self.call_module(params, task_vars, hide=())
        finally:
            # The result is shown: it holds no secret.
            self._task.no_log = no_log


def tell(line: str) -> None:
    """Show a line of progress on stderr, because a callback may write a document to stdout.

    :param line: the line
    """
    Display().display(line, stderr=True)


def _without_none(args: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_none(value) if isinstance(value, Mapping) else value
        for name, value in args.items()
        if value is not None
    }


def _in_short(error: Exception) -> str:
    """Return what the validator found wrong, in fewer words where it has many."""
    text = str(error)
    missing = re.fullmatch(r"missing required arguments: (.+?)(?: found in (.+))?", text)
    if isinstance(error, RequiredError) and missing:
        *others, last = missing[1].split(", ")
        words = f"{', '.join(others)} and {last} are required" if others else f"{last} is required"
        return f"{words} in {missing[2]}" if missing[2] else words
    unknown = re.fullmatch(r"(.+)\. Supported parameters include: (.+)\.", text)
    if isinstance(error, UnsupportedError) and unknown:
        known = re.findall(r"\w+", unknown[2])
        return "; ".join(_failure(name, known) for name in unknown[1].split(", "))
    return text


def _failure(name: str, known: Iterable[str]) -> str:
    near = nearest(name.rpartition(".")[2], known)
    options = ", ".join(sorted(known))
    hint = f"(did you mean {near}?)" if near else f"(the options are {options})"
    return f"unknown option {name} {hint}"


def _plain(value: Any) -> Any:
    """Return a copy without Ansible's tags on strings, which are slow for the validator to copy."""
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _holds_secret(option: Mapping[str, Any]) -> bool:
    return bool(option.get("no_log")) or any(map(_holds_secret, option.get("options", {}).values()))


def _secrets(spec: Mapping[str, Any], args: Mapping[str, Any]) -> list[str]:
    """Return every secret in the arguments of a specification, at any depth."""
    found: list[str] = []
    for name, option in spec.items():
        given = [args[key] for key in (name, *option.get("aliases", ())) if args.get(key) is not None]
        if option.get("no_log"):
            found += _texts(given)
        elif _holds_secret(option):
            for value in given:
                for item in value if isinstance(value, (list, tuple)) else [value]:
                    found += _secrets(option["options"], item) if isinstance(item, Mapping) else _texts(item)
    return found


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for item in value.values() for text in _texts(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _texts(item)]
    # A dict may be given as a string (a=b or JSON), so its parts are secrets too.
    return [str(value), *(part for part in re.split(r"[\s=,:{}\"']+", str(value)) if len(part) >= SHORTEST_PART)]


def _unexpected(error: Exception) -> str:
    """Return a message with the place of an unexpected error, but without its text, which may contain anything."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(frame.filename)}:{frame.lineno}"
    return f"an unexpected {type(error).__name__} at {where}; please report it. Nothing staged in the store is lost"
