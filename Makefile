# What `make` does here is in CONTRIBUTING.md. script/bootstrap installs what it needs of the system.

SHELL = /bin/sh
.SHELLFLAGS = -euc
.DEFAULT_GOAL = build

# Debian's own interpreter: a venv made from another one lies where only its owner can run it.
PYTHON = /usr/bin/python3
VENV = .venv
DESTDIR =

# Where a distribution wants things; each can be given on the command line.
prefix = /usr
sysconfdir = /etc
libdir = $(prefix)/lib
multiarch = $(shell $(CC) -print-multiarch)
pamdir = $(libdir)/$(multiarch)/security
unitdir = $(libdir)/systemd/system
treedir = $(libdir)/rw2fa
datadir = $(prefix)/share

LOCKS = requirements/build.txt requirements/runtime.txt requirements/dev.txt
READY = $(VENV)/.ready

.PHONY: help build stamp bench lint format install test fuzz coverage mutate changelog lock clean hook

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

build: stamp $(READY) build/pam_rw2fa.so ## The venv with both commands, and the PAM module

# Rewritten only when the sources changed, so that the file's time means something.
stamp:
	script/build-stamp build

$(READY): $(LOCKS) setup.cfg pyproject.toml script/venv
	script/venv $(PYTHON) $(VENV)
	touch $@

build/pam_rw2fa.so: hook

hook:
	mkdir -p build
	$(MAKE) --silent -C pam_hook

# Wheels of what the lock names, so that `install` needs no network.
WHEELS = build/wheels/.ready
$(WHEELS): requirements/runtime.txt $(READY)
	rm -rf build/wheels
	$(VENV)/bin/pip wheel --quiet --quiet --no-deps --no-build-isolation --require-hashes \
	    --wheel-dir build/wheels --requirement requirements/runtime.txt
	touch $@

install: build $(WHEELS) ## Files where a distribution wants them, below DESTDIR
	script/install-tree '$(DESTDIR)' '$(treedir)' $(PYTHON) $(VENV) build/wheels
	install -d '$(DESTDIR)$(prefix)/bin' '$(DESTDIR)$(prefix)/sbin'
	ln -sf '$(treedir)/bin/rw2fa' '$(DESTDIR)$(prefix)/bin/rw2fa'
	ln -sf '$(treedir)/bin/rw2fad' '$(DESTDIR)$(prefix)/sbin/rw2fad'
	ln -sf '$(treedir)/bin/rw2fa-relay' '$(DESTDIR)$(prefix)/sbin/rw2fa-relay'
	ln -sf '$(treedir)/bin/rw2fa-notify' '$(DESTDIR)$(prefix)/sbin/rw2fa-notify'
	ln -sf '$(treedir)/bin/rw2fa-session' '$(DESTDIR)$(prefix)/sbin/rw2fa-session'
	ln -sf '$(treedir)/bin/rw2fa-portal' '$(DESTDIR)$(prefix)/sbin/rw2fa-portal'
	install -D -m 0644 build/pam_rw2fa.so '$(DESTDIR)$(pamdir)/pam_rw2fa.so'
	install -d '$(DESTDIR)$(unitdir)'
	install -m 0644 systemd/*.service systemd/*.socket systemd/*.timer '$(DESTDIR)$(unitdir)/'
	install -D -m 0644 systemd/sysusers.d/rw2fa.conf '$(DESTDIR)$(libdir)/sysusers.d/rw2fa.conf'
	install -D -m 0644 systemd/examples/rw2fad-postgresql.conf \
	    '$(DESTDIR)$(datadir)/doc/rw2fa/examples/rw2fad-postgresql.conf'
	install -D -m 0644 systemd/tmpfiles.d/rw2fa.conf '$(DESTDIR)$(libdir)/tmpfiles.d/rw2fa.conf'
	script/install-etc etc '$(DESTDIR)' '$(sysconfdir)' '$(datadir)'
	$(VENV)/bin/rw2fa completion bash | \
	    install -D -m 0644 /dev/stdin '$(DESTDIR)$(datadir)/bash-completion/completions/rw2fa'
	$(VENV)/bin/rw2fa completion zsh | \
	    install -D -m 0644 /dev/stdin '$(DESTDIR)$(datadir)/zsh/vendor-completions/_rw2fa'

fuzz: ## Fuzzers of the hook, FUZZ_SECONDS each or FUZZ_RUNS; what reaches something new is kept in their corpus
	mkdir -p build
	$(MAKE) --no-print-directory -C pam_hook fuzz corpus

bench: build ## The benchmarks, side by side with the peers
	bench/run

lint: $(READY) ## Formatters, linters, types, the direction of imports, C with warnings as errors
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	PYTHONPATH=. $(VENV)/bin/lint-imports --no-logo
	shellcheck $$(script/shell-files)
	$(MAKE) --no-print-directory -C pam_hook lint CLANG_FORMAT='$(CURDIR)/$(VENV)/bin/clang-format'
	$(VENV)/bin/clang-format --dry-run -Werror $$(find bench -name '*.[ch]')

format: $(READY) ## Layout and order of imports, mended
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/clang-format -i $$(find bench pam_hook -name '*.[ch]')

test: ## The same as script/test
	script/test

# Of the unit tests: what runs in other processes, as most of the rest does, is not counted.
coverage: build ## Which lines the unit tests run
	$(VENV)/bin/python -m pytest --quiet --numprocesses 2 --cov=rw2fa_daemon --cov-branch --cov-report=term:skip-covered tests/unit

# Hours for all, minutes for FILES or a sample; MUTATE_SECONDS ends it earlier and says how many were not run.
MUTATE_SECONDS = 3600
MUTATE_SAMPLE =
mutate: build ## Mutation testing of core, store, vault, wire and service, or of FILES; MUTATE_SAMPLE changes by chance
	nice script/mutate --seconds $(MUTATE_SECONDS) $(if $(MUTATE_SAMPLE),--sample $(MUTATE_SAMPLE)) $(FILES)

changelog: $(READY) ## The fragments in changes/ become the section of VERSION
	$(VENV)/bin/towncrier build --yes --version '$(VERSION)'

lock: ## Newer versions of everything, with the hashes of every file that pip might choose
	script/lock

clean: ## All that was built
	$(MAKE) --no-print-directory -C pam_hook clean
	rm -rf build $(VENV) *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
