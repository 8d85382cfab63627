import { StrakeError } from '#oci'
import { ipVersion, isPrivateAddress } from '#platform'
import type { Downloads } from './http.ts'
import { noAddress } from './refusal.ts'
import type { HttpServices } from './services.ts'

/**
 * Returns the address that git must connect to, so that a second look-up of the name
 * cannot give another one, or `undefined` when every address is allowed. Throws `DENIED`
 * for a repository on an inner network.
 */
export async function gitAddress(
  remote: string,
  from: Downloads,
  http: HttpServices,
): Promise<string | undefined> {
  if (from === 'any') return undefined
  const deny = (reason: string): StrakeError =>
    new StrakeError('DENIED', `Cannot fetch ${remote}: ${reason}`)
  if (remote.startsWith('git:')) throw deny('its protocol cannot be limited to public servers')
  const host = remote.includes('://')
    ? new URL(remote).hostname.replace(/^\[|\]$/g, '')
    : (/@([^:]*):/.exec(remote)?.[1] ?? '')
  const addresses = ipVersion(host) === 0 ? await http.lookup(host) : [host]
  const inner = addresses.find(isPrivateAddress)
  if (inner !== undefined) throw deny(`${host} is at ${inner}, an address of an inner network`)
  const [address] = addresses
  if (address === undefined) {
    throw new StrakeError('UNAVAILABLE', `Cannot fetch ${remote}: ${noAddress}`)
  }
  return address
}
