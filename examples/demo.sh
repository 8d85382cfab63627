#!/bin/sh
# The main job, in front of you: every command is printed before its output.
# What it makes is kept under $STRAKE_DEMO for the next time; nothing else is touched.
set -eu
cd "$(dirname "$0")/.."

strake=$PWD/dist/strake
demo=${STRAKE_DEMO:-${XDG_CACHE_HOME:-$HOME/.cache}/strake-demo}
export STRAKE_ROOT="$demo/root" STRAKE_RUN="$demo/run"
mkdir -p "$demo"

sudo=
[ "$(id -u)" = 0 ] || sudo="sudo --preserve-env=STRAKE_ROOT,STRAKE_RUN"
as_root() {
  $sudo "$@"
}
# Prints the command as a user would type it, then does it.
do_() {
  printf '\n\033[1m$ strake %s\033[0m\n' "$*"
  as_root "$strake" "$@"
}
quietly() {
  as_root "$strake" "$@" >/dev/null 2>&1 || true
}

registry=
clean_up() {
  quietly rm -f hello
  if [ -n "$registry" ]; then
    as_root kill "$registry" 2>/dev/null || true
    wait "$registry" 2>/dev/null || true
  fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

port() {
  as_root "$strake" inspect hello --format json |
    sed -n 's/.*"HostPort":"\([0-9]*\)".*/\1/p' | head -n 1
}
ask() {
  for _ in $(seq 50); do
    curl --silent --fail "http://127.0.0.1:$1/" && return 0
    sleep 0.1
  done
  echo "Cannot reach the site on port $1" >&2
  return 1
}

if ! as_root "$strake" images -q base | grep -q .; then
  codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
  if [ ! -s "$demo/base.tar" ]; then
    printf '\n\033[1m$ mmdebstrap --variant=minbase %s base.tar\033[0m\n' "$codename"
    as_root mmdebstrap --quiet --variant=minbase \
      --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
      "$codename" "$demo/new.tar"
    as_root mv "$demo/new.tar" "$demo/base.tar"
  fi
  do_ import -c 'CMD ["bash"]' "$demo/base.tar" base
fi

do_ build -t hello-web --progress plain examples/hello-web
do_ images
do_ history hello-web

do_ run -d --name hello -p 127.0.0.1::8080 hello-web
web=$(port)
printf '\n\033[1m$ curl http://127.0.0.1:%s/\033[0m\n' "$web"
ask "$web"
do_ ps
do_ logs hello
do_ stop hello
do_ rm hello

printf '\n\033[1m$ strake registry serve --port 0 --storage %s &\033[0m\n' "$demo/registry"
: > "$demo/registry.log"
# Not through as_root: in the background a function is a shell of its own, and ending that one
# would leave the registry running.
$sudo "$strake" registry serve --port 0 --storage "$demo/registry" > "$demo/registry.log" 2>&1 &
registry=$!
for _ in $(seq 100); do
  address=$(sed -n 's|.*http://\([^/ ]*\).*|\1|p' "$demo/registry.log")
  [ -z "$address" ] || break
  sleep 0.05
done
cat "$demo/registry.log"

do_ tag hello-web "$address/hello-web:1.0"
do_ push "$address/hello-web:1.0"
do_ rmi "$address/hello-web:1.0" hello-web
do_ pull "$address/hello-web:1.0"
do_ run --rm "$address/hello-web:1.0" cat /srv/www/index.html
do_ rmi "$address/hello-web:1.0"

printf '\nAll of it is in %s; remove it with:\n  %s\n  %s\n' "$demo" \
  "sudo env STRAKE_ROOT=$STRAKE_ROOT STRAKE_RUN=$STRAKE_RUN dist/strake system reset" "sudo rm -r $demo"
