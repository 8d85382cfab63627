/**
 * Runs network operations in the namespace in which it was started: one JSON call per line on
 * standard input, one JSON result per line on standard output.
 */
import { createInterface } from 'node:readline'
import type { EndpointOptions } from '../endpoint.ts'
import type { AttachOptions } from '../model.ts'
import { openNetworks } from '../networks.ts'
import type { UserNetwork } from '../user-network.ts'

/**
 * A call of the driver. It contains the address instead of a callback; the default is the first
 * address.
 */
export type DriverCall =
  | {
      readonly method: 'attach'
      readonly options: AttachOptions
      readonly ip?: string
      readonly network?: string
      /** Networks of users to join instead, each with the container's address. */
      readonly joined?: readonly {
        readonly network: UserNetwork
        readonly ip?: string
        readonly ip6?: string
        readonly endpoint?: EndpointOptions
      }[]
    }
  | { readonly method: 'detach'; readonly containerId: string }
  | {
      readonly method: 'cleanStale'
      readonly liveIds: readonly string[]
      readonly networks?: readonly UserNetwork[]
    }
  | { readonly method: 'remove' }

export interface DriverAnswer {
  readonly value?: unknown
  readonly error?: { readonly code: string; readonly message: string }
  readonly milliseconds: number
}

const [run = '', bridge, subnet] = process.argv.slice(2)
const networks = openNetworks({
  run,
  bridge: { ...(bridge ? { name: bridge } : {}), ...(subnet ? { subnet } : {}) },
})

async function perform(call: DriverCall): Promise<unknown> {
  switch (call.method) {
    case 'attach':
      return await networks.attach({
        ...call.options,
        networks: call.joined?.map(({ network, ip, ip6, endpoint }) => ({
          ...{ name: network.name, network, endpoint, allocate: () => ({ ip, ip6 }) },
        })) ?? [
          {
            name: call.network ?? 'bridge',
            allocate: ({ ipv4 }) => ({ ip: call.ip ?? ipv4?.gateway.replace(/1$/, '2') }),
          },
        ],
      })
    case 'detach':
      return await networks.detach(call.containerId)
    case 'cleanStale':
      return await networks.cleanStale(call.liveIds, call.networks)
    case 'remove':
      return await networks.remove()
  }
}

async function answer(call: DriverCall): Promise<DriverAnswer> {
  const start = performance.now()
  try {
    const value = await perform(call)
    return { value, milliseconds: performance.now() - start }
  } catch (error) {
    const { code = 'INTERNAL', message = '' } = error as { code?: string; message?: string }
    return { error: { code, message }, milliseconds: performance.now() - start }
  }
}

if (import.meta.main) {
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await answer(JSON.parse(line))
    process.stdout.write(`${JSON.stringify(reply)}\n`)
  }
}
