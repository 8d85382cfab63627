import { formatIpv6, ipBytes } from '#platform'
import {
  type DnsQuestion,
  dnsCode,
  dnsType,
  encodeName,
  formatAnswer,
  formatEmpty,
} from './message.ts'
import type { ContainerNames } from './names.ts'

/**
 * Answers a question about containers. Returns `undefined` for a question that another server must
 * answer. A known name without a record of the asked type has an empty answer: an error would end
 * the search of a client that asks for IPv6 addresses first.
 */
export function answerLocally(
  question: DnsQuestion,
  names: ContainerNames,
): Uint8Array | undefined {
  if (question.type === dnsType.ptr) {
    const name = names.nameOf(addressIn(question.name))
    return name === undefined ? undefined : formatAnswer(question, [encodeName(name)])
  }
  const addresses = names.addressesOf(question.name)
  if (addresses === undefined) return undefined
  const isNew = question.type === dnsType.aaaa
  if (!isNew && question.type !== dnsType.a) return formatEmpty(question, dnsCode.ok)
  const wanted = addresses.filter((address) => address.includes(':') === isNew)
  return formatAnswer(question, shuffled(wanted).map(ipBytes))
}

/** `10.1.0.2` of `2.0.1.10.in-addr.arpa`, and the IPv6 address of a name in `ip6.arpa` (RFC 3596 section 2.5). */
function addressIn(name: string): string {
  const [, digits] = /^((?:[0-9a-f]\.){32})ip6\.arpa$/.exec(name) ?? []
  if (digits !== undefined) {
    const text = digits.split('.').reverse().join('')
    return formatIpv6(BigInt(`0x${text}`))
  }
  return name
    .replace(/\.in-addr\.arpa$/, '')
    .split('.')
    .reverse()
    .join('.')
}

/** Another order every time, so that clients that take the first address share the servers. */
function shuffled<T>(values: readonly T[]): readonly T[] {
  const start = Math.floor(Math.random() * values.length)
  return [...values.slice(start), ...values.slice(0, start)]
}
