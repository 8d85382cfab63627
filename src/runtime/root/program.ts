import { closeFile, openFile, openFlag, readFileAt, treeCalls } from '#platform'
import { findEmulator, hasNamedFormats } from './emulators.ts'

/** The kind of a file that is executed. */
export interface Program {
  readonly kind: 'script' | 'elf' | 'unknown'
  /** The interpreter of a script or the loader of a dynamic program. */
  readonly interpreter?: string | undefined
  /** The architecture of a program for another machine: `arm64`. */
  readonly architecture?: string | undefined
}

/** Reads the kind of a file from an `O_PATH` descriptor; `undefined` when only the kernel can decide. */
export function readProgram(place: number): Program | undefined {
  let fd: number
  try {
    fd = openFile(`/proc/self/fd/${place}`, openFlag.readOnly | openFlag.nonBlocking)
  } catch {
    return undefined
  }
  try {
    const head = readAt(fd, 0, 256)
    if (head.subarray(0, 2).toString('latin1') === '#!') return readScript(head)
    const program = isElf(head) ? readElf(fd, head) : unknown
    return program.kind === 'unknown' ? emulated(head, program) : program
  } finally {
    closeFile(fd)
  }
}

const unknown: Program = { kind: 'unknown' }

/** What another format makes of a file that this kernel does not execute by itself. */
function emulated(head: Uint8Array, program: Program): Program | undefined {
  const emulator = findEmulator(head)
  if (emulator === undefined) return hasNamedFormats() ? undefined : program
  return emulator.isFixed ? undefined : { kind: 'script', interpreter: emulator.interpreter }
}

/** The kernel uses the first word of the line, and at most 255 bytes. */
function readScript(head: Buffer): Program {
  const line = head.subarray(2, 255).toString().split('\n')[0] ?? ''
  const [interpreter = ''] = line.trim().split(/[ \t\0]/)
  return interpreter === '' ? unknown : { kind: 'script', interpreter }
}

function isElf(head: Buffer): boolean {
  return head.length >= 52 && head.readUInt32BE(0) === 0x7f454c46
}

/** `EM_*` of the programs that a kernel of this architecture executes, and their word size. */
const machines: Readonly<Partial<Record<string, Readonly<Record<number, 1 | 2>>>>> = {
  x64: { 62: 2, 3: 1 },
  arm64: { 183: 2, 40: 1 },
}

/** `EM_*`, with `-be` for big-endian, and what the image specification calls the machine. */
const architectures: Readonly<Record<string, string>> = {
  3: '386',
  8: 'mips64le',
  21: 'ppc64le',
  '22-be': 's390x',
  40: 'arm',
  62: 'amd64',
  183: 'arm64',
  243: 'riscv64',
  258: 'loong64',
}

function otherMachine(head: Buffer): Program {
  const isBig = head[5] === 2
  const machine = isBig ? `${head.readUInt16BE(18)}-be` : String(head.readUInt16LE(18))
  const architecture = architectures[machine]
  return architecture === undefined ? unknown : { kind: 'unknown', architecture }
}

const interpreterHeader = 3
const [executable, shared] = [2, 3]
const mostHeaders = 256

function readElf(fd: number, head: Buffer): Program {
  const isWide = head[4] === 2
  const [type, machine] = [head.readUInt16LE(16), head.readUInt16LE(18)]
  const known = machines[process.arch]
  if (known !== undefined && known[machine] !== head[4]) return otherMachine(head)
  if (type !== executable && type !== shared) return unknown
  const start = isWide ? Number(head.readBigUInt64LE(32)) : head.readUInt32LE(28)
  const size = head.readUInt16LE(isWide ? 54 : 42)
  const count = head.readUInt16LE(isWide ? 56 : 44)
  if (size !== (isWide ? 56 : 32) || count === 0 || count > mostHeaders) return unknown
  const table = readAt(fd, start, size * count)
  if (table.length < size * count) return unknown
  for (let at = 0; at < table.length; at += size) {
    if (table.readUInt32LE(at) !== interpreterHeader) continue
    const offset = isWide ? Number(table.readBigUInt64LE(at + 8)) : table.readUInt32LE(at + 4)
    const length = isWide ? Number(table.readBigUInt64LE(at + 32)) : table.readUInt32LE(at + 16)
    return readLoader(fd, offset, length)
  }
  return { kind: 'elf' }
}

const longestPath = 4096

function readLoader(fd: number, offset: number, length: number): Program {
  const size = treeCalls.entryStatus(fd)?.size ?? 0
  if (length < 2 || length > longestPath || offset > size) return unknown
  const text = readAt(fd, offset, length)
  const end = text.indexOf(0)
  if (text.length < length || end < 1) return unknown
  return { kind: 'elf', interpreter: text.subarray(0, end).toString() }
}

function readAt(fd: number, position: number, length: number): Buffer {
  if (!Number.isSafeInteger(position)) return Buffer.alloc(0)
  const bytes = Buffer.alloc(length)
  let filled = 0
  while (filled < length) {
    const count = readFileAt(fd, bytes.subarray(filled), position + filled)
    if (count === 0) break
    filled += count
  }
  return bytes.subarray(0, filled)
}
