import { open, readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { inflate } from 'node:zlib'
import { findRepository, resolveHead } from './work-tree.ts'

/**
 * Returns the committer's time of the commit that a directory is checked out at, in
 * seconds. `undefined` without a git repository, or with one of an unknown format.
 *
 * It reads the files of the repository without git, because git would run programs
 * that the configuration of the repository names.
 */
export async function gitCommitTime(directory: string): Promise<number | undefined> {
  try {
    const repository = await findRepository(directory)
    if (repository === undefined) return undefined
    const commit = await resolveHead(repository)
    const object = commit === undefined ? undefined : await readObject(repository.common, commit)
    const time = /^committer .*> (\d{1,11}) [-+]\d{4}$/m.exec(object?.toString('latin1') ?? '')?.[1]
    return time === undefined ? undefined : Number(time)
  } catch {
    return undefined
  }
}

const maxCommit = 1024 * 1024
const inflateAsync = promisify(inflate) as (
  bytes: Uint8Array,
  options: { readonly maxOutputLength: number },
) => Promise<Buffer>

/** Reads a commit, loose or in a pack. */
async function readObject(common: string, name: string): Promise<Buffer | undefined> {
  const objects = `${common}/objects`
  try {
    const loose = await readFile(`${objects}/${name.slice(0, 2)}/${name.slice(2)}`)
    return await inflateAsync(loose, { maxOutputLength: maxCommit })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  for (const file of await readdir(`${objects}/pack`)) {
    if (!file.endsWith('.idx')) continue
    const offset = await findInPack(`${objects}/pack/${file}`, name)
    if (offset === undefined) continue
    await using pack = await open(`${objects}/pack/${file.slice(0, -4)}.pack`, 'r')
    return await readPacked(pack, offset)
  }
  return undefined
}

const idxMagic = 0xff744f63
const fanoutStart = 8
const namesStart = fanoutStart + 256 * 4

/** Finds an object in a version 2 pack index with a binary search of the file. */
async function findInPack(index: string, name: string): Promise<number | undefined> {
  await using file = await open(index, 'r')
  const head = await readAt(file, 0, namesStart)
  if (head.readUInt32BE(0) !== idxMagic || head.readUInt32BE(4) !== 2) return undefined
  const first = Number.parseInt(name.slice(0, 2), 16)
  const count = (byte: number): number => (byte < 0 ? 0 : head.readUInt32BE(fanoutStart + 4 * byte))
  const [begin, end, total] = [count(first - 1), count(first), count(255)]
  const names = await readAt(file, namesStart + 20 * begin, 20 * (end - begin))
  const wanted = Buffer.from(name, 'hex')
  for (let at = 0; at < end - begin; at++) {
    if (!names.subarray(20 * at, 20 * at + 20).equals(wanted)) continue
    const offsets = namesStart + 24 * total
    const offset = (await readAt(file, offsets + 4 * (begin + at), 4)).readUInt32BE(0)
    if (offset < 0x80000000) return offset
    const large = offsets + 4 * total + 8 * (offset - 0x80000000)
    return Number((await readAt(file, large, 8)).readBigUInt64BE(0))
  }
  return undefined
}

type OpenFile = Awaited<ReturnType<typeof open>>

async function readAt(file: OpenFile, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length)
  const { bytesRead } = await file.read(buffer, 0, length, position)
  return buffer.subarray(0, bytesRead)
}

const packed = { commit: 1, offsetDelta: 6 }
const maxDepth = 50

/** Reads a commit of a pack, also one that is stored as a delta. */
async function readPacked(pack: OpenFile, offset: number, depth = 0): Promise<Buffer | undefined> {
  const bytes = await readAt(pack, offset, maxCommit)
  let at = 0
  let byte = bytes[at++] ?? 0
  const type = (byte >> 4) & 7
  while (byte & 0x80) byte = bytes[at++] ?? 0
  if (type === packed.commit)
    return inflateAsync(bytes.subarray(at), { maxOutputLength: maxCommit })
  if (type !== packed.offsetDelta || depth > maxDepth) return undefined
  byte = bytes[at++] ?? 0
  let distance = byte & 0x7f
  while (byte & 0x80) {
    byte = bytes[at++] ?? 0
    distance = (distance + 1) * 128 + (byte & 0x7f)
  }
  const base = await readPacked(pack, offset - distance, depth + 1)
  const delta = await inflateAsync(bytes.subarray(at), { maxOutputLength: maxCommit })
  return base === undefined ? undefined : applyDelta(base, delta)
}

/** @see https://git-scm.com/docs/pack-format#_deltified_representation */
function applyDelta(base: Buffer, delta: Buffer): Buffer {
  let at = 0
  const size = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = delta[at++] ?? 0
      value += (byte & 0x7f) * 2 ** shift
      if ((byte & 0x80) === 0) return value
    }
  }
  size()
  size()
  const parts: Buffer[] = []
  while (at < delta.length) {
    const code = delta[at++] ?? 0
    if ((code & 0x80) === 0) {
      parts.push(delta.subarray(at, at + code))
      at += code
      continue
    }
    let offset = 0
    let length = 0
    for (let bit = 0; bit < 4; bit++)
      if (code & (1 << bit)) offset += (delta[at++] ?? 0) * 256 ** bit
    for (let bit = 0; bit < 3; bit++) {
      if (code & (0x10 << bit)) length += (delta[at++] ?? 0) * 256 ** bit
    }
    parts.push(base.subarray(offset, offset + (length || 0x10000)))
  }
  return Buffer.concat(parts)
}
