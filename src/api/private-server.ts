import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from '#engine/engine'
import { isServed } from '#server/unix-socket'
import { type ServedApi, type ServeOptions, serveEngine } from './serve.ts'

/** A server for one command, on a socket that only root finds. */
export interface PrivateServer extends ServedApi {
  /** The path of the socket. */
  readonly socket: string
}

const prefix = 'api-'

/** Serves the Engine API on a socket in a directory of its own until disposed. */
export async function servePrivately(
  engine: Engine,
  options: Pick<ServeOptions, 'signal' | 'onFailure' | 'buildsHere'>,
): Promise<PrivateServer> {
  mkdirSync(engine.run, { recursive: true, mode: 0o700 })
  await removeDead(engine)
  // mkdtemp makes a directory that only root may enter.
  const directory = mkdtempSync(join(engine.run, prefix))
  const socket = join(directory, 'docker.sock')
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  try {
    const addresses = [{ kind: 'unix', path: socket } as const]
    const server = await serveEngine(engine, { ...options, addresses })
    return {
      ...server,
      socket,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

/** Milliseconds in which another command may have made its directory, and does not listen yet. */
const youth = 60_000

/** Removes directories of commands that were killed. */
async function removeDead({ run }: Engine): Promise<void> {
  for (const name of readdirSync(run)) {
    if (!/^api-[\w-]{6}$/.test(name)) continue
    const directory = join(run, name)
    const made = statSync(directory, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
    if (Date.now() - made < youth) continue
    if (!(await isServed(join(directory, 'docker.sock')))) {
      rmSync(directory, { recursive: true, force: true })
    }
  }
}
