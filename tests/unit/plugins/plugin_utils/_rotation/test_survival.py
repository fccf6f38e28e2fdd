# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Folders of other machines, in which nothing is written.
# ruff: noqa: S108

"""A table of the situations in which a store is lost with the run, and of those in which it is not."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.smtp.plugins.module_utils._errors import InputError
from ansible_collections.mailops.smtp.plugins.plugin_utils._rotation.survival import (
    Mount,
    Situation,
    check_survives,
    doomed,
)

WORKER = [["python3", "/usr/bin/ansible-playbook", "rotate.yml"], ["python3", "/usr/bin/ansible-runner", "worker"]]
DISK = [Mount("/", "/", "ext4"), Mount("/proc", "/", "proc"), Mount("/home", "/", "ext4")]
DOCKER = [Mount("/", "/", "overlay"), Mount("/proc", "/", "proc"), Mount("/dev/shm", "/", "tmpfs")]
GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_WORKSPACE": "/srv/runner/_work/mail/mail",
    "RUNNER_TEMP": "/srv/runner/_work/_temp",
    "RUNNER_ENVIRONMENT": "self-hosted",
}
GITLAB = {"CI": "true", "GITLAB_CI": "true", "CI_PROJECT_DIR": "/home/gitlab-runner/builds/t1_x/0/acme/mail"}
AWX = {"AWX_ISOLATED_DATA_DIR": "/runner/artifacts/61", "AWX_PRIVATE_DATA_DIR": "/tmp/awx_61_ifxztvul"}


def runner(folder: str) -> dict[str, str]:
    """Return what ansible-runner sets for a job in a private data folder."""
    return {"AWX_ISOLATED_DATA_DIR": f"{folder}/artifacts/b612232edaf744eb"}


LOST: list[tuple[str, dict[str, Any], str]] = [
    # ansible-runner transmit | worker | process
    ("/tmp/tmpllrv7y5r/project/smtp.yml", {"environment": runner("/tmp/tmpllrv7y5r"), "callers": WORKER}, "worker"),
    ("/srv/job/project/smtp.yml", {"environment": runner("/srv/job"), "callers": WORKER}, "does not send back"),
    ("/srv/job/smtp.yml", {"environment": runner("/srv/job"), "callers": [["ansible-runner", "worker"]]}, "/srv/job"),
    (
        "/srv/job/smtp.yml",
        {"environment": runner("/srv/job"), "callers": [["python3", "-m", "ansible_runner", "--debug", "worker"]]},
        "does not send back",
    ),
    # With its artifacts somewhere else, the private data folder is not known; the project is in it.
    (
        "/srv/job/project/smtp.yml",
        {
            "environment": {"AWX_ISOLATED_DATA_DIR": "/var/log/jobs/1"},
            "playbook": "/srv/job/project",
            "callers": WORKER,
        },
        "/srv/job/project,",
    ),
    # A program that runs a job in a folder of the moment.
    ("/tmp/tmpllrv7y5r/project/smtp.yml", {"environment": runner("/tmp/tmpllrv7y5r")}, "temporary folder"),
    (
        "/scratch/tmpllrv7y5r/smtp.yml",
        {"environment": {**runner("/scratch/tmpllrv7y5r"), "TMPDIR": "/scratch"}},
        "temporary folder",
    ),
    # The same in a container, where the disk of /tmp is the machine's and where it is one of its own.
    (
        "/runner/project/smtp.yml",
        {"environment": runner("/runner"), "mounts": [*DOCKER, Mount("/runner", "/tmp/tmpllrv7y5r", "ext4")]},
        "/tmp/tmpllrv7y5r outside the container",
    ),
    (
        "/runner/project/smtp.yml",
        {"environment": runner("/runner"), "mounts": [*DOCKER, Mount("/runner", "/tmpllrv7y5r", "xfs")]},
        "/tmpllrv7y5r outside the container",
    ),
    # ansible-runner run --directory-isolation-base-path
    ("/var/tmp/runner_di_a1b2c3d4/smtp.yml", {"environment": runner("/srv/mail")}, "runner_di_a1b2c3d4, a copy"),
    (
        "/var/lib/smtp.yml",
        {"mounts": [Mount("/", "/newroot", "tmpfs"), Mount("/srv/mail", "/srv/mail", "ext4")]},
        "sandbox",
    ),
    # AWX: on a node of its own, in an execution environment, as a pod.
    (
        "/tmp/awx_2_d8spw8vp/project/smtp.yml",
        {
            "environment": {
                "AWX_ISOLATED_DATA_DIR": "/tmp/awx_2_d8spw8vp/artifacts/2",
                "AWX_PRIVATE_DATA_DIR": "/tmp/awx_2_d8spw8vp",
            }
        },
        "AWX deletes",
    ),
    ("/runner/project/group_vars/all/smtp.yml", {"environment": AWX}, "/runner, which AWX deletes"),
    ("/runner/project/smtp.yml", {"environment": runner("/runner"), "variables": ["awx_job_id"]}, "AWX deletes"),
    ("/x/project/smtp.yml", {"playbook": "/x/project", "variables": ["tower_job_id"]}, "/x/project, which AWX"),
    (
        "/var/lib/smtp/smtp.yml",
        {"environment": {**AWX, "KUBERNETES_SERVICE_HOST": "10.96.0.1"}, "mounts": DOCKER},
        "container's own file system",
    ),
    (
        "/tmp/smtp.yml",
        {"environment": AWX, "files": ["/run/.containerenv"], "mounts": DOCKER},
        "container's own file system",
    ),
    # GitHub Actions
    ("/srv/runner/_work/mail/mail/group_vars/all/smtp.yml", {"environment": GITHUB}, "mail/mail, which GitHub"),
    ("/srv/runner/_work/_temp/smtp.yml", {"environment": GITHUB}, "_temp, which GitHub"),
    ("/var/lib/smtp.yml", {"environment": {**GITHUB, "RUNNER_ENVIRONMENT": "github-hosted"}}, "machine of GitHub's"),
    # GitLab CI
    ("/home/gitlab-runner/builds/t1_x/0/acme/mail/smtp.yml", {"environment": GITLAB}, "GitLab CI deletes"),
    ("/tmp/smtp.yml", {"environment": GITLAB, "files": ["/.dockerenv"], "mounts": DOCKER}, "container's own"),
    # systemd, PrivateTmp=
    (
        "/tmp/smtp.yml",
        {"mounts": [*DISK, Mount("/tmp", "/tmp/systemd-private-0f1e-smtp-rotation.service-a1b2c3/tmp", "ext4")]},
        "PrivateTmp=",
    ),
    (
        "/var/tmp/smtp.yml",
        {"mounts": [*DISK, Mount("/var/tmp", "/systemd-private-0f1e-smtp-rotation.service-a1b2c3/tmp", "xfs")]},
        "PrivateTmp=",
    ),
    # Containers
    ("/srv/smtp.yml", {"files": ["/.dockerenv"], "mounts": DOCKER}, "mount a volume"),
    ("/srv/smtp.yml", {"environment": {"container": "podman"}, "mounts": DOCKER}, "mount a volume"),
    (
        "/srv/smtp.yml",
        {"files": ["/run/.containerenv"], "mounts": [Mount("/", "/", "fuse.fuse-overlayfs")]},
        "mount a volume",
    ),
    ("/data/smtp.yml", {"files": ["/.dockerenv"], "mounts": [*DOCKER, Mount("/data", "/", "tmpfs")]}, "in memory"),
    (
        "/data/smtp.yml",
        {
            "mounts": [
                *DOCKER,
                Mount("/data", "/var/lib/kubelet/pods/44dcd502/volumes/kubernetes.io~empty-dir/data", "ext4"),
            ]
        },
        "emptyDir",
    ),
]

KEPT: list[tuple[str, dict[str, Any]]] = [
    # A laptop, cron, a service of systemd with PrivateTmp, a machine whose /tmp is in memory
    ("/home/me/mail/smtp.yml", {"mounts": DISK}),
    ("/tmp/trial/smtp.yml", {"mounts": DISK}),
    ("/tmp/trial/smtp.yml", {"mounts": [*DISK, Mount("/tmp", "/", "tmpfs")]}),
    ("/srv/mail/smtp.yml", {"mounts": [*DISK, Mount("/tmp", "/tmp/systemd-private-0f1e-x.service-a1/tmp", "ext4")]}),
    ("/home/me/smtp.yml", {}),
    # A system that runs from memory or from layers, and is no container
    ("/home/me/smtp.yml", {"mounts": [Mount("/", "/", "overlay")]}),
    ("/home/me/smtp.yml", {"mounts": [Mount("/", "/", "overlay")], "environment": {"container": "lxc"}}),
    # A machine that was made of a container's image
    ("/srv/smtp.yml", {"mounts": DISK, "files": ["/.dockerenv"]}),
    # ansible-runner run
    ("/srv/mail/project/smtp.yml", {"environment": runner("/srv/mail")}),
    ("/tmp/demo/project/smtp.yml", {"environment": runner("/tmp/demo")}),
    (
        "/srv/mail/project/smtp.yml",
        {"environment": runner("/srv/mail"), "callers": [["ansible-runner", "run", "worker", "-p", "rotate.yml"]]},
    ),
    # A folder with such a name that is not a temporary one
    ("/srv/tmprotation/project/smtp.yml", {"environment": runner("/srv/tmprotation")}),
    # ansible-runner run --process-isolation, with a folder that stays
    (
        "/runner/project/smtp.yml",
        {
            "environment": runner("/runner"),
            "files": ["/run/.containerenv"],
            "mounts": [*DOCKER, Mount("/runner", "/srv/mail", "ext4")],
        },
    ),
    # ansible-runner worker with a store elsewhere on the node
    ("/var/lib/smtp/smtp.yml", {"environment": runner("/tmp/tmpllrv7y5r"), "callers": WORKER}),
    # ansible-navigator without and with an execution environment: the project is not in its folder
    ("/home/me/mail/smtp.yml", {"environment": runner("/tmp/ansible-navigator_vqg1wjlx"), "mounts": DISK}),
    (
        "/home/me/mail/smtp.yml",
        {
            "environment": {**runner("/runner"), "container": "podman"},
            "files": ["/run/.containerenv"],
            "mounts": [*DOCKER, Mount("/home/me/mail", "/home/me/mail", "ext4"), Mount("/runner", "/tmp/n_x", "ext4")],
        },
    ),
    # AWX with a path that is mounted into the execution environment
    (
        "/var/lib/smtp/smtp.yml",
        {
            "environment": {**AWX, "container": "podman"},
            "variables": ["awx_job_id", "tower_job_id"],
            "playbook": "/runner/project",
            "mounts": [
                *DOCKER,
                Mount("/runner", "/tmp/awx_61_ifxztvul", "xfs"),
                Mount("/var/lib/smtp", "/smtp", "xfs"),
            ],
        },
    ),
    # A self-hosted runner of GitHub or GitLab with a store outside its folder
    ("/var/lib/smtp/smtp.yml", {"environment": GITHUB, "mounts": DISK}),
    ("/srv/runner/_work/mail/mail-store/smtp.yml", {"environment": GITHUB, "mounts": DISK}),
    ("/var/lib/smtp/smtp.yml", {"environment": GITLAB, "mounts": DISK}),
    # A volume that is mounted into the folder of a job
    (
        "/srv/runner/_work/mail/mail/kept/smtp.yml",
        {"environment": GITHUB, "mounts": [*DISK, Mount("/srv/runner/_work/mail/mail/kept", "/kept", "xfs")]},
    ),
    ("/runner/project/kept/smtp.yml", {"environment": AWX, "mounts": [Mount("/runner/project/kept", "/", "nfs4")]}),
    # The variables of a service without the service
    ("/srv/mail/smtp.yml", {"environment": {"GITHUB_WORKSPACE": "/srv/mail"}}),
    ("/srv/mail/smtp.yml", {"environment": {"CI_PROJECT_DIR": "/srv/mail"}}),
    # A developer's container: the project is a volume or is mounted, from a disk or from a folder in memory
    ("/app/smtp.yml", {"files": ["/.dockerenv"], "mounts": [*DOCKER, Mount("/app", "/home/me/mail", "ext4")]}),
    ("/app/smtp.yml", {"files": ["/.dockerenv"], "mounts": [*DOCKER, Mount("/app", "/", "9p")]}),
    ("/app/smtp.yml", {"files": ["/.dockerenv"], "mounts": [*DOCKER, Mount("/app", "/mail", "tmpfs")]}),
    ("/app/smtp.yml", {"files": ["/.dockerenv"], "mounts": [*DOCKER, Mount("/app", "/volumes/x", "overlay")]}),
    ("/tmp/trial/smtp.yml", {"files": ["/.dockerenv"], "mounts": DOCKER}),
    # Of two mounts on one folder, the later one counts.
    (
        "/data/smtp.yml",
        {"files": ["/.dockerenv"], "mounts": [*DOCKER, Mount("/data", "/", "tmpfs"), Mount("/data", "/x", "ext4")]},
    ),
]


@pytest.mark.parametrize(("store", "around", "word"), LOST, ids=range(len(LOST)))
def test_store_that_is_lost(store: str, around: dict[str, Any], word: str) -> None:
    """Catches: a change whose password exists only in a folder that is deleted; a reason that names another place."""
    assert word in doomed(Situation(store, **around))


@pytest.mark.parametrize(("store", "around"), KEPT, ids=range(len(KEPT)))
def test_store_that_is_kept(store: str, around: dict[str, Any]) -> None:
    """Catches: a false alarm, which stops a rotation that was fine."""
    assert doomed(Situation(store, **around)) == ""


def test_what_the_task_says_counts() -> None:
    """Catches: a user who cannot overrule what was guessed; a store that is said to be lost and is used."""
    lost, kept = Situation(LOST[0][0], **LOST[0][1]), Situation("/srv/smtp.yml")
    check_survives(True, lost)
    check_survives(None, kept)
    with pytest.raises(
        InputError, match=r"^/tmp/tmpllrv7y5r/project/smtp\.yml would not outlive this run, and the new"
    ):
        check_survives(None, lost)
    with pytest.raises(InputError, match="lost with it: store_survives is false"):
        check_survives(False, kept)


def test_message_names_the_ways_on() -> None:
    """Catches: a user who knows what is wrong and not what to do."""
    with pytest.raises(InputError) as caught:
        check_survives(None, Situation(LOST[0][0], **LOST[0][1]))
    for word in ("Nothing was changed", "smtp_rotation_persist_tasks", "vault_file", "store_survives=true"):
        assert word in str(caught.value)
