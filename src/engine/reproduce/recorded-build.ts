import { type RecordedBuild, readSlsa, slsaTypes } from '#build'
import { readDocument } from '#content'
import { readAttestations } from '#image'
import type { Platform } from '#oci'
import type { Engine } from '../engine.ts'
import { holdImage } from '../image/hold-image.ts'

export type { RecordedBuild } from '#build'

/**
 * Returns what the provenance of an image in the store says about its build; `undefined` without a
 * provenance. From an index it takes the image for `platform`.
 */
export async function findRecordedBuild(
  engine: Engine,
  name: string,
  platform?: Platform,
): Promise<RecordedBuild | undefined> {
  await using lease = await engine.records.leases.acquire({ purpose: `verify ${name}` })
  const { index, image } = await holdImage(engine, name, lease, platform)
  if (index === undefined) return undefined
  const { parsed } = await readDocument(engine.content, index.descriptor)
  if (parsed.kind !== 'index') return undefined
  const wanted: readonly string[] = Object.values(slsaTypes)
  const [statement] = await readAttestations(
    engine.content,
    { manifests: parsed.index.manifests, image: image.digest },
    (type) => wanted.includes(type),
  )
  return statement === undefined ? undefined : readSlsa(statement.predicate)
}
