import { createHash } from 'node:crypto'
import { StrakeError } from '#oci'
import { ipVersion, isPrivateAddress } from '#platform'
import { type ResolveHost, resolveHost } from '../http/address.ts'
import { targetsOf } from '../http/named-host.ts'
import { connectionError, parseRetryAfter, RetryableError } from '../http/retry.ts'
import type { Fetch } from '../http/transport.ts'
import type { Hook } from './hook.ts'
import type { Letter } from './outbox.ts'
import { signatures } from './sign.ts'

export interface DeliverServices {
  readonly fetch: Fetch
  readonly resolve: ResolveHost
  /** Returns milliseconds since 1970. */
  readonly now: () => number
}

export const deliverServices: DeliverServices = {
  fetch: (url, init) => fetch(url, init),
  resolve: resolveHost,
  now: Date.now,
}

/**
 * Sends events to a hook in one request: one event by itself, several as a batch. The connection goes
 * to an address that was checked; redirects are not followed, and no proxy is used, because either
 * could lead to an address that was not. Throws `UNAVAILABLE` when the receiver did not take them, and
 * `DENIED` for a private address.
 */
export async function deliver(
  hook: Hook,
  letters: readonly Letter[],
  services: DeliverServices,
  signal?: AbortSignal,
): Promise<void> {
  const { url, timeout } = hook
  const single = letters.length === 1
  const body = single ? (letters[0]?.text ?? '') : `[${letters.map(({ text }) => text).join(',')}]`
  const [target] = targetsOf(url, await allowedAddresses(hook, services))
  const limit = AbortSignal.timeout(timeout)
  const init = {
    method: 'POST',
    body,
    redirect: 'manual',
    proxy: false,
    headers: {
      'Content-Type': `application/cloudevents${single ? '' : '-batch'}+json; charset=utf-8`,
      'User-Agent': 'strake-registry',
      ...(await signed(hook, { id: deliveryId(letters), body, now: services.now() })),
      ...target.headers,
    },
    ...(target.tls && { tls: target.tls }),
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
  }
  const response = await services
    .fetch(target.href, init as RequestInit)
    .catch((error: unknown) => {
      throw connectionError(url.host, error, signal)
    })
  // The status says whether the receiver has the events, so its body is not read.
  await response.body?.cancel().catch(() => {})
  if (response.status >= 200 && response.status < 300) return
  const asked = parseRetryAfter(response.headers.get('Retry-After'), services.now())
  const message = `Cannot deliver to the webhook ${hook.name}: it answered ${response.status}`
  throw new RetryableError(new StrakeError('UNAVAILABLE', message), asked)
}

/** A look-up after this one could return another address, so the request goes to one of these. */
async function allowedAddresses(
  { name, url, allowsPrivate }: Hook,
  { resolve }: DeliverServices,
): Promise<readonly string[]> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
  const isAddress = ipVersion(host) !== 0
  const addresses = isAddress ? [host] : await resolve(host).catch(() => [])
  if (addresses.length === 0) {
    const message = `Cannot deliver to the webhook ${name}: ${host} has no address`
    throw new StrakeError('UNAVAILABLE', message)
  }
  const inner = allowsPrivate ? undefined : addresses.find(isPrivateAddress)
  if (inner !== undefined) {
    const message = `Cannot deliver to the webhook ${name}: ${host} is at ${inner}, a private address`
    throw new StrakeError('DENIED', message, {
      remedy: 'set allowPrivate if the receiver is in your own network',
    })
  }
  return isAddress ? [] : addresses
}

/** The same events have the same ID when they are sent again. */
function deliveryId(letters: readonly Letter[]): string {
  const [first] = letters
  if (first !== undefined && letters.length === 1) return first.id
  const hash = createHash('sha256').update(letters.map(({ id }) => id).join(' '))
  return hash.digest('hex').slice(0, 32)
}

async function signed(
  { secrets }: Hook,
  { id, body, now }: { readonly id: string; readonly body: string; readonly now: number },
): Promise<Readonly<Record<string, string>>> {
  const timestamp = Math.floor(now / 1000)
  const known = await secrets()
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    ...(known.length > 0 && {
      'webhook-signature': signatures(known, { id, timestamp, body }),
    }),
  }
}
