import { isIP } from 'node:net'
import { HclError } from '../hcl-error.ts'
import { numberOf, textOf } from '../value.ts'
import { define, defineMany, type FunctionTable } from './define.ts'

export const networks: FunctionTable = {
  cidrhost: define(['text', 'number'], host),
  cidrnetmask: define(['text'], (text) => {
    const { isV4, length, bits } = readPrefix(text)
    if (!isV4) throw new HclError('only IPv4 has masks')
    return formatAddress(maskOf(length, bits), isV4)
  }),
  cidrsubnet: define(['text', 'number', 'number'], (text, more, number) =>
    formatPrefix(subnet(readPrefix(text), more, BigInt(number))),
  ),
  cidrsubnets: defineMany('any', 1, (text, ...sizes) =>
    subnets(
      textOf(text),
      sizes.map((one) => numberOf(one)),
    ),
  ),
}

/** An address prefix, for example 10.0.0.0/8. */
interface Prefix {
  readonly address: bigint
  readonly length: number
  readonly bits: 32 | 128
  readonly isV4: boolean
}

function readPrefix(text: string): Prefix {
  const [, address = '', digits = ''] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? []
  const version = isIP(address)
  const bits = version === 4 ? 32 : 128
  const length = Number(digits)
  if (version === 0 || length > bits) {
    throw new HclError(`${JSON.stringify(text)} is no address prefix, such as 10.0.0.0/8`)
  }
  const whole = version === 4 ? readV4(address) : readV6(address)
  return { address: whole & maskOf(length, bits), length, bits, isV4: version === 4 }
}

const readV4 = (text: string): bigint =>
  text.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n)

function readV6(text: string): bigint {
  const tail = /(\d+\.\d+\.\d+\.\d+)$/.exec(text)?.[1]
  const low = tail === undefined ? undefined : readV4(tail)
  const plain =
    tail === undefined || low === undefined
      ? text
      : text.replace(tail, `${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`)
  const [before = '', after] = plain.split('::')
  const groups = (part: string): readonly string[] => (part === '' ? [] : part.split(':'))
  const [head, end] = [groups(before), groups(after ?? '')]
  const zeros = Array.from({ length: 8 - head.length - end.length }, () => '0')
  return [...head, ...zeros, ...end].reduce(
    (sum, group) => sum * 65_536n + BigInt(`0x${group}`),
    0n,
  )
}

const maskOf = (length: number, bits: number): bigint =>
  ((1n << BigInt(length)) - 1n) << BigInt(bits - length)

function formatAddress(address: bigint, isV4: boolean): string {
  if (isV4) return [24n, 16n, 8n, 0n].map((shift) => (address >> shift) & 255n).join('.')
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((address >> BigInt(112 - index * 16)) & 0xffffn).toString(16),
  )
  const runs = [...groups.join(':').matchAll(/\b0(?::0)+\b/g)].map(([run]) => run)
  const longest = runs.sort((a, b) => b.length - a.length)[0]
  if (longest === undefined) return groups.join(':')
  return groups.join(':').replace(new RegExp(`:?\\b${longest}\\b:?`), '::')
}

const formatPrefix = ({ address, length, isV4 }: Prefix): string =>
  `${formatAddress(address, isV4)}/${length}`

/** A negative number counts from the end of the prefix. */
function host(text: string, number: number): string {
  const { address, length, bits, isV4 } = readPrefix(text)
  const count = 1n << BigInt(bits - length)
  const index = number < 0 ? count + BigInt(number) : BigInt(number)
  if (index < 0n || index >= count) throw new HclError(`${text} has no host ${number}`)
  return formatAddress(address + index, isV4)
}

function subnet(prefix: Prefix, more: number, number: bigint): Prefix {
  const length = prefix.length + more
  if (more < 0 || length > prefix.bits || number < 0n || number >= 1n << BigInt(more)) {
    throw new HclError(`${formatPrefix(prefix)} has no such network`)
  }
  const address = prefix.address + (number << BigInt(prefix.bits - length))
  return { ...prefix, address, length }
}

/** Consecutive networks, each aligned to its own size. */
function subnets(text: string, sizes: readonly number[]): readonly string[] {
  const prefix = readPrefix(text)
  const end = prefix.address + (1n << BigInt(prefix.bits - prefix.length))
  let next = prefix.address
  return sizes.map((more) => {
    const size = 1n << BigInt(prefix.bits - subnet(prefix, more, 0n).length)
    const address = ((next + size - 1n) / size) * size
    next = address + size
    if (next > end) throw new HclError(`${text} has no room for all networks`)
    return formatPrefix({ ...prefix, address, length: prefix.length + more })
  })
}
