# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All of smtp_report. It reads the store, which only the controller has, and connects to nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ansible_collections.mailops.smtp.plugins.module_utils import _files as files
from ansible_collections.mailops.smtp.plugins.module_utils._arguments import REPORT_SPEC
from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.module_utils._files import Access
from ansible_collections.mailops.smtp.plugins.module_utils._secret_file import mode_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._action import SecretAction
from ansible_collections.mailops.smtp.plugins.plugin_utils._option_checks import check_limits
from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.contents import Report, report_on
from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.rendering import rendered
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.store import open_store, path_of
from ansible_collections.mailops.smtp.plugins.plugin_utils._times import duration, utc_now


class ActionModule(SecretAction):
    """Writes reports on a store. Changes nothing else."""

    SPEC = REPORT_SPEC

    def perform(self, params: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Read the store, and write each report that is asked for.

        :param params: the task's options
        :param task_vars: the task's variables
        """
        check_limits(params)
        mode = mode_of(params["mode"])
        targets = self._targets(params["outputs"] or {})
        report = self._report(params)
        changed = [
            name for name, path in targets.items() if _write(path, name, report, mode, check_mode=self._task.check_mode)
        ]
        result = {**report.data(), "changed": bool(changed), "outputs": targets}
        metrics = targets.get("prometheus", ".prom")
        if not metrics.endswith(".prom"):
            text = (
                f"outputs.prometheus: {metrics} does not end with .prom, so the node exporter's textfile collector "
                "will not read it"
            )
            result["warnings"] = [text]
        return result

    def _targets(self, outputs: Mapping[str, Any]) -> dict[str, str]:
        """Return where each report is written, by its format. All are looked at before one is written."""
        targets: dict[str, str] = {}
        for name, given in outputs.items():
            if not given:
                continue
            try:
                path = files.real_path(path_of(self._loader, given))
            except InputError as error:
                raise InputError(f"outputs.{name}: {error}") from None
            if path in targets.values():
                raise InputError(f"outputs.{name}: {path} is named twice; give each report a file of its own")
            if not os.access(os.path.dirname(path), os.R_OK | os.W_OK | os.X_OK):
                raise _unwritable(name, path, os.strerror(errno.EACCES))
            targets[name] = path
        return targets

    def _report(self, params: Mapping[str, Any]) -> Report:
        store = open_store(self._loader, params["vault_file"])
        found = store.read()
        if found.data is None:
            raise InputError(f"there is no store {store.name}; vault_file must name the file that has the passwords")
        return report_on(
            found.document,
            params["name"] or os.path.splitext(os.path.basename(store.name))[0],
            utc_now(),
            max_age=duration(params["max_age"], "max_age"),
            propagation=timedelta(seconds=params["propagation_seconds"]),
        )


def _write(path: str, name: str, report: Report, mode: int, *, check_mode: bool) -> bool:
    """Write a report, and return whether it says anything new. The time is new in every run."""
    try:
        with files.locked(os.path.dirname(path)):
            present = files.access_of(path)
            known = report.fingerprint().encode() in _content(path)
            if not check_mode:
                files.remove_stale(path)
                files.put(path, rendered(report, name).encode(), _access(present, mode))
    except OSError as error:
        raise _unwritable(name, path, str(error.strerror)) from None
    return not known or present is None or present.mode != mode


def _content(path: str) -> bytes:
    """Return what the file says; what this user may not read is replaced all the same."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except (FileNotFoundError, PermissionError):
        return b""


def _access(present: Access | None, mode: int) -> Access:
    """Return whose the file is: as before, as far as this user can give it away."""
    root = os.geteuid() == 0
    if present is None:
        return Access(os.geteuid(), os.getegid(), mode)
    uid = present.uid if root else os.geteuid()
    return Access(uid, present.gid if root or present.gid in os.getgroups() else os.getegid(), mode)


def _unwritable(name: str, path: str, why: str) -> InputError:
    return InputError(
        f"outputs.{name}: cannot write {path}: {why}; the user who runs ansible-playbook writes the reports, and "
        "become has no effect on that"
    )
