#!/bin/sh
# Runs a command in namespaces of its own: mounts, processes, network, cgroups.
# Its processes and mounts end with it, also after a failure or a kill.
#
#   sandbox.sh DIRECTORY ROOT STORE REPOSITORY COMMAND...
#
# DIRECTORY is empty. DIRECTORY/store becomes the directory of all stores: in memory, or
# STORE if that is not empty. ROOT is the root file system for the command, or empty for
# the host's. Changes below ROOT are kept in memory.
set -eu

# Joins new cgroups. The cgroup of a process becomes the root when it makes a cgroup namespace.
join_cgroups() {
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
    [ -e "$hierarchy/cgroup.procs" ] || continue
    mkdir "$hierarchy/$1"
    for file in cpuset.mems cpuset.cpus; do
      [ ! -e "$hierarchy/$file" ] || cat "$hierarchy/$file" >"$hierarchy/$1/$file"
    done
    echo $$ >"$hierarchy/$1/cgroup.procs"
  done
}

# Mounts the host's cgroup hierarchies at $1.
mount_cgroups() {
  mkdir "$1"
  if grep -q ' /sys/fs/cgroup cgroup2 ' /proc/self/mounts; then
    mount -t cgroup2 cgroup2 "$1"
    mkdir "$1/init"
    echo 1 >"$1/init/cgroup.procs"
    for controller in $(cat "$1/cgroup.controllers"); do
      echo "+$controller" >"$1/cgroup.subtree_control" || true
    done
    return
  fi
  mount -t tmpfs tmpfs "$1"
  # Version 1 without the version 2 hierarchy beside it, because crun refuses the mixture.
  grep ' cgroup ' /proc/self/mounts | while read -r _ path _; do
    name=${path##*/}
    [ "${path%/*}" = /sys/fs/cgroup ] || continue
    mkdir "$1/$name"
    options=$name
    [ "$name" != systemd ] || options=none,name=systemd
    mount -t cgroup -o "$options" cgroup "$1/$name"
  done
}

bind() {
  mkdir -p "$2"
  mount --bind "$1" "$2"
}

# Makes ROOT the root directory, with REPOSITORY at the same path as outside.
enter_root() {
  mkdir "$base/changes" "$base/work" "$base/root"
  mount -t overlay overlay "$base/root" \
    -o "lowerdir=$1,upperdir=$base/changes,workdir=$base/work"
  bind /dev "$base/root/dev"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$base/root/dev/pts"
  mount -t proc proc "$base/root/proc"
  mount -t sysfs sysfs "$base/root/sys"
  mount --move "$base/cgroups" "$base/root/sys/fs/cgroup"
  bind "$2" "$base/root$2"
  bind "$base/store" "$base/root$base/store"
  mkdir "$base/root/.old"
  cd "$base/root"
  pivot_root . .old
  cd /
  umount -l /.old
}

if [ "$1" != --inside ]; then
  name=$(basename "$1")
  join_cgroups "$name"
  exec setpriv --pdeathsig KILL unshare --mount --pid --net --cgroup --fork --kill-child \
    sh "$0" --inside "$@"
fi

base=$2 root=$3 store=$4 repository=$5
shift 5
mount -t tmpfs -o size=14g,mode=755 tmpfs "$base"
mkdir "$base/store"
mount_cgroups "$base/cgroups"
[ -z "$store" ] || mount --bind "$store" "$base/store"
if [ -n "$root" ]; then
  enter_root "$root" "$repository"
else
  mount -t proc proc /proc
  mount -t sysfs sysfs /sys
  mount --move "$base/cgroups" /sys/fs/cgroup
fi
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
ip link set lo up
# Without exec, because process 1 must reap orphans.
"$@"
exit $?
