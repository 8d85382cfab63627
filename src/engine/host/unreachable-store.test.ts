import { describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, readdirSync } from 'node:fs'
import { createImage } from '#image'
import { mediaType, sha256 } from '#oci'
import { fromBuffer } from '#stream'
import { packTar } from '#tar'
import { ensureUnpacked } from '../image/ensure-unpacked.ts'
import { cannotContain, openTestEngine } from '../testing/fixture.ts'

const reason = cannotContain ?? (Bun.which('setpriv') === null ? 'needs setpriv' : undefined)

/** Runs a command as the user `nobody`. */
function asNobody(...command: readonly string[]): { code: number; out: string; err: string } {
  const words = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...command]
  const { exitCode, stdout, stderr } = Bun.spawnSync(words)
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() }
}

/** Paths below a directory. */
function below(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true }).map((path) => `${directory}/${path}`)
}

describe.skipIf(reason !== undefined)(
  `the store${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    for (const snapshotter of ['erofs', 'directory'] as const) {
      test(`lets no other user reach the programs of an image, with ${snapshotter} snapshots`, async () => {
        await using engine = await openTestEngine({ snapshotter })
        // Only the modes of the store itself count.
        chmodSync(engine.directory, 0o755)
        const body = Buffer.from('#!/bin/sh\necho reached\n')
        const tar = await packTar([
          { path: 'bin', type: 'directory', mode: 0o777 },
          { path: 'bin/suid', body, mode: 0o4777 },
          { path: 'bin/sgid', body, mode: 0o2777 },
        ])
        const descriptor = { mediaType: mediaType.ociLayer, digest: sha256(tar), size: tar.length }
        await engine.content.write(descriptor, fromBuffer(tar))
        const image = await createImage(engine.content, {
          config: { architecture: 'amd64', os: 'linux' },
          layers: [{ descriptor, diffId: descriptor.digest }],
        })
        const chainId = await ensureUnpacked(engine, image)
        if (chainId === null) throw new TypeError('an image with a layer has a chain')
        await using view = await (await engine.snapshots()).view(chainId)
        const program = `${view.root}/bin/suid`
        expect(Bun.spawnSync(['/bin/sh', program]).stdout.toString()).toBe('reached\n')

        for (const place of [engine.root, engine.run]) {
          expect(asNobody('find', place)).toMatchObject({
            code: 1,
            out: `${place}\n`,
            err: expect.stringContaining('Permission denied'),
          })
        }
        const paths = [engine.root, engine.run].flatMap(below)
        expect(paths.some((path) => path.endsWith('/suid') || snapshotter === 'erofs')).toBe(true)
        for (const path of [...paths, program]) {
          if (!existsSync(path)) continue
          expect([path, asNobody('test', '-e', path).code]).toEqual([path, 1])
        }
        expect(asNobody(program).code).not.toBe(0)
        expect(asNobody(program).out).toBe('')
      })
    }
  },
)
