#!/bin/sh
# Builds Docker's programs from the Go module proxy, for the benchmark and the tests:
#
#   go-peers.sh DIRECTORY [clients]
#
# With `clients`, the Docker CLI, buildx and Compose in two versions alone, which the tests use without a daemon.
# Debian carries an older Docker than the one that people use. A program that is in DIRECTORY stays.
# It takes ten minutes on two processors, `clients` four of them, and Go >= 1.26.
set -eu

directory=$1
mkdir -p "$directory"
directory=$(CDPATH= cd -- "$directory" && pwd)
export CGO_ENABLED=0 GOFLAGS=-trimpath GOTOOLCHAIN=local

cli=github.com/docker/cli@v29.9.3+incompatible
moby=github.com/moby/moby/v2@v2.0.0-beta.24
containerd=github.com/containerd/containerd/v2@v2.4.2
buildx=github.com/docker/buildx@v0.38.2

# Prints the folder of a module's source, which is read-only.
source_of() {
  go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p'
}

# build NAME MODULE@VERSION PACKAGE [LINKER FLAG]
build() {
  [ ! -x "$directory/$1" ] || return 0
  echo "building $1 of $2"
  folder=$(source_of "$2")
  (cd "$folder" && go build -mod=readonly -ldflags "-s -w ${4:+-X $4}" -o "$directory/$1" "$3")
}

# The Docker CLI has its module file under another name, so that it is built in a copy.
build_cli() (
  [ ! -x "$directory/docker" ] || exit 0
  echo "building docker of $cli"
  copy=$(mktemp -d)
  trap 'rm -rf "$copy"' EXIT
  cp -r "$(source_of "$cli")/." "$copy"
  chmod -R u+w "$copy"
  cp "$copy/vendor.mod" "$copy/go.mod"
  cp "$copy/vendor.sum" "$copy/go.sum"
  cd "$copy"
  # The module proxy lacks the release of swarmkit that the CLI names, and has a commit before it.
  swarmkit=github.com/moby/swarmkit/v2
  go mod edit -replace "$swarmkit=$swarmkit@v2.1.3-0.20260828175525-ad0357aedfca"
  version=${cli#*@v}
  go build -mod=mod -o "$directory/docker" \
    -ldflags "-s -w -X github.com/docker/cli/cli/version.Version=${version%+*}" ./cmd/docker
)

[ "${2:-}" = clients ] || {
  build dockerd "$moby" ./cmd/dockerd "github.com/moby/moby/v2/dockerversion.Version=${moby#*@v}"
  build docker-proxy "$moby" ./cmd/docker-proxy
  build containerd "$containerd" ./cmd/containerd \
    "github.com/containerd/containerd/v2/version.Version=${containerd#*@v}"
  build containerd-shim-runc-v2 "$containerd" ./cmd/containerd-shim-runc-v2
}
build_cli
build docker-compose github.com/docker/compose/v5@v5.5.1 ./cmd \
  github.com/docker/compose/v5/internal.Version=v5.5.1
build docker-buildx "$buildx" ./cmd/buildx "github.com/docker/buildx/version.Version=${buildx#*@}"
build docker-compose-2.40 github.com/docker/compose/v2@v2.40.3 ./cmd \
  github.com/docker/compose/v2/internal.Version=v2.40.3
