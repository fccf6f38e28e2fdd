# Copyright: (c) 2026, mailops.smtp contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# The Python that makes the virtual environment. If it is too old, another is looked for.
PYTHON ?= python3
# How many tests run at the same time: on two processors three, since some of them wait.
JOBS ?= 3
# More arguments for pytest: make unit ARGS='-k window'
ARGS ?=
# Whose API the demonstration calls: make demo PROVIDER=ses
PROVIDER = emaillabs
# Arguments for the chaos: make chaos CHAOS_ARGS='--seed 7 --kills 1000 --minutes 120'
CHAOS_ARGS ?=
# Arguments for the fleet: make fleet FLEET_ARGS='--relays 10 --window 60'
FLEET_ARGS ?=
# Arguments for the benchmark: make bench BENCH_ARGS='--sizes 1,10,100'; without any it takes hours. The role alone, in
# minutes: make bench BENCH_ARGS='--cases role --sizes 1,10 --repeat 1 --role-hosts 5'
BENCH_ARGS ?=

# What continuous integration runs of the mail programs.
SHORT := (test_rotation or bare_host_name or one_message_goes_out) and (postfix or exim or opensmtpd or msmtp)
VENV := .cache/venv
MATRIX := .cache/matrix
# The collections that passwords are published with are large, and nothing else needs them.
PUBLISH := .cache/publish
MODOBOA := .cache/modoboa
RUN := $(VENV)/bin/python
LINK := .cache/collections/ansible_collections/mailops/smtp
# The tests' own packages, under the names that the tests import.
TOPS := bench checks standin support
SCENARIOS := $(sort $(patsubst extensions/molecule/%/molecule.yml,%,$(wildcard extensions/molecule/*/molecule.yml)))
# Scenarios that start real mail servers, which takes root and Debian's packages.
ROOT_SCENARIOS := $(notdir $(wildcard extensions/molecule/alternate extensions/molecule/postfix))
# So that two makes at once, in two terminals, do not spoil each other's set-up.
LOCK = $(shell mkdir -p .cache && command -v flock >/dev/null && echo flock .cache/set-up)
PIP = $(LOCK) $(RUN) -m pip install --quiet --quiet --disable-pip-version-check
PYTEST = $(RUN) -m pytest -n $(JOBS) $(ARGS)

# Absolute, since Ansible changes folders. Nothing here is a make prerequisite: those cannot hold a space.
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.cache/collections
export ANSIBLE_HOME := $(CURDIR)/.cache/ansible
export ANSIBLE_CONFIG := $(CURDIR)/.cache/ansible/ansible.cfg
export PIP_DEFAULT_TIMEOUT ?= 60
export PIP_RETRIES ?= 10
export HYPOTHESIS_STORAGE_DIRECTORY := $(CURDIR)/.cache/hypothesis
export CALLERS_PATH := $(PATH)
export PATH := $(CURDIR)/$(VENV)/bin:$(CALLERS_PATH)
export PYTHONPATH := $(CURDIR)/.cache/collections

# A checkout that was moved, or another PYTHON, needs another virtual environment.
export MADE_FOR := $(CURDIR) $(PYTHON)
ifneq ($(shell cat $(VENV)/made-for 2>/dev/null),$(MADE_FOR))
$(VENV)/made-for: FORCE
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: FORCE bench chaos clean clients clients-short demo diagrams docs-tables docsite e2e fleet fleet-killed galaxy help install-test lint link
.PHONY: matrix newest molecule molecule-root postfix proof providers publish release-check sanity test unit workflows

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "%-14s %s\n", $$1, $$2 }' Makefile

demo: $(VENV)/$(if $(filter ses,$(PROVIDER)),aws,demo) link ## Rotate a password before your eyes, against a stand-in for the provider; also PROVIDER=ses
	@$(RUN) tests/demo/$(if $(filter emaillabs,$(PROVIDER)),demo,$(PROVIDER)).py

test: unit e2e install-test molecule newest ## Run all tests that need no root and no hours

unit: $(VENV)/test link ## Run the tests of the parts
	@echo '== Unit tests'
	@$(PYTEST) tests/unit

e2e: $(VENV)/test link ## Run the tests of the whole, with Ansible and the stand-in
	@echo '== End-to-end tests'
	@$(PYTEST) -m 'not long' tests/e2e

proof: $(VENV)/test link ## Run the long tests, which e2e leaves out: every crash, every leak, 200 hosts
	@echo '== Long tests'
	@$(PYTEST) -m long tests/e2e
	@$(MAKE) --no-print-directory fleet-killed

chaos: $(VENV)/test link ## Kill 200 rotations at random, while the provider fails at random, and count what is lost
	@$(RUN) tests/chaos/chaos.py $(CHAOS_ARGS)

fleet: $(VENV)/test link ## Rotate the passwords of five real mail hosts while mail flows, as root, and count every message
	@$(RUN) tests/fleet/fleet.py $(FLEET_ARGS)

fleet-killed: $(VENV)/test link ## Kill the rotation of real mail hosts in each of its phases and start it again, as root
	@echo '== A fleet that is killed'
	@tests/support/install-mail
	@$(PYTEST) tests/fleet

install-test: $(VENV)/test link ## Build and install the collection as users do, and run the README's first playbook from there
	@echo '== Installation'
	@$(RUN) -m pytest -n 0 $(ARGS) tests/install

bench: $(VENV)/bench link ## Measure the speed, beside what one would write without the collection
	@$(RUN) tests/bench $(BENCH_ARGS)

molecule: $(VENV)/test link ## Run the tests of the role
	@echo '== Molecule'
	@tests/support/molecule $(JOBS) $(filter-out $(ROOT_SCENARIOS),$(SCENARIOS))

molecule-root: $(VENV)/test link ## Run the tests of the role with real mail servers, as root
	@echo '== Molecule, as root'
	@tests/support/install-mail
	@cd extensions && $(if $(ROOT_SCENARIOS),molecule test $(addprefix --scenario-name ,$(ROOT_SCENARIOS)),:)

postfix: $(VENV)/test link ## Run the tests of the modules with a real Postfix, as root
	@echo '== Postfix'
	@tests/support/install-mail
	@$(PYTEST) tests/postfix

publish: $(PUBLISH)/done link ## Publish passwords with the real collections, programs and servers
	@echo '== Publishing'
	@PATH='$(CURDIR)/$(PUBLISH)/bin':"$$CALLERS_PATH" $(PUBLISH)/bin/python -m pytest -n $(JOBS) $(ARGS) tests/publish

clients: $(VENV)/test link ## Run the tests of mail programs with the real ones, each in a Debian of its own, as root
	@echo '== Mail programs'
	@# By file, since the tests of a program share its Debian.
	@tests/support/install-mail
	@$(PYTEST) --dist loadfile tests/clients

# One whole rotation of the programs that most hosts have.
clients-short: $(VENV)/test link
	@echo '== Mail programs, in short'
	@tests/support/install-mail
	@$(PYTEST) --dist loadfile -k '$(SHORT)' tests/clients

providers: $(VENV)/test $(MODOBOA)/complete link ## Run the tests against a real provider, Modoboa, in a Debian of its own, as root
	@echo '== Real providers'
	@tests/support/install-mail
	@$(PYTEST) --dist loadfile tests/providers

lint: $(VENV)/lint link workflows galaxy sanity ## Check style, types, metadata, documentation, licences, sanity
	@echo '== ruff'
	@ruff check
	@ruff format --check
	@echo '== mypy'
	@mypy $(LINK)/plugins $(LINK)/tests .cache/tops noxfile.py
	@echo '== yamllint'
	@yamllint --strict .
	@echo '== ansible-lint'
	@ansible-lint --offline --profile production
	@echo '== antsibull-changelog'
	@antsibull-changelog lint
	@echo '== antsibull-docs'
	@antsibull-docs lint-collection-docs --plugin-docs .
	@echo '== The tables, and the role'"'"'s defaults'
	@$(RUN) tests/checks/tables.py
	@echo '== reuse'
	@reuse lint --quiet || reuse lint

workflows: $(VENV)/lint
	@echo '== Workflows'
	@check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml
	@zizmor --offline --quiet --no-progress .github

galaxy: $(VENV)/lint link
	@echo '== galaxy-importer, ansible-builder'
	@$(RUN) tests/checks/galaxy.py

docs-tables: $(VENV)/test ## Write the tables of the READMEs from the documentation
	@$(RUN) tests/checks/tables.py --write

sanity: $(VENV)/test ## Run ansible-test sanity, with nothing ignored: make sanity ARGS='--test validate-modules'
	@$(RUN) tests/checks/sanity.py $(ARGS)

newest: $(MATRIX)/done link ## Run a part of the tests on the newest ansible-core, if this machine has a Python for it
	@echo '== The newest ansible-core'
	@$(MATRIX)/bin/nox --session newest

matrix: $(MATRIX)/done link ## Run unit, end-to-end, installation and sanity tests on ansible-core 2.16 to 2.22; FULL=1 all of them
	@$(MATRIX)/bin/nox $(ARGS)

release-check: $(VENV)/lint link ## Tell whether a version can be released: make release-check VERSION=1.2.3
	@$(RUN) tests/checks/release.py '$(VERSION)'
	@$(MAKE) --no-print-directory lint
	@$(RUN) -m pytest -n 0 tests/install
	@echo 'Version $(VERSION) can be released: git tag -s $(VERSION) && git push origin $(VERSION)'

docsite: $(VENV)/docs link ## Build the documentation as a site in .cache/docsite/html, without the network
	@echo '== Documentation'
	@rm -rf .cache/docsite
	@mkdir -p .cache/docsite/rst && chmod og-w .cache/docsite/rst
	@antsibull-docs collection --use-current --squash-hierarchy --cleanup everything --fail-on-error \
		--dest-dir .cache/docsite/rst mailops.smtp
	@cp -R docs/docsite/images .cache/docsite/rst/
	@sphinx-build -q -W --keep-going -b html -c docs/docsite .cache/docsite/rst .cache/docsite/html
	@echo '.cache/docsite/html/index.html'

diagrams: ## Draw the pictures of the documentation anew; needs Graphviz
	@docs/docsite/diagrams/draw

clean: ## Remove everything that make created
	rm -rf .cache extensions/.ansible .ansible

link:
	@mkdir -p $(dir $(LINK)) .cache/ansible
	@test -e $(LINK) || ln -s ../../../.. $(LINK) 2>/dev/null || test -e $(LINK)
	@mkdir -p .cache/tops
	@for name in $(TOPS); do \
		test -e .cache/tops/$$name || ln -s ../../tests/$$name .cache/tops/ 2>/dev/null || test -e .cache/tops/$$name; \
	done
	@: >>.cache/ansible/ansible.cfg

$(VENV)/made-for:
	@$(LOCK) .ci/make-venv $(VENV) '$(PYTHON)'

$(VENV)/demo: $(VENV)/made-for requirements/run.txt requirements/standin.txt
	@echo '== Installing what the demonstration needs'
	@$(PIP) -r requirements/run.txt -r requirements/standin.txt
	@touch $@

$(VENV)/aws: $(VENV)/demo requirements/aws.txt
	@echo '== Installing what the demonstration of Amazon SES needs'
	@$(PIP) -r requirements/aws.txt
	@touch $@

$(VENV)/test: $(VENV)/demo requirements/test.txt requirements/pytest.txt requirements/aws.txt
	@echo '== Installing what the tests need'
	@$(PIP) -r requirements/test.txt
	@touch $@

$(VENV)/bench: $(VENV)/demo requirements/bench.txt
	@echo '== Installing what the benchmark needs'
	@$(PIP) -r requirements/bench.txt
	@touch $@

$(VENV)/lint: $(VENV)/test requirements/lint.txt
	@echo '== Installing what the checks need'
	@$(PIP) -r requirements/lint.txt
	@touch $@

# nox and galaxy-importer do not agree on the version of a package that both use.
$(MATRIX)/done: $(VENV)/made-for requirements/matrix.txt
	@$(LOCK) $(RUN) -m venv --clear $(MATRIX)
	@$(LOCK) $(MATRIX)/bin/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements/matrix.txt
	@touch $@

$(PUBLISH)/done: $(VENV)/made-for requirements/publish.txt requirements/pytest.txt requirements/standin.txt
	@echo '== Installing what publishing needs'
	@$(LOCK) $(RUN) -m venv --clear $(PUBLISH)
	@$(LOCK) $(PUBLISH)/bin/python -m pip install --quiet --quiet --disable-pip-version-check -r requirements/publish.txt
	@touch $@

# The frozen versions fit each other, but not each Python. What it deployed before is another version's.
$(MODOBOA)/complete: $(VENV)/made-for tests/support/modoboa/requirements.txt
	@echo '== Installing Modoboa'
	@$(LOCK) rm -rf $(MODOBOA)
	@$(LOCK) $(RUN) -m venv $(MODOBOA)/venv
	@$(LOCK) $(MODOBOA)/venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps \
		-r tests/support/modoboa/requirements.txt
	@touch $@

$(VENV)/docs: $(VENV)/made-for requirements/docs.txt
	@echo '== Installing what the documentation needs'
	@$(PIP) -r requirements/docs.txt
	@touch $@

FORCE:
