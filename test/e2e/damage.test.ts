import { describe, expect, test } from 'bun:test'
import { chmodSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { damage, writeSmallImage } from './fault-rig.ts'
import { command, missing, openStrake } from './strake.ts'

// RELIABILITY FR1: files of the store that are not what they were.

const reason = missing()
if (reason !== undefined) console.log(`skipped damage: ${reason}`)

const damages: Readonly<Record<string, (path: string) => unknown>> = {
  'one bit': (path) => {
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    chmodSync(path, 0o644)
    writeFileSync(path, bytes)
  },
  emptied: (path) => truncateSync(path, 0),
  halved: (path) => truncateSync(path, readFileSync(path).length >> 1),
  extended: (path) => writeFileSync(path, 'x', { flag: 'a' }),
  gone: (path) => rmSync(path),
  'a link': (path) => command(['ln', '-sf', '/etc/passwd', path]),
  'a directory': (path) => command(['sh', '-c', `rm ${path} && mkdir ${path}`]),
  'a pipe': (path) => command(['sh', '-c', `rm ${path} && mkfifo ${path}`]),
}

describe.skipIf(reason !== undefined)('damage at rest', () => {
  for (const [kind, change] of Object.entries(damages)) {
    test(`a blob that is ${kind} is noticed on use, spares others, and is healed by load`, async () => {
      await using strake = await openStrake()
      const archive = await writeSmallImage(`${strake.directory}/kept.tar`, 'kept:1', 'kept')
      const other = await writeSmallImage(`${strake.directory}/other.tar`, 'other:1', 'other')
      await strake.ok('load', '-i', other)
      const saved = join(strake.directory, 'saved.tar')
      const folder = join(strake.root, 'blobs/sha256')
      const before = readdirSync(folder)
      await strake.ok('load', '-i', archive)
      for (const blob of readdirSync(folder).filter((name) => !before.includes(name))) {
        await change(join(folder, blob))
        const { exitCode, stderr } = await strake.with(
          { timeout: 10_000 },
          ...['save', '-o', saved, 'kept:1'],
        )
        expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^strake: Cannot /)])
        await strake.ok('images')
        await strake.ok('save', '-o', saved, 'other:1')
        await strake.ok('load', '-i', archive)
        expect(await damage(strake)).toEqual([])
      }
    }, 60_000)
  }
})
