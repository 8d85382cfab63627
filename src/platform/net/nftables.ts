import { StrakeError } from '#oci'
import { isSystemError } from '../call/libc.ts'
import { isExecutable } from '../file/executable.ts'
import { spawnProcess } from '../process/process.ts'
import {
  attribute,
  concatenate,
  listAttributes,
  type NetlinkMessage,
  type NetlinkRequest,
  type NetlinkSocket,
  nested,
  netlinkFlag,
  parseAttributes,
  parseText,
} from './netlink.ts'

/** The families of tables that translate addresses. */
export type NftFamily = 'ip' | 'ip6'

export interface NftMap {
  /** Default `ip`. */
  readonly family?: NftFamily | undefined
  readonly table: string
  readonly name: string
}

/** An entry of a map as the kernel stores it: every field padded to four bytes, network order. */
export interface NftElement {
  readonly map: NftMap
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** A chain through which forwarded packets may pass. */
export interface NftChain {
  readonly family: NftFamily | 'inet'
  readonly table: string
  readonly name: string
  /** The chain is on the forward hook itself; other chains are jump targets. */
  readonly hooked: boolean
  /** Its policy is drop. */
  readonly drops: boolean
}

const SUBSYSTEM = 10 << 8
const message = { getChain: 4, getRule: 7, newElement: 12, getElement: 13, deleteElement: 14 }
const numbers = { inet: 1, ip: 2, ip6: 10 } as const
const families: Readonly<Record<number, NftChain['family']>> = { 1: 'inet', 2: 'ip', 10: 'ip6' }

const locations = ['/usr/sbin/nft', '/sbin/nft', '/usr/local/sbin/nft', '/usr/bin/nft', '/bin/nft']

/** Returns the absolute path of nft. PATH has no effect. Throws `UNSUPPORTED` where nft is not installed. */
export function findNft(candidates: readonly string[] = locations): string {
  const found = candidates.find(isExecutable)
  if (found !== undefined) return found
  throw new StrakeError('UNSUPPORTED', 'Cannot write firewall rules: nft is not installed', {
    remedy: 'install nftables (apt install nftables), or use --network host or none',
  })
}

/** Applies a script of nft as one transaction, and returns the output of nft. */
export function runNft(script: string, args: readonly string[] = []): string {
  const nft = findNft()
  const { exitCode, stdout, stderr } = Bun.spawnSync([nft, ...args, '-f', '-'], {
    stdin: new TextEncoder().encode(script),
    stdout: 'pipe',
    stderr: 'pipe',
    env: {},
    cwd: '/',
  })
  if (exitCode === 0) return stdout.toString()
  const reason = stderr.toString().trim().split('\n')[0] || `nft exited with ${exitCode}`
  throw new StrakeError('UNAVAILABLE', `Cannot write firewall rules: ${reason}`)
}

/**
 * Removes elements without waiting for the kernel, which needs a grace period for each transaction.
 * An element whose value has changed stays. The child process deletes `record` at the end, and may
 * outlive this process.
 */
export function deleteElementsInBackground(commands: readonly string[], record: string): void {
  const script =
    'nft=$1 record=$2 IFS=";"; shift 2; "$nft" "$*" || for c in "$@"; do "$nft" "$c"; done; rm -f "$record"'
  spawnProcess(['/bin/sh', '-c', script, 'sh', findNft(), record, ...commands], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
    cwd: '/',
  }).unref()
}

/**
 * Adds elements in one transaction. Throws `NetlinkError` and adds none, with EEXIST
 * for an existing key and ENOENT for an absent map.
 */
export function addElements(socket: NetlinkSocket, elements: readonly NftElement[]): void {
  commit(
    socket,
    elements.map((element) => elementRequest('newElement', element, netlinkFlag.excl)),
  )
}

/** Removes the elements with exactly these values, and waits for the kernel (about 10 ms). */
export function deleteElements(socket: NetlinkSocket, elements: readonly NftElement[]): void {
  for (const element of elements) {
    try {
      // The kernel refuses the addition when the value differs, so the pair deletes exactly this
      // element or nothing.
      commit(socket, [
        elementRequest('newElement', element),
        elementRequest('deleteElement', element),
      ])
    } catch (error) {
      if (!isSystemError(error, 'EEXIST', 'EBUSY', 'ENOENT')) throw error
    }
  }
}

/** Returns all elements of a map. Throws `NetlinkError` ENOENT for an absent map. */
export function listElements(socket: NetlinkSocket, map: NftMap): readonly NftElement[] {
  const body = concatenate([
    familyHeader(map.family),
    attribute(1, map.table),
    attribute(2, map.name),
  ])
  const flags = netlinkFlag.dump
  const answers = socket.send([{ type: SUBSYSTEM | message.getElement, flags, body }])
  return answers.flatMap((answer) => parseElements(answer, map))
}

function parseElements(answer: NetlinkMessage, map: NftMap): readonly NftElement[] {
  const list = parseAttributes(answer.body.subarray(4)).get(3)
  if (list === undefined) return []
  return listAttributes(list).flatMap(([, element]) => {
    const fields = parseAttributes(element)
    const key = parseAttributes(fields.get(1) ?? nothing).get(1)
    const value = parseAttributes(fields.get(2) ?? nothing).get(1)
    return key === undefined || value === undefined ? [] : [{ map, key, value }]
  })
}
const nothing = new Uint8Array()

/** Returns the rules of a table or of one chain, each as the kernel's bytes. */
export function listRules(
  socket: NetlinkSocket,
  table: string,
  { family, chain }: { readonly family?: NftFamily; readonly chain?: NftChain } = {},
): readonly Uint8Array[] {
  const names = [attribute(1, table), ...(chain === undefined ? [] : [attribute(2, chain.name)])]
  const body = concatenate([familyHeader(chain?.family ?? family), ...names])
  const flags = netlinkFlag.dump
  return socket
    .send([{ type: SUBSYSTEM | message.getRule, flags, body }])
    .map((answer) => answer.body)
}

/** Returns every chain of the `ip`, `ip6` and `inet` families that is on the forward hook or on no hook. */
export function listForwardChains(socket: NetlinkSocket): readonly NftChain[] {
  const request = { type: SUBSYSTEM | message.getChain, flags: netlinkFlag.dump }
  return socket.send([{ ...request, body: new Uint8Array(4) }]).flatMap(({ body }) => {
    const family = families[body[0] ?? 0]
    const fields = parseAttributes(body.subarray(4))
    const hook = fields.get(4)
    const FORWARD = 2
    const hooked = hook !== undefined && parseAttributes(hook).get(1)?.[3] === FORWARD
    if (family === undefined || (hook !== undefined && !hooked)) return []
    const drops = hooked && fields.get(5)?.[3] === 0
    return [{ family, table: text(fields.get(1)), name: text(fields.get(3)), hooked, drops }]
  })
}

function text(value: Uint8Array | undefined): string {
  return value === undefined ? '' : parseText(value)
}

/**
 * Requests only one acknowledgement, for the last request, because many would not fit into the
 * queue. Errors always arrive.
 */
export function commit(socket: NetlinkSocket, requests: readonly NetlinkRequest[]): void {
  const BATCH_BEGIN = 0x10
  const BATCH_END = 0x11
  const bracket = { body: new Uint8Array([0, 0, 0, 10]), unanswered: true }
  const quiet = requests.map((request, i) => ({ ...request, unanswered: i < requests.length - 1 }))
  socket.send([{ type: BATCH_BEGIN, ...bracket }, ...quiet, { type: BATCH_END, ...bracket }])
}

function elementRequest(
  kind: 'newElement' | 'deleteElement',
  element: NftElement,
  flags = 0,
): NetlinkRequest {
  const data = kind === 'newElement' ? [nested(2, attribute(1, element.value))] : []
  const body = concatenate([
    familyHeader(element.map.family),
    attribute(1, element.map.table),
    attribute(2, element.map.name),
    nested(3, nested(1, nested(1, attribute(1, element.key)), ...data)),
  ])
  const create = kind === 'newElement' ? netlinkFlag.create : 0
  return { type: SUBSYSTEM | message[kind], flags: create | flags, body }
}

function familyHeader(family: NftChain['family'] = 'ip'): Uint8Array {
  return new Uint8Array([numbers[family], 0, 0, 0])
}

/** Returns the output of the legacy iptables, `undefined` when it fails or is not installed. */
export function runLegacyIptables(args: readonly string[]): string | undefined {
  const path = ['/usr/sbin/iptables-legacy', '/sbin/iptables-legacy'].find(isExecutable)
  if (path === undefined) return undefined
  const { exitCode, stdout } = Bun.spawnSync([path, '-w', ...args], {
    stdout: 'pipe',
    stderr: 'ignore',
    env: {},
    cwd: '/',
  })
  return exitCode === 0 ? stdout.toString() : undefined
}
