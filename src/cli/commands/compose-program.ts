import { realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StrakeError } from '#oci'
import { type ChildProcess, isTerminal, spawnProcess } from '#platform'

type Environment = Readonly<Record<string, string | undefined>>

/** Where packages and users install plugins of the Docker CLI. */
function pluginFolders(env: Environment): readonly string[] {
  const own = env['DOCKER_CONFIG'] || (env['HOME'] && join(env['HOME'], '.docker'))
  return [
    ...(own ? [join(own, 'cli-plugins')] : []),
    '/usr/local/lib/docker/cli-plugins',
    '/usr/local/libexec/docker/cli-plugins',
    '/usr/lib/docker/cli-plugins',
    '/usr/libexec/docker/cli-plugins',
  ]
}

/**
 * Finds `docker-compose` on the PATH, or as a plugin of the Docker CLI. Throws `NOT_FOUND`, and
 * `DENIED` for a plugin that another user may replace.
 */
export function findCompose(env: Environment = process.env): string {
  const onPath = (env['PATH'] ?? '').split(':').filter((folder) => folder.startsWith('/'))
  const ofPath = onPath.map(programIn).find(isProgram)
  if (ofPath !== undefined) return ofPath
  const plugin = pluginFolders(env).map(programIn).find(isProgram)
  if (plugin !== undefined) {
    requireOwn(plugin)
    return plugin
  }
  throw new StrakeError('NOT_FOUND', 'Cannot run Compose: this machine has no docker-compose', {
    remedy: 'install the package docker-compose or docker-compose-plugin',
  })
}

const programIn = (folder: string): string => join(folder, 'docker-compose')

function isProgram(path: string): boolean {
  const status = statSync(path, { throwIfNoEntry: false })
  return status?.isFile() === true && (status.mode & 0o111) !== 0
}

/** A program that another user may replace would run with the rights of this one. */
function requireOwn(path: string): void {
  const real = realpathSync(path)
  for (const one of [dirname(path), dirname(real), real]) {
    const { uid, mode } = statSync(one)
    if ((uid === 0 || uid === process.getuid?.()) && (mode & 0o002) === 0) continue
    throw new StrakeError('DENIED', `Cannot run ${path}: another user may change ${one}`, {
      remedy: 'check its owner and its mode',
    })
  }
}

/** Variables by which a client would find another server. */
const others = ['DOCKER_CONTEXT', 'DOCKER_TLS', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH']

/**
 * Runs a client of the API in the foreground with its server at `socket`, and returns its exit
 * code. Signals are passed on.
 */
export async function runClient(argv: readonly string[], socket: string): Promise<number> {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !others.includes(name)),
  ) as Record<string, string>
  // The terminal sends these to both processes. A second one would make Compose give up.
  const ignored = (['SIGINT', 'SIGQUIT'] as const).map((name) => [name, ignore] as const)
  let child: ChildProcess | undefined
  const passed = passedSignals().map((name) => [name, () => void child?.kill(name)] as const)
  // Before the start: a signal that comes meanwhile is passed on too.
  for (const [name, handler] of [...ignored, ...passed]) process.on(name, handler)
  try {
    child = spawnProcess(argv, {
      stdio: ['inherit', 'inherit', 'inherit'],
      env: { ...env, DOCKER_HOST: `unix://${socket}` },
    })
    return (await child.exited).code
  } finally {
    for (const [name, handler] of [...ignored, ...passed]) process.off(name, handler)
  }
}

const ignore = (): void => {}

function passedSignals(): readonly NodeJS.Signals[] {
  const isInTerminal = ([0, 1, 2] as const).some((fd) => isTerminal(fd))
  const always = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const
  return isInTerminal ? always : [...always, 'SIGINT', 'SIGQUIT']
}
