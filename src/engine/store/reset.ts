import { StrakeError } from '#oci'
import { mountsBelow, removeTree } from '#platform'
import { ImageMounts } from '#snapshot/chain/image-mounts'
import { removeContainer } from '../container/container.ts'
import type { Engine } from '../engine.ts'
import { endHolder } from '../rootless/holder.ts'
import { cleanUp } from './cleanup.ts'
import { requireOwn } from './require-own.ts'

/**
 * Removes a whole store: containers (kills running ones), images, volumes, caches, the
 * bridge with its rules, and the directories. Closes the engine. Throws `CONFLICT` if the
 * directories hold foreign files, and removes nothing then. Throws `CONFLICT` also if
 * something is still mounted below the directories, which stay then.
 */
export async function resetStore(engine: Engine): Promise<void> {
  requireOwn(engine)
  for (const { id } of engine.records.containers.list()) {
    await removeContainer(engine, id, { force: true, volumes: true })
  }
  const images = new ImageMounts(engine.run)
  for (const id of images.list()) await images.unmount(id, { detach: true })
  await cleanUp(engine)
  await (await engine.networks()).remove()
  await engine[Symbol.asyncDispose]()
  const [mounted] = [engine.run, engine.root].flatMap((path) => mountsBelow(path))
  if (mounted !== undefined) {
    throw new StrakeError(
      'CONFLICT',
      `Cannot remove the store ${engine.root}: ${mounted.target} is still mounted`,
      { remedy: 'end the processes that use it, then try again' },
    )
  }
  endHolder(engine.run)
  await removeTree(engine.run)
  await removeTree(engine.root)
}
