# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guides and the examples, held against what they speak of."""

from __future__ import annotations

import hashlib
import re
import textwrap
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCSITE, EXAMPLES = ROOT / "docs" / "docsite", ROOT / "examples"
GUIDES = sorted((DOCSITE / "rst").glob("*.rst"))
NAMES = [path.stem for path in GUIDES]
SPECS = ROOT / "roles" / "smtp_rotation" / "meta" / "argument_specs.yml"
BLOCK = re.compile(r"^\.\. code-block:: yaml\n\n((?: {4}.*\n|\n)+)", re.MULTILINE)
# A name of the role's: not the beginning of one, which ends with an underscore.
VARIABLE = re.compile(r"\bsmtp_rotation_[a-z_]*[a-z]\b(?!_)")
# Set by the role, or the playbook's own.
OTHERS = {
    "smtp_rotation_audit",
    "smtp_rotation_host",
    "smtp_rotation_hosts",
    "smtp_rotation_news",
    "smtp_rotation_step",
}


def test_every_guide_is_in_the_contents() -> None:
    """Catches: a guide that nobody finds."""
    sections = yaml.safe_load((DOCSITE / "extra-docs.yml").read_text())["sections"]
    assert sorted(name for section in sections for name in section["toctree"]) == NAMES


@pytest.mark.parametrize("guide", GUIDES, ids=NAMES)
def test_label_is_one_that_the_docsite_takes(guide: Path) -> None:
    """Catches: a label for which the docsite leaves the whole guide out."""
    labels = re.findall(r"^\.\. _(.+):$", guide.read_text(), re.MULTILINE)
    prefix = "ansible_collections.mailops.smtp.docsite."
    assert labels[0] == f"{prefix}{guide.stem}"
    assert all(label.startswith(prefix) for label in labels)


@pytest.mark.parametrize("guide", GUIDES, ids=NAMES)
def test_yaml_in_the_guide_is_valid(guide: Path) -> None:
    """Catches: an example that cannot be pasted."""
    for block in BLOCK.findall(guide.read_text()):
        yaml.safe_load(textwrap.dedent(block))


@pytest.mark.parametrize("guide", GUIDES, ids=NAMES)
def test_example_that_a_guide_names_is_there(guide: Path) -> None:
    """Catches: a guide that leads to a file which was renamed."""
    named = re.findall(r"``(examples(?:/[\w.-]+)*)``", guide.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []
    files = {path.name for path in EXAMPLES.rglob("*")} | {path.name for path in (ROOT / "meta").iterdir()}
    plain = re.findall(r"``([a-z][\w-]*\.(?:yml|json|service|timer))``", guide.read_text())
    assert [name for name in plain if name not in files | {"keys.yml"}] == []


@pytest.mark.parametrize("guide", GUIDES, ids=NAMES)
def test_picture_of_a_guide_is_there(guide: Path) -> None:
    """Catches: a picture that is missing where the guide is read in the repository, not on the site."""
    pictures = re.findall(r"^\.\. (?:figure|image):: (.+)$", guide.read_text(), re.MULTILINE)
    assert [name for name in pictures if not (guide.parent / name).is_file()] == []


@pytest.mark.parametrize("path", [*GUIDES, *filter(Path.is_file, EXAMPLES.rglob("*"))], ids=lambda path: path.name)
def test_variables_are_the_roles(path: Path) -> None:
    """Catches: a variable in a guide or an example that the role does not have."""
    known = set(yaml.safe_load(SPECS.read_text())["argument_specs"]["main"]["options"]) | OTHERS
    assert sorted(set(VARIABLE.findall(path.read_text())) - known) == []


@pytest.mark.parametrize("source", sorted((DOCSITE / "diagrams").glob("*.dot")), ids=lambda path: path.stem)
def test_picture_is_drawn_from_its_source(source: Path) -> None:
    """Catches: a diagram that was changed and not drawn; C(make diagrams) does it."""
    picture = DOCSITE / "images" / f"{source.stem}.svg"
    assert hashlib.sha256(source.read_bytes()).hexdigest() in picture.read_text()
