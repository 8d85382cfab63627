import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import type { Handler } from '#http'
import { StrakeError } from '#oci'
import { isSystemError } from '#platform'
import { type ApiServer, serveApi } from '#platform/net/serve-api'

export interface ListenApiOptions {
  /** The path of a Unix socket. */
  readonly socket: string
  /** The numeric ID of the group that may use the socket. Default: root's. */
  readonly group?: number | undefined
}

/**
 * Serves a handler that may take connections over, on a Unix socket that root and one group may
 * use. Replaces a socket that no process serves. Throws `CONFLICT` when another process serves it.
 */
export async function listenApi(
  handler: Handler,
  { socket, group = 0 }: ListenApiOptions,
): Promise<ApiServer> {
  mkdirSync(dirname(socket), { recursive: true, mode: 0o755 })
  await removeDeadSocket(socket)
  // Nobody may connect before the socket has its group and mode.
  const mask = process.umask(0o177)
  try {
    const server = await serveApi(handler, { unix: socket })
    chownSync(socket, 0, group)
    chmodSync(socket, 0o660)
    return {
      idle: server.idle,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]()
        rmSync(socket, { force: true })
      },
    }
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    throw new StrakeError('UNAVAILABLE', `Cannot listen on ${socket}: ${cause.message}`, { cause })
  } finally {
    process.umask(mask)
  }
}

async function removeDeadSocket(socket: string): Promise<void> {
  if (!existsSync(socket)) return
  if (!lstatSync(socket).isSocket()) {
    throw new StrakeError('CONFLICT', `Cannot listen on ${socket}: it is no socket`, {
      remedy: 'name another path with --host unix:///PATH',
    })
  }
  if (await isServed(socket)) {
    throw new StrakeError('CONFLICT', `Cannot listen on ${socket}: another process serves it`, {
      remedy: 'name another path with --host unix:///PATH',
    })
  }
  rmSync(socket)
}

function isServed(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket)
    connection.once('connect', () => {
      connection.destroy()
      resolve(true)
    })
    connection.once('error', () => resolve(false))
  })
}
