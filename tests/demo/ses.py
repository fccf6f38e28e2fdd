# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows two rotations at Amazon SES, against moto and an SMTP server. Run it with C(make demo PROVIDER=ses)."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support.demonstration import DemoError, Rotation, heading, run, show_login, show_store  # noqa: E402
from support.iam import REGION, Iam, smtp_password  # noqa: E402

USER = "ses-smtp"
WINDOW = 10


def settings(aws: Iam, folder: Path) -> dict[str, Any]:
    """Return the role's variables for Amazon on this machine, and for a program that reads its login from a file."""
    (folder / "login.j2").write_text(TEMPLATE)
    return {
        "smtp_rotation_consumer": "template",
        "smtp_rotation_template_src": str(folder / "login.j2"),
        "smtp_rotation_template_dest": str(folder / "login"),
        "smtp_rotation_provider": "ses",
        "smtp_rotation_provider_settings": {"region": REGION},
        "smtp_rotation_accounts": [USER],
        "smtp_rotation_api_url": aws.api_url,
        "smtp_rotation_ca_path": aws.ca_path,
        "smtp_rotation_smtp_host": aws.smtp_host,
        "smtp_rotation_smtp_port": aws.smtp_port,
        "smtp_rotation_propagation_seconds": WINDOW,
    }


def show_keys(aws: Iam, folder: Path, count: int) -> None:
    """Print the user's access keys, and which one the program uses, and check how many there are."""
    for key in aws.keys(USER):
        print(f"  {key.access_key_id} of {key.create_date:%H:%M:%S}, {key.status}", flush=True)
    used = (folder / "login").read_text().split()[1]
    print(f"  the program logs in as {used}", flush=True)
    if used != aws.ids(USER)[-1] or len(aws.ids(USER)) != count:
        raise DemoError(f"there should be {count} access keys, and the program should use the newest")


def show_record(aws: Iam, since: int, calls: list[str]) -> None:
    """Print what Amazon saw since an event, and check it."""
    seen = aws.record.events()[since:]
    asked = [event["operation"] for event in seen if event["kind"] == "api"]
    logins = [event for event in seen if event["kind"] == "login"]
    print(f"  calls of IAM: {', '.join(asked) or 'none'}", flush=True)
    print(f"  logins: {len(logins)}, all accepted: {all(event['accepted'] for event in logins)}", flush=True)
    if asked != calls or not all(event["accepted"] for event in logins):
        raise DemoError("Amazon's record is not what it should be")


def show(folder: Path) -> None:
    """Go through the demonstration, step by step."""
    keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20)}
    heading(1, "Amazon on this machine", AMAZON)
    with Iam(folder, [USER], propagation=WINDOW) as aws:
        print(f"  IAM: {aws.api_url}   SMTP: {aws.smtp_host}:{aws.smtp_port} with STARTTLS", flush=True)
        place = {"smtp_host": aws.smtp_host, "smtp_port": aws.smtp_port, "ca_path": aws.ca_path}
        rotation = Rotation(folder, keys, settings(aws, folder), PLAYBOOK)
        heading(2, "The first access key", FIRST)
        rotation.show_settings()
        rotation.play()
        show_keys(aws, folder, 1)
        show_record(aws, 0, ["CreateAccessKey"])
        (old,) = aws.keys(USER)
        heading(3, "The second run", "Nothing is due, so it changes nothing and makes no call.")
        before = len(aws.record.events())
        rotation.play()
        show_record(aws, before, [])
        heading(4, "A rotation", ROTATION)
        rotation.play("-e", "smtp_rotation_rotate=always")
        show_keys(aws, folder, 2)
        show_record(aws, before, ["CreateAccessKey"])
        heading(5, "The store", STORE)
        show_store(rotation.store)
        new = aws.keys(USER)[-1]
        heading(6, "The old access key goes", OLD)
        show_login(place, old.access_key_id, smtp_password(old.secret_access_key), "old access key", 235)
        before = len(aws.record.events())
        rotation.play("-e", "smtp_rotation_keep_old=0")
        show_keys(aws, folder, 1)
        show_record(aws, before, ["DeleteAccessKey"])
        heading(7, "The proof from outside", PROOF)
        show_login(place, old.access_key_id, smtp_password(old.secret_access_key), "old access key", 535)
        show_login(place, new.access_key_id, rotation.password(USER), "new access key", 235)
    print("\n\033[1mThe demonstration is complete.\033[0m Everything it created has been removed.", flush=True)


PLAYBOOK = "playbooks/rotate.yml"
TEMPLATE = (
    f"user {{{{ smtp_accounts['{USER}'].username | default('{USER}') }}}}\n"
    f"password {{{{ smtp_accounts['{USER}'].password }}}}\n"
)
AMAZON = (
    "moto imitates IAM, and a real SMTP server accepts the access keys that it has, each with the password that AWS's "
    f"algorithm makes of its secret key. A new access key works after {WINDOW} seconds."
)
FIRST = (
    f"The playbook {PLAYBOOK} with these variables. It makes an access key for the IAM user {USER}, waits until it "
    "works, logs in once, sends one message, and gives the login to a program that reads it from a file."
)
ROTATION = (
    "Another access key is made beside the old one, tested, and given to the program. Until then, the old one works."
)
STORE = "The SMTP user name is the ID of the access key. The password, derived from the secret key, is encrypted."
OLD = "It has worked until now. After 24 hours, or whatever smtp_rotation_keep_old says, the next run deletes it."
PROOF = "Two logins by hand: with the old access key, and with what Ansible itself decrypts from the store."


if __name__ == "__main__":
    sys.exit(run(show))
