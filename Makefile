# Every target is a script in scripts/; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help setup run test bench lint reference package all install clean reset

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

setup: ## Install what a build needs (asked for by the others)
	@scripts/setup.sh

run: ## Start Postgres, the extension and the gateway, and show a first sign-up
	@scripts/run.sh

test: ## Run every test, on Postgres 15 and 18
	@scripts/test.sh

bench: ## Measure every hot operation against its floor
	@bench/run.sh

lint: ## Check formatting, clippy, shell scripts, licences
	@scripts/lint.sh

reference: ## Write docs/reference anew, from the catalogue and the routers
	@UPDATE=1 TEST_SUITES=reference TEST_VERSIONS=15 scripts/test.sh

package: ## Build an archive and Debian packages in dist/; several: PG_VERSIONS="15 18"
	@scripts/package.sh

all: ## Build the extension, optimised, for the Postgres of PG_CONFIG
	@scripts/install.sh build

install: ## Install what `make all` built there; perhaps as another user
	@scripts/install.sh install

clean: ## Remove what was built; the data of make run stay
	rm -rf target dist .cache

reset: ## Throw away the data of make run
	@scripts/reset.sh
