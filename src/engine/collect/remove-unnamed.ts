import type { Digest } from '#oci'
import type { Engine } from '../engine.ts'
import { findTarget } from '../image/find-target.ts'
import { isAnyUsed } from '../image/image-use.ts'
import { forgetTarget } from './forget-target.ts'

/**
 * Forgets an image or index that was recorded since `time`, milliseconds since 1970, if nobody has
 * named or used it meanwhile. The next collection of garbage removes its content.
 */
export async function removeUnnamed(engine: Engine, digest: Digest, time: number): Promise<void> {
  const { records } = engine
  await records.write(() => {
    const found = findTarget(records, digest)
    if (found === undefined) return
    const { images, descriptor } = found
    const recorded = [...records.images.list(), ...records.indexes.list()]
    const record = recorded.find((each) => each.digest === descriptor.digest)
    const isOld = record === undefined || record.addedAt < time
    const isNamed =
      records.tags.namesOf(descriptor.digest).length > 0 ||
      records.indexes.having(descriptor.digest).length > 0
    if (!isOld && !isNamed && !isAnyUsed(engine, images)) forgetTarget(engine, found)
  })
}
