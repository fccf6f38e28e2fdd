# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs C(ansible-test sanity) on a copy of what a commit could hold, with nothing ignored. Run it with C(make sanity).

Arguments are handed on, such as C(--python 3.12) or C(--test validate-modules). C(ansible-test) wants the collection at
a path that ends in C(ansible_collections/mailops/smtp), keeps its environments in HOME, and downloads an installer of
pip; so it gets a copy, a HOME that stays under C(.cache), and an installer that uses the pip that Python brings.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

import ansible_test

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "sanity"
INSTALL_PIP = """\
import ensurepip
ensurepip.bootstrap(upgrade=True, default_pip=True)
"""
# What ansible-test says of a test that it leaves out, and of a Python that it does not find.
LEFT_OUT = re.compile(r"WARNING: (?:Skipping|Unable|All targets)\b.*|.*\b(?:[Ss]kip(?:ped|ping)|[Mm]issing)\b.*")
FROM_SOURCE = re.compile(r"^(\w+) @ https://\S+$", re.MULTILINE)
NOTHING = "All targets skipped"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def files(root: Path) -> list[str]:
    """Return the paths of what a commit could hold; links are left out, as a built collection has none."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted(name for name in set(listed) if name and (root / name).is_file() and not (root / name).is_symlink())


def copy(root: Path, to: Path) -> None:
    """Put the files into an empty folder, which is a repository of its own: in ours, git ignores it."""
    shutil.rmtree(to, ignore_errors=True)
    for name in files(root):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, to / name)
    subprocess.run(["git", "init", "--quiet"], cwd=to, check=True)


def provide_pip(home: Path, package: Path) -> None:
    """Put installers of pip where C(ansible-test) looks before it downloads one."""
    source = (package / "_internal" / "python_requirements.py").read_text(encoding="utf-8")
    cache = home / ".ansible" / "test" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    named = set(re.findall(r"'(\d+\.\d[\d.]*)'", source))
    for name in {f"get_pip_{number.replace('.', '_')}.py" for number in named} | {"get_pip.py"}:
        (cache / name).write_text(INSTALL_PIP, encoding="utf-8")


def use_releases(package: Path) -> None:
    """Have a requirement that names an archive of a project's source take its newest release instead.

    ansible-core 2.22.0rc1 has one, for a Python that is not released yet, and it is not where all others come from.
    """
    for file in (package / "_data" / "requirements").glob("sanity.*.txt"):
        named = file.read_text(encoding="utf-8")
        released = FROM_SOURCE.sub(r"\1", named)
        if released != named:
            file.write_text(released, encoding="utf-8")


def pythons() -> Iterator[str]:
    """Yield the folders of the Pythons that pyenv made, which are not all on the search path."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for python in sorted(root.glob("versions/3.*/bin/python3")):
        yield str(python.parent)


def environment(home: Path) -> dict[str, str]:
    """Return the environment of C(ansible-test): a HOME of its own, and every Python of this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTHON"))}
    shims = f"{os.sep}shims"
    path = [*kept["PATH"].split(os.pathsep), *pythons()]
    kept["PATH"] = os.pathsep.join(folder for folder in path if not folder.endswith(shims))
    return {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8"}


def left_out(output: str) -> list[str]:
    """Return the lines that name what was not run, each once."""
    return list(dict.fromkeys(line.strip() for line in output.splitlines() if LEFT_OUT.match(line.strip())))


def run(arguments: Sequence[str]) -> int:
    """Run the tests, hand their output on, and name at the end what could not run."""
    core = version("ansible-core")
    home, tree = CACHE / core / "home", CACHE / core / "ansible_collections" / "mailops" / "smtp"
    copy(ROOT, tree)
    package = Path(ansible_test.__file__).parent
    provide_pip(home, package)
    use_releases(package)
    command = [str(Path(sys.executable).with_name("ansible-test")), "sanity", "--color", "no", *arguments]
    process = subprocess.Popen(
        command, cwd=tree, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    output = ""
    for line in process.stdout:
        output += COLOUR.sub("", line)
        print(line, end="", flush=True)
    code = process.wait() or int(NOTHING in output)
    print(f"== ansible-test sanity of ansible-core {core}: {'clean' if code == 0 else 'FAILED'}")
    for line in left_out(output):
        print(f"   left out: {line}")
    return code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
