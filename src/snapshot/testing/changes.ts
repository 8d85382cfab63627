import { createHash } from 'node:crypto'
import { diffUpper } from '#layer'
import type { Digest } from '#oci'
import { overwriting } from '../../stream/testing/overwriting.ts'
import type { ActiveSnapshot, LayerSource } from '../chain/snapshotter.ts'

/** Commits the changes of a snapshot with a layer made from them, with times to the nanosecond. */
export async function commitChanges(active: ActiveSnapshot): Promise<Digest> {
  return await active.commit(await packChanges(active.upper))
}

/** The layer of the changes in an upper directory. */
export async function packChanges(upper: string): Promise<LayerSource> {
  const bytes = diffUpper(upper, { includeRoot: true, subsecond: true })
  return layerOf(Buffer.concat(await Array.fromAsync(bytes, (chunk) => Buffer.from(chunk))))
}

/** A layer in the form that imports receive. */
export function layerOf(archive: Uint8Array): LayerSource {
  const hex = createHash('sha256').update(archive).digest('hex')
  return { diffId: `sha256:${hex}`, tar: one(archive) }
}

/** Yields pieces whose ends are not aligned with the blocks of an archive. */
export function one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  return overwriting(bytes, 65_521)
}
