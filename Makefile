# Every target installs what it needs first; nothing is installed twice.
.PHONY: setup build demo test check bench clean

setup:
	@sh scripts/setup

build: setup
	@sh scripts/build

demo: build
	@sh examples/demo.sh

test: build
	@sh scripts/setup peers
	@sh scripts/test

check: setup
	@sh scripts/check

bench: build
	@scripts/bun bench/main.ts $(or $(ARGS),--disk)

clean:
	rm -rf dist node_modules
