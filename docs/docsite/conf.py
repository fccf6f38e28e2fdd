# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Sphinx builds the site of `make docsite`. Nothing is fetched, so references to other sites stay plain text."""

from __future__ import annotations

project = "mailops.smtp"
copyright = "mailops.smtp contributors"  # noqa: A001  (Sphinx's own name)
title = "mailops.smtp"
html_short_title = title

extensions = ["sphinx_antsibull_ext"]
html_theme = "sphinx_ansible_theme"
pygments_style = "ansible"
highlight_language = "YAML+Jinja"
default_role = "any"

# References to Ansible's own modules lead to another site, which this one does not ask.
suppress_warnings = ["ref.ref", "ref.any", "ref.envvar"]

html_show_sphinx = False
html_copy_source = False
html_use_index = False
html_use_modindex = False
display_version = False
