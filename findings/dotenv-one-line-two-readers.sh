#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# python-dotenv 1.2.4 (PyPI) and dotenv 18.0.10 (npm). No root.
#
# Guess: both read the same password from the same line.
# Seen: they differ for # without a blank before it, for ${…}, for backslashes in quotes, and for backticks. The only form
# that both read alike, whatever is in it except quotes and backslashes, is single quotes.

. "$(dirname "$0")/lib.sh"
environment python 'python-dotenv==1.2.4'
modules dotenv@18.0.10

# read_by LINE: what each of the two takes from one line.
read_by() {
    printf '%s\n' "$1" >"$WORK/env"
    (cd "$WORK" && python/bin/python -c 'import dotenv; print("python [%s]" % dotenv.dotenv_values("env").get("P"), end=" ")')
    (cd "$WORK" && node -e 'console.log("node [%s]", require("dotenv").parse(require("fs").readFileSync("env")).P)')
}

expect 'P=ab#cd' 'python [ab#cd] node [ab]' "$(read_by 'P=ab#cd')"
expect 'P=#abcd' 'python [#abcd] node []' "$(read_by 'P=#abcd')"
expect 'P="ab\"cd"' 'python [ab"cd] node [ab\"cd]' "$(read_by 'P="ab\"cd"')"
expect 'P=`ab`' 'python [`ab`] node [ab]' "$(read_by 'P=`ab`')"
export FINDING=expanded
expect 'P=ab${FINDING}' 'python [abexpanded] node [ab${FINDING}]' "$(read_by 'P=ab${FINDING}')"
expect "P='ab#cd'" 'python [ab#cd] node [ab#cd]' "$(read_by "P='ab#cd'")"
expect "P='ab\$cd'" 'python [ab$cd] node [ab$cd]' "$(read_by "P='ab\$cd'")"
expect "P='ab\${FINDING}'" 'python [abexpanded] node [ab${FINDING}]' "$(read_by "P='ab\${FINDING}'")"
exit "$FAILED"
