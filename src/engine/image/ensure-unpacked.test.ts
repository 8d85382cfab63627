import { expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { createImage } from '#image'
import { mediaType, sha256 } from '#oci'
import { fromBuffer } from '#stream'
import { packTar } from '#tar'
import { addTestImage, cannotContain, openTestEngine } from '../testing/fixture.ts'
import { ensureUnpacked } from './ensure-unpacked.ts'

const skipped = cannotContain === undefined ? '' : ` (skipped: ${cannotContain})`

test.skipIf(cannotContain !== undefined)(
  `ensureUnpacked() gives an image no files of another image whose layers it claims${skipped}`,
  async () => {
    await using engine = await openTestEngine()
    const victim = await addTestImage(engine, { names: ['victim'] })
    const chainId = await ensureUnpacked(engine, victim)
    const tar = gzipSync(await packTar([{ path: 'file', body: Buffer.from('evil') }]))
    const descriptor = { mediaType: mediaType.ociLayerGzip, digest: sha256(tar), size: tar.length }
    await engine.content.write(descriptor, fromBuffer(tar))
    const { config } = victim
    const layers = victim.layers.map(({ diffId }) => ({ descriptor, diffId }))
    const evil = await createImage(engine.content, { config, layers })
    await expect(ensureUnpacked(engine, evil)).rejects.toThrow('diff ID')
    // The second attempt finds all layers in the store, and must fail too.
    await expect(ensureUnpacked(engine, evil)).rejects.toThrow('diff ID')
    expect(await ensureUnpacked(engine, victim)).toBe(chainId)
  },
)
