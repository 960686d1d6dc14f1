# The thin front door: every target says in one line what it does; the work is in scripts/ and in cargo.
# DATA is the data directory of demo, start, stop and reset.
DATA ?= data
LIGHT = target/light/shopstream

export PATH := $(HOME)/.cargo/bin:$(PATH)
.DEFAULT_GOAL := help
.PHONY: help demo test build release start stop reset

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

demo: build ## build, then run a simulated shop with its dashboard; Ctrl-C drains and stops
	@exec $(LIGHT) demo --data-dir $(DATA)/demo

test: ## everything CI runs, the browser test included
	@exec scripts/test

build: ## install what is missing and build the light binary (quick to compile)
	@scripts/setup
	@scripts/dashboard build
	@cargo build --locked --profile light --package shopstream

release: ## the binary to ship: thin LTO, one codegen unit (slow to compile)
	@scripts/setup
	@scripts/dashboard build
	@cargo build --locked --release --package shopstream

start: build ## run the server in the background
	@scripts/server start $(LIGHT) $(DATA)

stop: ## end the server of `make start` after it drained
	@scripts/server stop $(LIGHT) $(DATA)

reset: ## delete the data directory (asks; YES=1 does not ask)
	@YES=$(YES) scripts/server reset $(LIGHT) $(DATA)
