#!/usr/bin/env bash
# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Modoboa 2.12.0 with the settings that it deploys (PyPI), SQLite and a cache in memory in place of Redis. No root.
#
# Guess, from its settings (200 reads a minute, five changes a second) and from its API's description: reads and changes of
# an account are counted apart, a 429 says in Retry-After how long to wait, and a password that is taken is taken as it is.
# Seen: both are counted in one list. A change right after six reads of an account is refused, without a Retry-After; a
# change also wipes out the reads, so that 200 more are allowed. Reads of the list of accounts do not count. A password with
# blanks at its ends is answered with 200 and set without them.

. "$(dirname "$0")/lib.sh"
environment python --no-deps -r "$HERE/../tests/support/modoboa/requirements.txt"

cd "$WORK"
# What it does after writing its files fails, as there is no Redis.
python/bin/modoboa-admin.py deploy instance --domain localhost --dburl "default:sqlite:///$WORK/modoboa.db" \
    --redisurl redis://127.0.0.1:1/0 >/dev/null 2>&1 || true
cat >instance/here.py <<'PYTHON'
from instance.settings import *

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
ALLOWED_HOSTS = ["testserver"]
PYTHON
cat >instance/ask.py <<'PYTHON'
import time

import django

django.setup()
from django.core.cache import cache
from django.core.management import call_command
from modoboa.core.models import User
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

call_command("migrate", verbosity=0)
call_command("load_initial_data", verbosity=0)
user = User.objects.get(username="admin")
client = APIClient()
client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=user)}")
ACCOUNT = f"/api/v2/accounts/{user.pk}/"


def read(path=ACCOUNT):
    return client.get(path).status_code


def change(**values):
    answer = client.patch(ACCOUNT, values or {"first_name": "A"}, format="json")
    return f"{answer.status_code} {answer.headers.get('Retry-After', '-')}"


def last(times, what):
    for _one in range(times - 1):
        what()
    return what()


print("sixth change in a row:", last(6, change))
cache.clear()
print("six reads, change:", last(6, read), change())
time.sleep(1.1)
print("after a second:", change())
cache.clear()
print("six reads of the list, change:", last(6, lambda: read("/api/v2/accounts/")), change())
cache.clear()
print("reads 200, 201:", last(200, read), read())
time.sleep(1.1)
print("change, read:", change(), read())
cache.clear()
print("password with blanks:", change(password=" Blanks-Around-1 "))
user.refresh_from_db()
print("with, without:", user.check_password(" Blanks-Around-1 "), user.check_password("Blanks-Around-1"))
PYTHON
(cd instance && DJANGO_SETTINGS_MODULE=here ../python/bin/python ask.py) >seen 2>errors || { tail -5 errors >&2; exit 1; }

# answer WHAT: what was printed behind it.
answer() { sed -n "s/^$1: //p" seen; }

expect 'the sixth change in a row, and its Retry-After' '429 1' "$(answer 'sixth change in a row')"
expect 'six reads of an account, then a change' '200 429 -' "$(answer 'six reads, change')"
expect 'a change a second later' '200 -' "$(answer 'after a second')"
expect 'six reads of the list, then a change' '200 200 -' "$(answer 'six reads of the list, change')"
expect 'the 200th and the 201st read in a minute' '200 429' "$(answer 'reads 200, 201')"
expect 'then a change, and another read' '200 - 200' "$(answer 'change, read')"
expect 'a password with blanks around it' '200 -' "$(answer 'password with blanks')"
expect 'is it right with them, without them' 'False True' "$(answer 'with, without')"
exit "$FAILED"
