import type { ContainerSettings } from '#container'
import type { InspectDocument } from './document.ts'

/** `Config`: the settings that do not depend on the machine. */
export function configDocument(settings: ContainerSettings): InspectDocument {
  const { health, healthAction, volumes, attached = [] } = settings
  const published = settings.ports.map((port) => `${port.containerPort}/${port.protocol}`)
  const exposed = [...settings.exposed, ...published]
  return {
    Hostname: settings.hostname,
    Domainname: settings.domainname ?? '',
    User: settings.user,
    AttachStdin: attached.includes('stdin'),
    AttachStdout: attached.includes('stdout'),
    AttachStderr: attached.includes('stderr'),
    ExposedPorts: Object.fromEntries(exposed.map((port) => [port, {}])),
    Tty: settings.tty,
    OpenStdin: settings.interactive,
    StdinOnce: settings.stdinOnce,
    Env: ownVariables(settings),
    Cmd: listOrNull(settings.command),
    ...(health === undefined ? {} : { Healthcheck: health }),
    // Podman's word; Docker has no such setting.
    ...(healthAction === undefined ? {} : { HealthcheckOnFailureAction: healthAction }),
    Image: settings.image.reference,
    Volumes: volumes.length === 0 ? null : Object.fromEntries(volumes.map((path) => [path, {}])),
    WorkingDir: settings.workingDir,
    Entrypoint: listOrNull(settings.entrypoint),
    Labels: settings.labels,
    // Docker leaves out its defaults.
    ...(settings.stopSignal === 'SIGTERM' ? {} : { StopSignal: settings.stopSignal }),
    ...(settings.stopTimeout === 10 ? {} : { StopTimeout: settings.stopTimeout }),
  }
}

/** As in Docker, without the variables that every container gets when it starts. */
function ownVariables({ env, hostname, tty }: ContainerSettings): readonly string[] {
  return env.filter(
    (variable) => variable !== `HOSTNAME=${hostname}` && !(tty && variable === 'TERM=xterm'),
  )
}

/** Docker shows an absent list as null. */
export function listOrNull<T>(items: readonly T[]): readonly T[] | null {
  return items.length === 0 ? null : items
}
