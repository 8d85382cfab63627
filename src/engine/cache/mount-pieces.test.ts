import { expect, test } from 'bun:test'
import { fromBuffer, toBuffer } from '#stream'
import { writeTar } from '#tar'
import { cutPieces } from './mount-pieces.ts'

/** An archive of files of 256 KiB with contents that depend on their names. */
async function archive(names: readonly string[]): Promise<Uint8Array> {
  const entries = names.map((path) => {
    const body = new Uint8Array(262_144)
    const seed = Bun.hash.crc32(path)
    for (let at = 0; at < body.length; at += 4) body[at] = (seed >> (at % 24)) & 255
    return { path, type: 'file', mode: 0o644, uid: 0, gid: 0, size: body.length, mtime: 1, body }
  })
  return await toBuffer(writeTar(entries as never), 1e9)
}

const names = Array.from({ length: 240 }, (_, index) => `file-${String(index).padStart(3, '0')}`)

const piecesOf = async (bytes: Uint8Array): Promise<Uint8Array[]> =>
  await Array.fromAsync(cutPieces(fromBuffer(bytes)))

test('cutPieces() cuts an archive into pieces of 4 to 16 MiB that make it up', async () => {
  const whole = await archive(names)
  const pieces = await piecesOf(whole)
  expect(Buffer.compare(Buffer.concat(pieces), whole)).toBe(0)
  expect(pieces.length).toBeGreaterThan(4)
  for (const piece of pieces.slice(0, -1)) {
    expect(piece.length).toBeGreaterThanOrEqual(4 * 1024 * 1024)
    expect(piece.length).toBeLessThanOrEqual(16 * 1024 * 1024)
  }
})

test('cutPieces() keeps most pieces after a file was added', async () => {
  const before = await piecesOf(await archive(names))
  const after = await piecesOf(await archive([...names, 'file-100-new'].sort()))
  const hashes = new Set(before.map((piece) => Bun.hash(piece)))
  const changed = after.filter((piece) => !hashes.has(Bun.hash(piece)))
  expect(changed.length).toBeLessThanOrEqual(2)
})
