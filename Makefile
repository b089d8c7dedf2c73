# The two commands of the README are `make demo` and `make test`. Each does all its own set-up.

SWIFT ?= swift
PREFIX ?= /usr/local

.PHONY: demo test lint format build release install setup bench fuzz clean

demo: setup
	$(SWIFT) build --product couchkeep
	@$$($(SWIFT) build --show-bin-path)/couchkeep demo

# CouchDB itself is used where it is installed; else the tests that need it are skipped and say so.
test: setup
	@Tests/Tools/smtp-server prepare || echo "No test mail server (python3-venv or network missing): its tests are skipped."
	$(SWIFT) test --no-parallel

lint: setup
	$(SWIFT) format lint --strict --parallel --recursive Package.swift Sources Tests
	@scripts/check-tree

format:
	$(SWIFT) format format --in-place --parallel --recursive Package.swift Sources Tests

build: setup
	$(SWIFT) build --product couchkeep

# All libraries are inside, but for the C library, and for libcurl, which is opened when a mail is sent.
RELEASE = PKG_CONFIG_PATH=$$(scripts/static-libraries) $(SWIFT) build --configuration release --static-swift-stdlib

release: setup
	$(RELEASE) --product couchkeep

install: release
	install -D -m 0755 $$($(SWIFT) build --configuration release --show-bin-path)/couchkeep $(DESTDIR)$(PREFIX)/bin/couchkeep

setup:
	@scripts/setup

# Measures against CouchDB's replicator and curl, on private servers of an installed CouchDB.
bench: setup
	$(RELEASE) --product couchkeep
	$(RELEASE) --product couchkeep-bench
	@$$($(SWIFT) build --configuration release --show-bin-path)/couchkeep-bench

clean:
	$(SWIFT) package clean
