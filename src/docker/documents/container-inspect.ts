import type { ContainerDetails } from '#container'
import { apparmorProfile } from '#runtime'
import { configDocument } from './container-config.ts'
import { mountDocuments } from './container-mounts.ts'
import { networkDocument } from './container-network.ts'
import type { InspectDocument } from './document.ts'
import { hostConfigDocument } from './host-config.ts'

/**
 * The document that `docker container inspect` of Docker 29 prints for one
 * container. `NetworkSettings` also has the addresses at its top, as older versions.
 */
export function containerDocument(details: ContainerDetails): InspectDocument {
  const { settings, directory } = details
  const [path = '', ...args] = [...settings.entrypoint, ...settings.command]
  return {
    Id: details.id,
    Created: new Date(details.createdAt).toISOString(),
    Path: path,
    Args: args,
    State: stateDocument(details),
    Image: settings.image.id,
    ResolvConfPath: `${directory}/resolv.conf`,
    HostnamePath: `${directory}/hostname`,
    HostsPath: `${directory}/hosts`,
    LogPath: details.log ?? '',
    Name: `/${details.name}`,
    RestartCount: details.state.restartCount,
    Driver: details.snapshotter,
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: apparmorProfile(settings.security),
    ExecIDs: details.execs.length === 0 ? null : details.execs,
    HostConfig: hostConfigDocument(settings, details),
    Storage: { RootFS: { Snapshot: { Name: details.snapshotter } } },
    Mounts: mountDocuments(details),
    Config: configDocument(settings),
    NetworkSettings: networkDocument(details),
    ...(details.manifest === undefined ? {} : { ImageManifestDescriptor: details.manifest }),
  }
}

function stateDocument({ state, isRunning, health }: ContainerDetails): InspectDocument {
  const time = (text: string): string => text || '0001-01-01T00:00:00Z'
  return {
    Status: state.status,
    Running: isRunning,
    Paused: state.status === 'paused',
    Restarting: state.status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: state.status === 'dead',
    Pid: isRunning ? (state.process?.pid ?? 0) : 0,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: time(state.startedAt),
    FinishedAt: time(state.finishedAt),
    ...(health === undefined ? {} : { Health: health }),
  }
}
