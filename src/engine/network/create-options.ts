import type { BlockRequest } from '#network'
import type { NetworkTraits } from '#records'

export interface CreateNetworkOptions {
  readonly name: string
  /** Default: `bridge`. */
  readonly driver?: 'bridge' | 'macvlan' | 'ipvlan' | undefined
  /** `false` for a network without IPv4. What is absent is chosen. */
  readonly ipv4?: BlockRequest | false | undefined
  /** Absent for a network without IPv6. */
  readonly ipv6?: BlockRequest | undefined
  /** Addresses that other machines have, by their names. */
  readonly auxiliary?: Readonly<Record<string, string>> | undefined
  readonly isInternal?: boolean | undefined
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** Options of the driver. */
  readonly options?: Readonly<Record<string, string>> | undefined
  readonly traits?: NetworkTraits | undefined
}
