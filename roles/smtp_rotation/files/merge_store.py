# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Merges a store by account, as git's merge driver. Needs no Vault secret, because nothing is decrypted.

git config merge.mailops-smtp.driver "PYTHON PATH/merge_store.py %O %A %B"
echo 'group_vars/all/smtp.yml merge=mailops-smtp' >>.gitattributes

PYTHON is the one that runs Ansible.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# The collection may be where no path of Python's leads to.
HERE = Path(__file__).absolute()
sys.path[:0] = [str(folder.parent) for folder in HERE.parents if folder.name == "ansible_collections"]

from ansible_collections.mailops.smtp.plugins.module_utils._errors import StoreError  # noqa: E402
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.merging import merged  # noqa: E402

CONFLICT = 1


def main(base: str, ours: str, theirs: str) -> int:
    """Merge three files into that of ours, and return the exit code: 0, or 1 for a conflict.

    :param base: the store that both sides come from
    :param ours: the store of the one side
    :param theirs: the store of the other side
    """
    try:
        texts = [Path(name).read_bytes().decode("utf-8") for name in (base, ours, theirs)]
        result = merged(*texts)
    except (StoreError, UnicodeDecodeError) as error:
        sys.stderr.write(f"The store cannot be merged by account: {error}\n")
        # As git does without a driver; but never without a person who looks at it.
        subprocess.run(  # noqa: S603  (the names are git's own)
            ["git", "merge-file", "-L", "ours", "-L", "base", "-L", "theirs", ours, base, theirs],  # noqa: S607
            check=False,
        )
        return CONFLICT
    Path(ours).write_bytes(result.text.encode("utf-8"))
    sys.stderr.writelines(f"{conflict}\n" for conflict in result.conflicts)
    return CONFLICT if result.conflicts else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
