import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { importBusybox } from './busybox.ts'
import { end } from './servers.ts'
import {
  type CommandOptions,
  command,
  missing,
  type Outcome,
  openStrake,
  program,
  type Strake,
} from './strake.ts'

/** The directory of the built programs of Docker and BuildKit. */
const peers: string = process.env['STRAKE_GOPEERS'] ?? '/var/cache/strake-gopeers'

/** Returns the reason why a test with real clients of BuildKit cannot run here. */
export function clientsMissing(...programs: readonly string[]): string | undefined {
  const absent = programs.filter((name) => !existsSync(join(peers, name)))
  if (absent.length > 0) return `needs ${absent.join(' and ')} in ${peers}`
  return missing('busybox', 'tar')
}

/** `strake system serve` over a store with busybox, and the clients that build with it. */
export interface BuildServer extends AsyncDisposable {
  readonly strake: Strake
  readonly socket: string
  /** `docker buildx ARGS` */
  buildx(args: readonly string[], options?: CommandOptions): Promise<Outcome>
  /** Any program of the directory of peers, with the environment of Docker. */
  run(argv: readonly string[], options?: CommandOptions): Promise<Outcome>
}

export async function openBuildServer(): Promise<BuildServer> {
  const strake = await openStrake()
  await importBusybox(strake)
  const plugins = join(strake.directory, 'docker/cli-plugins')
  mkdirSync(plugins, { recursive: true })
  for (const name of ['docker-buildx', 'docker-compose']) {
    symlinkSync(join(peers, name), join(plugins, name))
  }
  const socket = join(strake.directory, 'run/docker.sock')
  const child = Bun.spawn([program, 'system', 'serve'], {
    env: { PATH: process.env['PATH'] ?? '', ...strake.env },
    stdout: 'pipe',
    stderr: 'inherit',
  })
  // The first line tells that the socket exists.
  await child.stdout.getReader().read()
  const run: BuildServer['run'] = ([name = '', ...args], options = {}) =>
    command([join(peers, name), ...args], {
      ...options,
      env: { ...strake.env, DOCKER_HOST: `unix://${socket}`, ...options.env },
    })
  return {
    strake,
    socket,
    run,
    buildx: (args, options) => run(['docker', 'buildx', ...args], options),
    async [Symbol.asyncDispose]() {
      await end(child)
      await strake[Symbol.asyncDispose]()
    },
  }
}
