import { StrakeError } from '#oci'
import { isSystemError } from '#platform'
import { describeProxied, type ProxiedPort } from './proxied-port.ts'
import { openTcpProxy } from './tcp-proxy.ts'
import { openUdpProxy } from './udp-proxy.ts'

/**
 * Serves ports on IPv6 addresses of the host until it is disposed. Throws `CONFLICT` when one is in
 * use, and then serves none.
 */
export async function openProxies(ports: readonly ProxiedPort[]): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack()
  for (const port of ports) opened.use(await open(port))
  return opened.move()
}

async function open(port: ProxiedPort): Promise<AsyncDisposable> {
  try {
    return await (port.protocol === 'tcp' ? openTcpProxy(port) : openUdpProxy(port))
  } catch (cause) {
    if (!isSystemError(cause)) throw cause
    const isTaken = isSystemError(cause, 'EADDRINUSE')
    const reason = isTaken ? 'address already in use by another process' : (cause as Error).message
    throw new StrakeError('CONFLICT', `Cannot publish port ${describeProxied(port)}: ${reason}`, {
      cause,
      remedy: 'choose another host port, or stop the program or container that uses this one',
    })
  }
}
