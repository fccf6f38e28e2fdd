#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ansible-runner 2.4.3 (PyPI) with ansible-core 2.19.0. No root.
#
# Guess: --directory-isolation-base-path names a folder in which a copy of the project is made for the job; the copy is
# removed afterwards, and the folder stays.
# Seen: without --process-isolation, no copy is made, the playbook is looked for in the folder itself and not found, and the
# folder is deleted with everything that was in it.

. "$(dirname "$0")/lib.sh"
environment runner ansible-runner==2.4.3 ansible-core==2.19.0
export PATH=$WORK/runner/bin:$PATH ANSIBLE_HOME=$WORK/home
mkdir -p "$WORK/job/project" "$WORK/base"
echo '[{"hosts": "localhost", "gather_facts": false, "tasks": []}]' >"$WORK/job/project/play.yml"
echo kept >"$WORK/base/file"

# left OPTION…: how the job ends, and whether the file in the folder is still there.
left() {
    local code=0
    ansible-runner run "$WORK/job" -p play.yml "$@" >"$WORK/out" 2>&1 || code=$?
    echo "exit code $code, the file is $([ -e "$WORK/base/file" ] && echo there || echo gone)"
}

expect 'without the option' 'exit code 0, the file is there' "$(left)"
expect 'with the option' 'exit code 1, the file is gone' "$(left --directory-isolation-base-path "$WORK/base")"
exit "$FAILED"
