#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ansible-core 2.18.8 and 2.19.0 (PyPI). No root.
#
# Guess: a template or copy decrypts vaulted values whatever the filter: to_nice_yaml and to_nice_json both write the
# password.
# Seen: to_nice_json writes the password, to_nice_yaml the tag !vault and the ciphertext. A program whose YAML configuration is
# made so gets no password, or cannot read the file at all.

. "$(dirname "$0")/lib.sh"
cat >"$WORK/play.yml" <<'YAML'
- hosts: localhost
  gather_facts: false
  vars_files: [vault.yml]
  tasks:
    - ansible.builtin.copy:
        content: "{{ settings | to_nice_yaml }}"
        dest: "{{ playbook_dir }}/yaml"
        mode: "0600"
    - ansible.builtin.copy:
        content: "{{ settings | to_nice_json }}"
        dest: "{{ playbook_dir }}/json"
        mode: "0600"
YAML
echo secret >"$WORK/vault-password"

# written VERSION: what the two filters make of a dictionary with a vaulted value.
written() {
    local bin=$WORK/core$1/bin
    environment "core$1" "ansible-core==$1"
    cd "$WORK"
    export ANSIBLE_HOME=$WORK/home ANSIBLE_VAULT_PASSWORD_FILE=$WORK/vault-password ANSIBLE_LOCALHOST_WARNING=false
    { echo 'settings:'; "$bin/ansible-vault" encrypt_string --name password clear | sed 's/^/  /'; } >"$WORK/vault.yml" 2>/dev/null
    "$bin/ansible-playbook" -c local -i localhost, -e "ansible_python_interpreter=$bin/python" play.yml >"$WORK/out" 2>&1 || cat "$WORK/out"
    for file in yaml json; do
        if grep -q 'ANSIBLE_VAULT' "$file"; then echo -n "$file: ciphertext; "; else echo -n "$file: clear text; "; fi
    done
}

expect 'ansible-core 2.18.8' 'yaml: ciphertext; json: clear text; ' "$(written 2.18.8)"
expect 'ansible-core 2.19.0' 'yaml: ciphertext; json: clear text; ' "$(written 2.19.0)"
exit "$FAILED"
