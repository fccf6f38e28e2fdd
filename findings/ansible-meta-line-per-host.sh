#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ansible-core 2.18.8 and 2.19.0 (PyPI). No root.
#
# Guess: with the strategy linear, a task has one title for all hosts, whatever it does; a meta task has none.
# Seen: flush_handlers and noop print their title once for each host, also where `when` is false. A role that flushes its
# handlers prints fifty empty titles in a play of fifty hosts. A file of its own, included where there is something to flush,
# prints one title, and one more for each host that includes it.

. "$(dirname "$0")/lib.sh"
cat >"$WORK/play.yml" <<'YAML'
- hosts: all
  gather_facts: false
  tasks:
    - name: Say something
      ansible.builtin.debug: {msg: hello}
    - name: Flush
      ansible.builtin.meta: flush_handlers
    - name: Flush nothing
      ansible.builtin.meta: flush_handlers
      when: false
    - name: Do nothing
      ansible.builtin.meta: noop
    - name: Include
      ansible.builtin.include_tasks: flush.yml
      when: inventory_hostname == 'a'
YAML
printf -- '- name: Flush here\n  ansible.builtin.meta: flush_handlers\n' >"$WORK/flush.yml"

# titles VERSION: how often each title is printed for five hosts.
titles() {
    local bin=$WORK/core$1/bin
    environment "core$1" "ansible-core==$1"
    cd "$WORK"
    ANSIBLE_HOME=$WORK/home "$bin/ansible-playbook" -c local -i a,b,c,d,e play.yml >"$WORK/out" 2>&1 || cat "$WORK/out"
    for title in 'Say something' 'Flush' 'Flush nothing' 'Do nothing' 'Include' 'Flush here'; do
        echo -n "$title $(grep -c "^TASK \[$title\]" "$WORK/out" || true); "
    done
}

SEEN='Say something 1; Flush 5; Flush nothing 5; Do nothing 5; Include 1; Flush here 1; '
expect 'ansible-core 2.18.8' "$SEEN" "$(titles 2.18.8)"
expect 'ansible-core 2.19.0' "$SEEN" "$(titles 2.19.0)"
exit "$FAILED"
