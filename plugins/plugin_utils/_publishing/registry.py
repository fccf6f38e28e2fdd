# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All kinds of targets, by their names. Pure: no I/O."""

from __future__ import annotations

from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kind import Kind
from ansible_collections.mailops.smtp.plugins.plugin_utils._publishing.kinds import (
    aws_secret,
    aws_ssm,
    kubernetes,
    pass_store,
    sops,
    tasks,
    vault_kv2,
)

TASKS = tasks.KIND.name
KINDS: dict[str, Kind] = {
    one.KIND.name: one.KIND for one in (aws_secret, aws_ssm, kubernetes, pass_store, sops, tasks, vault_kv2)
}
