import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { activateServer, describeApi, startApi } from '../api.ts'
import type { Daemon } from '../daemon.ts'
import { type Environment, execute, measure } from '../measure.ts'
import { executeTool, type Place, removeListed, run, type Tool } from './tool.ts'

/** Opens an empty store for `program`, which is on disk like the other programs. */
export async function openStrake(place: Place, program: string): Promise<Tool> {
  const directory = join(place.directory, 'strake')
  const store = join(directory, 'root')
  const env = { ...place.env, STRAKE_ROOT: store, STRAKE_RUN: join(directory, 'run') }
  await mkdir(directory, { recursive: true })
  const info = await execute([program, 'info'], env)
  const socket = join(directory, 'api.sock')
  let server: Daemon | undefined
  const stopServer = async (): Promise<void> => {
    await server?.[Symbol.asyncDispose]()
    server = undefined
  }
  const tool: Tool = {
    name: 'strake',
    about: describe(info.stdout),
    store,
    attempt: (args, options = {}) => {
      const { runtime } = options
      const environment = runtime === undefined ? env : { ...env, STRAKE_RUNTIME: runtime }
      return executeTool([program, ...args], environment, options)
    },
    async api() {
      server ??= await startApi([program, 'system', 'serve', '--host', `unix://${socket}`], {
        env,
        log: join(directory, 'api.log'),
        socket,
      })
      return describeApi(server.pid, socket, env)
    },
    activate: () => activateServer([program, 'system', 'serve', '--host', 'fd://'], env, directory),
    async reset() {
      await stopServer()
      await removeListed(tool, ['ps', '--all', '--quiet'], ['rm', '--force'])
      await run(tool, ['system', 'prune', '--all', '--force'])
      await run(tool, ['system', 'cleanup'])
      await unmountBelow(directory, place.env)
      await rm(store, { recursive: true, force: true })
      await rm(env.STRAKE_RUN, { recursive: true, force: true })
    },
    pullArguments: (image) => ['pull', '-q', image],
    pushArguments: (image, compression) => ['push', '-q', '--compression', compression, image],
    [Symbol.asyncDispose]: () => tool.reset(),
  }
  return tool
}

function describe(info: string): string {
  const line = (title: string): string =>
    new RegExp(`^${title}:\\s*(.*)$`, 'm').exec(info)?.[1] ?? 'unknown'
  return [line('Version'), `snapshotter ${line('Snapshotter')}`, `runtime ${line('Runtime')}`].join(
    '; ',
  )
}

/** Unmounts everything, so that a removal of the store does not remove mounted files. */
async function unmountBelow(directory: string, env: Environment): Promise<void> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8'))
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((path) => path.startsWith(`${directory}/`))
  for (const mount of mounts.toReversed()) await measure(['umount', mount], env)
}
