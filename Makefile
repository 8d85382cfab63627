# Every target first installs missing packages.
.PHONY: setup build demo test check bench registry-bench registry-cluster registry-soak docs install uninstall deb npm clean

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

# Speed and memory of a served registry, beside distribution if it is there: `make registry-bench ARGS='tls push --seconds 1'`.
registry-bench: build
	@scripts/bun bench/registry-rates.ts $(ARGS)

# Three replicas of a registry, PostgreSQL, a bucket and a load balancer on this machine, until interrupted.
registry-cluster: build
	@scripts/bun scripts/registry-cluster.ts

# 100,000 random operations of 16 clients against three replicas that collect all the time. Needs PostgreSQL.
registry-soak: setup
	@scripts/bun scripts/registry-soak.ts

# docs/cli.md, docs/coming-from-docker.md and docs/man, from the table of commands.
docs: setup
	@scripts/docs

# Installs under $(DESTDIR)$(PREFIX); PREFIX is /usr/local by default. Builds nothing as root: run make build first.
install:
	@[ -x dist/strake ] || { echo "Cannot install: run make build first" >&2; exit 1; }
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" scripts/install

uninstall:
	@DESTDIR="$(DESTDIR)" PREFIX="$(PREFIX)" scripts/install --remove

deb: build
	@scripts/package/deb

# dist/npm: the library, and a package with the program for each platform.
npm: build
	@sh scripts/build x64
	@sh scripts/build arm64
	@scripts/bun scripts/package/npm.ts
	@cd dist/npm && rm -f *.tgz && for name in */; do npm pack --silent "./$$name"; done

clean:
	rm -rf dist node_modules
