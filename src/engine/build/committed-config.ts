import type { ContainerSettings } from '#container'
import type { RunConfig } from '#oci'

/** Returns the configuration of an image whose containers run like this one by default. */
export function runConfigOf(settings: ContainerSettings, image: RunConfig): RunConfig {
  const { health, stopSignal, user } = settings
  const ports = settings.ports.map((port) => `${port.containerPort}/${port.protocol}`)
  const config: RunConfig = {
    ...(user !== '' && { User: user }),
    ...keysOf('ExposedPorts', [...settings.exposed, ...ports]),
    Env: settings.env.filter((variable) => !isOfContainer(settings, variable)),
    ...(settings.entrypoint.length > 0 && { Entrypoint: settings.entrypoint }),
    ...(settings.command.length > 0 && { Cmd: settings.command }),
    ...keysOf('Volumes', settings.volumes),
    WorkingDir: settings.workingDir,
    ...(Object.keys(settings.labels).length > 0 && { Labels: settings.labels }),
    ...((image.StopSignal !== undefined || stopSignal !== defaultStopSignal) && {
      StopSignal: stopSignal,
    }),
    ...(health !== undefined && { Healthcheck: health }),
    ...(image.Shell !== undefined && { Shell: image.Shell }),
  }
  return config
}

/**
 * Adds a configuration to that of a container, by Docker's rules: maps and variables are joined, and
 * what is given counts. An entrypoint of its own leaves the command of the container out.
 */
export function joinConfigs(own: RunConfig, given: RunConfig): RunConfig {
  const joined: Record<string, unknown> = { ...own, ...given }
  for (const name of ['ExposedPorts', 'Volumes', 'Labels'] as const) {
    if (own[name] !== undefined || given[name] !== undefined) {
      joined[name] = { ...own[name], ...given[name] }
    }
  }
  const variables = [...(own.Env ?? []), ...(given.Env ?? [])].map(
    (variable) => [variable.split('=')[0] ?? '', variable] as const,
  )
  joined['Env'] = [...new Map(variables).values()]
  if (given.Entrypoint !== undefined && given.Cmd === undefined) delete joined['Cmd']
  return joined
}

const defaultStopSignal = 'SIGTERM'

/** True for variables that are set for every container by itself. */
function isOfContainer({ hostname, tty }: ContainerSettings, variable: string): boolean {
  return variable === `HOSTNAME=${hostname}` || (tty && variable === 'TERM=xterm')
}

function keysOf(
  key: 'ExposedPorts' | 'Volumes',
  names: readonly string[],
): Pick<RunConfig, 'ExposedPorts' | 'Volumes'> {
  if (names.length === 0) return {}
  return { [key]: Object.fromEntries([...new Set(names)].sort().map((name) => [name, {}])) }
}
