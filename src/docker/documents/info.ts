import type { EngineDescription, StoreDescription } from '#engine/info'
import type { Platform } from '#oci'
import type { InspectDocument } from './document.ts'

/**
 * The document that `docker info --format json` prints. There is no daemon: the values are
 * those of the store and this machine.
 */
export function infoDocument(description: EngineDescription): InspectDocument {
  const { store, version, platform, cgroups } = description
  return {
    ...('problem' in store ? { ServerErrors: [store.problem] } : storeMembers(store)),
    Plugins: {
      Volume: ['local'],
      Network: ['bridge', 'host', 'none'],
      Authorization: null,
      Log: ['journald', 'json-file', 'local', 'none'],
    },
    LoggingDriver: 'json-file',
    CgroupDriver: description.ownsCgroups ? 'cgroupfs' : 'none',
    CgroupVersion: cgroups === 'unified' ? '2' : '1',
    KernelVersion: description.kernel,
    OperatingSystem: 'Linux',
    OSType: platform.os,
    Architecture: machineOf(platform),
    IndexServerAddress: 'https://index.docker.io/v1/',
    NCPU: description.cpus,
    MemTotal: description.memory,
    DockerRootDir: description.root,
    Name: description.hostname,
    Labels: [],
    ServerVersion: version,
    Swarm: { LocalNodeState: 'inactive' },
    SecurityOptions: [
      'name=seccomp,profile=builtin',
      ...(description.isRootless ? ['name=rootless'] : []),
      ...(cgroups === 'unified' ? ['name=cgroupns'] : []),
    ],
    ClientInfo: {
      Version: version,
      Os: platform.os,
      Arch: platform.architecture,
      Context: 'default',
      Plugins: [],
    },
  }
}

function storeMembers(store: StoreDescription): InspectDocument {
  const { images, containers, running, paused, snapshotter, runtime } = store
  const found = 'problem' in runtime ? undefined : runtime.runtime
  return {
    Containers: containers,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: containers - running - paused,
    Images: images,
    Driver: snapshotter.kind,
    DriverStatus: [['Reason', snapshotter.reason]],
    Runtimes: found === undefined ? {} : { [found.name]: { path: found.path } },
    DefaultRuntime: found?.name ?? '',
  }
}

/** The names of `uname -m`, which differ from those of images. */
const machines: Readonly<Record<string, string>> = {
  amd64: 'x86_64',
  arm64: 'aarch64',
  '386': 'i686',
  arm: 'armv7l',
}

function machineOf({ architecture }: Platform): string {
  return machines[architecture] ?? architecture
}
