import { createHash } from 'node:crypto'
import { diffUpper } from '#layer'
import type { Digest } from '#oci'
import { overwriting } from '../../stream/testing/overwriting.ts'
import type { ActiveSnapshot, LayerSource } from '../chain/snapshotter.ts'

/** Commits the changes of a snapshot with a layer made of them, to the last digit of their times. */
export async function commitChanges(active: ActiveSnapshot): Promise<Digest> {
  return await active.commit(await packChanges(active.upper))
}

/** The layer that holds what is in an upper directory. */
export async function packChanges(upper: string): Promise<LayerSource> {
  const bytes = diffUpper(upper, { includeRoot: true, subsecond: true })
  return layerOf(Buffer.concat(await Array.fromAsync(bytes, (chunk) => Buffer.from(chunk))))
}

/** A layer as whoever imports it gets it. */
export function layerOf(archive: Uint8Array): LayerSource {
  const hex = createHash('sha256').update(archive).digest('hex')
  return { diffId: `sha256:${hex}`, tar: one(archive) }
}

/** In pieces that no block of an archive ends with. */
export function one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  return overwriting(bytes, 65_521)
}
