import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { StrakeError } from '#oci'

/** A Unix socket in the file system, whose server is this process. */
export interface OwnedSocket {
  /** Removes the path, unless it belongs to another server meanwhile. */
  remove(): void
}

/**
 * Makes a socket at a path that this user and one group may use, with the function that listens there.
 * Replaces a socket that no process serves. Throws `CONFLICT` when another process serves it, and
 * what `listen` throws.
 */
export async function ownSocket(
  path: string,
  group: number,
  listen: () => Promise<void>,
): Promise<OwnedSocket> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 })
  await removeDeadSocket(path)
  // Nobody may connect before the socket has its group and mode.
  const mask = process.umask(0o177)
  try {
    await listen()
  } finally {
    process.umask(mask)
  }
  chownSync(path, process.getuid?.() ?? 0, group)
  chmodSync(path, 0o660)
  const { ino } = lstatSync(path)
  return {
    remove() {
      if (lstatSync(path, { throwIfNoEntry: false })?.ino === ino) rmSync(path, { force: true })
    },
  }
}

async function removeDeadSocket(path: string): Promise<void> {
  if (!existsSync(path)) return
  const remedy = 'name another path with --host unix:///PATH'
  if (!lstatSync(path).isSocket()) {
    throw new StrakeError('CONFLICT', `Cannot listen on ${path}: it is no socket`, { remedy })
  }
  if (await isServed(path)) {
    const message = `Cannot listen on ${path}: another process serves it`
    throw new StrakeError('CONFLICT', message, { remedy })
  }
  rmSync(path, { force: true })
}

/** Tells whether a process accepts connections at a path. */
export function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(path)
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.once('error', () => resolve(false))
  })
}
