# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the store lasts longer than the job that writes it. Pure: no I/O.

Said only where there is a sign that it does not. What is not known, such as the folder of a build server of somebody's
own, is taken to last.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError

# Environment variables with a folder, and others.
FOLDERS = (
    "AWX_ISOLATED_DATA_DIR",
    "AWX_PRIVATE_DATA_DIR",
    "CI_PROJECT_DIR",
    "GITHUB_WORKSPACE",
    "RUNNER_TEMP",
    "TMPDIR",
)
MARKS = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "KUBERNETES_SERVICE_HOST", "RUNNER_ENVIRONMENT", "container")
# Extra variables of every job of AWX, of the automation controller, and of Tower before them
# (awx/main/constants.py: JOB_VARIABLE_PREFIXES).
JOB_VARIABLES = ("awx_job_id", "tower_job_id")
# Files that Docker and Podman put into a container.
CONTAINER_FILES = ("/.dockerenv", "/run/.containerenv")
# What they, and CRI-O, set as $container. systemd-nspawn and LXC set it too, but their file system is kept.
CONTAINERS = ("docker", "oci", "podman")
LAYERS = ("aufs", "fuse-overlayfs", "fuse.fuse-overlayfs", "overlay")
IN_MEMORY = ("ramfs", "tmpfs")

# How tempfile.mkdtemp names a folder: for ansible-runner's worker (ansible_runner/streaming.py, ansible-runner 2.4.3),
# and for a program that runs a job in a folder of the moment.
TEMPORARY = re.compile(r"tmp[a-z0-9_]{8}")
FOR_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108
# The copy of the project with --process-isolation and --directory-isolation-base-path
# (ansible_runner/config/runner.py).
ISOLATED = re.compile(r"/runner_di_[a-z0-9_]{8}/")
# The folder in memory that becomes the root of a sandbox of bubblewrap, which --process-isolation can use.
SANDBOX = "/newroot"
COMMANDS = ("run", "start", "transmit", "worker", "process")


@dataclass(frozen=True)
class Mount:
    """One line of C(/proc/self/mountinfo): where it is, which folder of its file system is seen there, and its type."""

    point: str
    root: str
    kind: str


@dataclass(frozen=True)
class Situation:
    """What surrounds a run. All paths are real ones.

    :param store: the store
    :param playbook: the playbook's folder
    :param environment: of C(FOLDERS) and C(MARKS), those that are set
    :param variables: of C(JOB_VARIABLES), those that are set
    :param callers: the command lines of the processes that started this one
    :param mounts: all mounts, in their order
    :param files: of C(CONTAINER_FILES), those that there are
    """

    store: str
    playbook: str = ""
    environment: Mapping[str, str] = field(default_factory=dict)
    variables: Sequence[str] = ()
    callers: Sequence[Sequence[str]] = ()
    mounts: Sequence[Mount] = ()
    files: Sequence[str] = ()

    @property
    def mount(self) -> Mount | None:
        """Return the mount that the store is on."""
        # Of two on the same folder, the later one hides the other.
        around = [mount for mount in reversed(self.mounts) if _within(self.store, mount.point)]
        return max(around, key=lambda mount: len(mount.point), default=None)

    def around(self, *folders: str) -> str:
        """Return the first of some folders that the store is in and goes with, an empty text if there is none.

        :param folders: folders, or empty texts
        """
        # A volume that is mounted in a folder stays when the folder goes.
        apart = self.mount.point if self.mount else ""
        inside = [one for one in folders if one and _within(self.store, one) and not _within(apart, one)]
        return inside[0] if inside else ""


def check_survives(said: bool | None, situation: Situation) -> None:
    """Refuse a change whose password would be lost with the store.

    :param said: the option C(store_survives)
    :param situation: what surrounds the run
    :raises InputError: if the store does not last; nothing was changed
    """
    told = "store_survives is false"
    reason = doomed(situation) if said is None else "" if said else told
    if reason:
        raise InputError(
            f"{situation.store} would not outlive this run, and the new passwords would be lost with it: {reason}. "
            "Nothing was changed. Let the role save the store elsewhere before it calls the provider "
            "(smtp_rotation_persist_tasks, to git or to a secret manager), or set vault_file to a path that lasts. If "
            "this store is kept, say so with store_survives=true"
        )


def doomed(situation: Situation) -> str:
    """Return why the store does not outlive the run, or an empty text.

    :param situation: what surrounds the run
    """
    for look in (_of_runner, _of_github, _of_gitlab, _of_mount):
        for reason in look(situation):
            return reason
    return ""


def _of_runner(situation: Situation) -> Iterator[str]:
    """Yield what a job of ansible-runner, or of AWX, throws away."""
    artifacts = situation.environment.get("AWX_ISOLATED_DATA_DIR", "")
    private = _private(artifacts)
    at_awx = situation.environment.get("AWX_PRIVATE_DATA_DIR", "")
    if at_awx or situation.variables:
        # Everything of a job is in its private data folder, the project included.
        folder = situation.around(private, at_awx, situation.playbook)
        if folder:
            yield f"it is in {folder}, which AWX deletes when the job ends"
    if not artifacts:
        return
    # It is sent to the worker, and nothing but the artifacts is sent back.
    folder = situation.around(private or situation.playbook)
    if folder and any(map(_is_worker, situation.callers)):
        yield f"it is in {folder}, which ansible-runner worker unpacked for this job and does not send back"
    # A job that is started locally, with "ansible-runner run", has a folder that somebody made and that stays.
    if folder and _is_temporary(folder, (*FOR_TEMPORARY, situation.environment.get("TMPDIR", ""))):
        yield f"it is in {folder}, a temporary folder that was made for this job"
    # In a container, the folder is mounted as /runner, and the mount tells from where: on a disk for temporary folders,
    # from its top.
    mount = situation.mount
    if folder and mount and mount.point == folder and _is_temporary(mount.root, (*FOR_TEMPORARY, "/")):
        yield f"it is in {folder}, which is {mount.root} outside the container, a temporary folder made for this job"
    copy = ISOLATED.search(situation.store)
    if copy:
        yield f"it is in {situation.store[: copy.end() - 1]}, a copy that ansible-runner deletes when the job ends"


def _private(artifacts: str) -> str:
    """Return the private data folder, if its artifacts are where they are by default."""
    folder, name = os.path.split(os.path.dirname(artifacts))
    return folder if name == "artifacts" else ""


def _is_temporary(folder: str, parents: Sequence[str]) -> bool:
    parent, name = os.path.split(folder)
    return parent in parents and TEMPORARY.fullmatch(name) is not None


def _is_worker(command: Sequence[str]) -> bool:
    """Return whether a command line is that of C(ansible-runner worker)."""
    names = [os.path.basename(word) for word in command[:4]]
    words = [at for at, name in enumerate(names) if name in ("ansible-runner", "ansible_runner")]
    after = command[words[0] + 1 :] if words else ()
    return next((word for word in after if word in COMMANDS), "") == "worker"


def _of_github(situation: Situation) -> Iterator[str]:
    """Yield what GitHub Actions throws away, by "Variables reference" in its documentation.

    A machine of GitHub's is made for one job. On one's own, actions/checkout cleans the working folder
    (git clean -ffdx, git reset --hard), and the runner empties RUNNER_TEMP.
    """
    given = situation.environment
    if given.get("GITHUB_ACTIONS") != "true":
        return
    folder = situation.around(given.get("GITHUB_WORKSPACE", ""), given.get("RUNNER_TEMP", ""))
    if folder:
        yield f"it is in {folder}, which GitHub Actions cleans or deletes after the job"
    if given.get("RUNNER_ENVIRONMENT") == "github-hosted":
        yield "it is on a machine of GitHub's, which is deleted after the job"


def _of_gitlab(situation: Situation) -> Iterator[str]:
    """Yield what GitLab CI throws away, by "Predefined CI/CD variables" and "GIT_CLEAN_FLAGS" in its documentation.

    A runner that keeps the folder, such as one with the executor "shell", resets and cleans it before the next job.
    """
    folder = situation.around(situation.environment.get("CI_PROJECT_DIR", ""))
    if situation.environment.get("GITLAB_CI") == "true" and folder:
        yield f"it is in {folder}, which GitLab CI deletes after the job or cleans before the next one"


def _of_mount(situation: Situation) -> Iterator[str]:
    """Yield what is wrong with where the store is mounted: proc_pid_mountinfo(5)."""
    mount = situation.mount
    if mount is None:
        return
    # systemd.exec(5), PrivateTmp=: removed when the service is stopped.
    if "/systemd-private-" in mount.root:
        yield f"it is in {mount.point}, which systemd deletes when the service ends (PrivateTmp=)"
    # Where Kubernetes keeps a volume of the type emptyDir, which is deleted with the pod.
    if "/kubernetes.io~empty-dir/" in mount.root:
        yield f"it is in {mount.point}, a volume of the type emptyDir, which is deleted with the pod"
    if mount.point == "/" and mount.root == SANDBOX and mount.kind in IN_MEMORY:
        yield "it is in a sandbox of bubblewrap, which is kept in memory; add its folder to those that are shown in it"
    if not _is_contained(situation) or _is_trial(situation):
        return
    # A volume or a mounted folder has a mount of its own, and of a folder in memory outside only a part is mounted.
    if mount.point == "/" and mount.kind in LAYERS:
        yield "it is in the container's own file system, which is deleted with the container; mount a volume there"
    if mount.root == "/" and mount.kind in IN_MEMORY:
        yield f"it is in {mount.point}, which a container keeps in memory ({mount.kind})"


def _is_contained(situation: Situation) -> bool:
    given = situation.environment
    return bool(situation.files) or given.get("container") in CONTAINERS or "KUBERNETES_SERVICE_HOST" in given


def _is_trial(situation: Situation) -> bool:
    """Return whether somebody put the store into C(/tmp) by hand: that lasts no longer on any other machine."""
    given = situation.environment
    of_job = any(name in given for name in ("CI", "AWX_ISOLATED_DATA_DIR", "KUBERNETES_SERVICE_HOST"))
    return not of_job and bool(situation.around(*FOR_TEMPORARY))


def _within(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")
