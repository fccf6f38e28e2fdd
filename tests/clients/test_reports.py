# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The reports as those read them who they are for: promtool, the node exporter and Chromium, of Debian."""

from __future__ import annotations

import contextlib
import random
import re
import shutil
import socket
import struct
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.crash.processes import kill_tree
from support.rooted import TREE, Root, why_not
from support.waiting import PATIENCE, until

from ansible_collections.mailops.smtp.plugins.plugin_utils._option_checks import checked_accounts
from ansible_collections.mailops.smtp.plugins.plugin_utils._reports.rendering import rendered
from ansible_collections.mailops.smtp.plugins.plugin_utils._store.record import Record
from ansible_collections.mailops.smtp.tests.unit.plugins.report_scene import (
    ACCOUNTS,
    DAY,
    SENDERS,
    changed,
    fleet,
    reported,
)

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())
MONITORING = Root("monitoring", ("prometheus-node-exporter", "prometheus"))
BROWSER = Root("browser", ("chromium", "fonts-dejavu-core"))
# Characters that mean something in a label, and some of other scripts.
ODD = "\"\\ {}=,#'<>&%$`éß名字🔑\u200f\ufeff\u00a0/:;+@.-_0aN"
NAMES = 400
LABEL = re.compile(r'([a-z]+)="((?:[^"\\]|\\.)*)"')


@pytest.fixture(scope="module")
def monitoring() -> Root:
    """A Debian with Prometheus and its node exporter."""
    return MONITORING.make()


@pytest.fixture(scope="module")
def browser() -> Root:
    """A Debian with Chromium."""
    return BROWSER.make()


def odd_names(seed: int) -> list[str]:
    """Return names of accounts that the collection takes, of characters that are easy to get wrong."""
    draw = random.Random(seed)  # noqa: S311
    made = {"".join(draw.choices(ODD, k=draw.randint(1, 40))).strip() for _number in range(NAMES)}
    return checked_accounts(sorted(name for name in made if name))


def test_promtool_has_nothing_to_say_against_the_metrics(monitoring: Root) -> None:
    """Catches: a name, unit, type or help text that is not as Prometheus wants it."""
    text = rendered(reported(ACCOUNTS, SENDERS), "prometheus")
    checked = monitoring.call("promtool", "check", "metrics", given=text)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_alert_rules_are_valid_and_say_what_they_should(monitoring: Root) -> None:
    """Catches: an example that Prometheus does not load, and an alert that never fires, or always does."""
    folder = "/src/examples/prometheus"
    assert "8 rules found" in monitoring.run("promtool", "check", "rules", f"{folder}/smtp-rules.yml")
    assert "SUCCESS" in monitoring.run("promtool", "test", "rules", f"{folder}/smtp-rules-test.yml")
    used = (TREE / "examples" / "prometheus" / "smtp-rules.yml").read_text()
    text = rendered(reported(ACCOUNTS, SENDERS), "prometheus")
    named = {word for line in used.splitlines() for word in line.replace("(", " ").replace(")", " ").split()}
    metrics = {word for word in named if word.startswith(("smtp_account_", "smtp_sender_", "smtp_report_generated"))}
    assert len(metrics) == 10 and all(f"# TYPE {metric} gauge\n" in text for metric in metrics)


@contextlib.contextmanager
def exporter(root: Root, folder: str) -> Iterator[str]:
    """Run the node exporter with nothing but its textfile collector, and yield where it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{probe.getsockname()[1]}"
    collector = ("--collector.disable-defaults", "--collector.textfile", f"--collector.textfile.directory={folder}")
    listen = f"--web.listen-address={place}"
    running = root.start("setpriv", "--reuid=nobody", "--clear-groups", "prometheus-node-exporter", *collector, listen)
    try:
        until(lambda: "node_textfile_scrape_error" in scraped(place), seconds=PATIENCE)
        yield place
    finally:
        kill_tree(running.pid)
        running.wait()


def scraped(place: str) -> str:
    """Return what the node exporter says, an empty text as long as it does not answer."""
    try:
        with urllib.request.urlopen(f"http://{place}/metrics", timeout=10) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def series_of(text: str) -> set[str]:
    """Return the series of ours in a text, whatever the order of labels and the notation of values."""
    found = set()
    for line in text.split("\n"):
        if line.startswith("smtp_"):
            name, _brace, rest = line.partition("{")
            labels, _space, value = rest.rpartition("} ")
            found.add(f"{name} {sorted(LABEL.findall(labels))} {float(value)}")
    return found


def test_node_exporter_hands_on_every_series_of_every_name(monitoring: Root) -> None:
    """Catches: an account's name for which the collector drops the file, or that it reads as another one."""
    seed = random.randrange(10**6)  # noqa: S311
    print(f"seed {seed}")
    records = [*ACCOUNTS.values()]
    accounts: dict[str, Record] = {name: records[n % len(records)] for n, name in enumerate(odd_names(seed))}
    folder = monitoring.folder / "textfile"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o755)
    texts = [rendered(reported(accounts, name=name), "prometheus") for name in ("smtp", 'a "second"\\one')]
    for number, text in enumerate(texts):
        (folder / f"{number}.prom").write_text(text)
    with exporter(monitoring, "/textfile") as place:
        read = scraped(place)
    assert "node_textfile_scrape_error 0" in read
    assert series_of(read) == series_of("\n".join(texts)) and len(series_of(read)) > 2 * 6 * len(accounts)


PAGES = {
    "none": reported({}),
    "three": reported(fleet(3)),
    "forty": reported(fleet(40), SENDERS),
    "thousand": reported(fleet(1000)),
    "odd": reported({**{name: changed(3 * DAY) for name in odd_names(1)[:40]}, "W" * 320: ACCOUNTS["failed"]}),
}


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_chromium_shows_the_page(browser: Root, name: str, scheme: str) -> None:
    """Catches: a page that a browser cannot draw, whose content policy it complains of, or that is blank."""
    place = browser.folder / "pages"
    place.mkdir(exist_ok=True)
    (place / f"{name}.html").write_text(rendered(PAGES[name], "html"))
    picture = place / f"{name}-{scheme}.png"
    picture.unlink(missing_ok=True)
    said = shown(browser, f"--screenshot=/pages/{picture.name}", f"/pages/{name}.html", scheme)
    assert "CONSOLE" not in said and "Content Security Policy" not in said
    assert background(picture) == {"light": (245, 246, 248), "dark": (18, 23, 29)}[scheme]
    assert picture.stat().st_size > 10_000


def shown(root: Root, what: str, page: str, scheme: str) -> str:
    """Have Chromium show a page, and return what it said."""
    color = f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}"
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr")
    return root.run("chromium", *quiet, "--window-size=1180,900", color, what, f"file://{page}")


def background(picture: Path) -> tuple[int, int, int]:
    """Return the colour in the upper left corner of a PNG; whatever the filter, the first pixel is stored as it is."""
    data, at, packed = picture.read_bytes(), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        packed += data[at + 8 : at + 8 + length] if kind == b"IDAT" else b""
        at += length + 12
    _filter, red, green, blue = zlib.decompress(packed)[:4]
    return red, green, blue
