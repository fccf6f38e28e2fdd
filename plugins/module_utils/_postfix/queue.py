# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes Postfix deliver at once what waited for a release.

Two kinds of mail wait. Deferred mail is in the deferred queue until its next attempt. Mail that was under way when the
queue manager was restarted, which every reload does, is locked for a moment: the new queue manager puts it off for a
minute, back into the incoming queue, and looks there only when other mail arrives, or after five minutes.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Iterable, Iterator

from ansible_collections.mailops.smtp.plugins.module_utils._postfix.instance import Postfix
from ansible_collections.mailops.smtp.plugins.module_utils._postfix.wait import Clock

# Mail that waits because of the hold, or because the old password was refused.
_WAITS = re.compile(r"deferred transport|mail transport unavailable|authenticat", re.IGNORECASE)
# How far into the future the queue manager puts off what is locked.
_PUT_OFF_SECONDS = 60
# When to look for it: mail of ours is locked for milliseconds, so soon, and then less and less often. After that many
# looks that found nothing, the new queue manager has seen everything. A long delivery to elsewhere stays locked; after
# that many seconds it is left alone, and Postfix tries it again within five minutes.
_SOON, _SELDOM = 0.1, 2.0
_CALM_LOOKS = 3
_LONGEST = 30.0


def flush_queue(postfix: Postfix, clock: Clock) -> None:
    """Make the mail that waits because of a hold due now, and tell the queue manager to look.

    Not with C(postqueue -f), which would override what the user defers himself.
    """
    waiting = set(waiting_messages(postfix.call("postqueue", "-j").output))
    _touch(path for path in _files(postfix, "deferred") if os.path.basename(path) in waiting)
    _kick(postfix)
    deadline = clock.monotonic() + _LONGEST
    pause, calm = _SOON, 0
    while calm < _CALM_LOOKS and clock.monotonic() < deadline:
        clock.sleep(pause)
        put_off = _put_off(postfix)
        if put_off:
            _touch(put_off)
            _kick(postfix)
            pause, calm = min(pause * 2, _SELDOM), 0
        else:
            pause, calm = _SOON, calm + 1


def waiting_messages(listing: str) -> list[str]:
    """Return the queue IDs of the messages that wait because of a hold or a refused login.

    :param listing: what C(postqueue -j) printed
    """
    messages = [json.loads(line) for line in listing.splitlines() if line.startswith("{")]
    return [
        str(one["queue_id"])
        for one in messages
        if one["queue_name"] == "deferred"
        and any(_WAITS.search(each.get("delay_reason", "")) for each in one["recipients"])
    ]


def _kick(postfix: Postfix) -> None:
    postfix.call("postkick", "public", "qmgr", "ID")


def _files(postfix: Postfix, queue: str) -> Iterator[str]:
    for folder, _folders, names in os.walk(os.path.join(postfix.queue, queue)):
        yield from (os.path.join(folder, name) for name in names)


def _put_off(postfix: Postfix) -> list[str]:
    # By the time of day, as the queue manager does it.
    now = time.time()
    found = []
    for path in _files(postfix, "incoming"):
        with contextlib.suppress(FileNotFoundError):
            if 1 < os.stat(path).st_mtime - now <= _PUT_OFF_SECONDS:
                found.append(path)
    return found


def _touch(paths: Iterable[str]) -> None:
    for path in paths:
        with contextlib.suppress(FileNotFoundError):
            os.utime(path)
