import { afterEach, describe } from 'bun:test'
import { type Server, serve } from '#platform'
import type { FetchHandler } from '../../registry.ts'

/** Sends one request to a handler. */
export type Call = (method: string, path: string, init?: RequestInit) => Promise<Response>

/**
 * Runs tests of a handler twice: as a function, and over a socket, where the runtime may
 * change the answer. Calls `define` with a function that makes a `Call` of a handler.
 */
export function describeBothWays(
  name: string,
  define: (open: (handler: FetchHandler) => Promise<Call>) => void,
): void {
  describe(`${name}, called`, () => {
    define(async (handler) =>
      (method, path, init = {}) => {
        const request = new Request(`http://localhost:5000${path}`, { ...init, method })
        return handler(request)
      })
  })
  describe(`${name}, over a socket`, () => {
    const servers: Server[] = []
    afterEach(async () => {
      for (const server of servers.splice(0)) await server[Symbol.asyncDispose]()
    })
    define(async (handler) => {
      const server = await serve(handler)
      servers.push(server)
      return (method, path, init = {}) =>
        fetch(`${server.url}${path}`, { ...init, method, redirect: 'manual' })
    })
  })
}
