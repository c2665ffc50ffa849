# CardDesk 卡务台. The two commands are `make run` and `make test`; each does its own set-up.

.PHONY: run test bench fuzz build setup deny advisories bindings format clean

run: build
	scripts/run

test: setup
	scripts/test

# Speed, each figure beside its floor.
bench: setup
	scripts/bench

# Every parser of outside bytes, ten minutes each.
fuzz: setup
	scripts/fuzz 600

build: setup
	scripts/build

setup:
	scripts/setup

# Licences, bans and sources of every dependency.
deny:
	scripts/deny bans licenses sources

# Known vulnerabilities; needs a connection to the advisory database.
advisories:
	scripts/deny advisories

# Writes the window's types anew from the Rust view model.
bindings: build
	UPDATE=1 cargo test --test it bindings

format:
	cargo fmt --all
	cd ui && npx prettier --write src

clean:
	cargo clean
	rm -rf ui/dist ui/node_modules out
