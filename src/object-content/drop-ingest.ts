import type { Bucket } from '#objects'
import type { IngestState, ObjectIndex } from './object-index.ts'

/** Gives up the parts of an ingest and queues its objects for deletion. */
export async function dropIngest(
  { bucket, index }: { readonly bucket: Bucket; readonly index: ObjectIndex },
  state: IngestState,
): Promise<void> {
  const { key, tail } = state
  const known = tail === undefined ? [key] : [key, tail.key]
  await index.trash.add([...known, ...(await findLeftovers(bucket, state))])
}

/**
 * Returns the keys of all objects of an ingest, also of those that a process wrote and did not live to
 * record. Gives up its uploads in parts.
 */
export async function findLeftovers(
  bucket: Bucket,
  { key }: IngestState,
): Promise<readonly string[]> {
  for await (const upload of bucket.parts.list(key)) {
    await bucket.parts.abort(upload.key, upload.uploadId)
  }
  return await Array.fromAsync(bucket.list(key), (object) => object.key)
}
