import { StrakeError } from '#oci'
import { mountsBelow, removeTree } from '#platform'
import { removeContainer } from '../container/container.ts'
import type { Engine } from '../engine.ts'
import { cleanUp } from './cleanup.ts'
import { requireOwn } from './require-own.ts'

/**
 * Takes everything of a store away: containers (running ones are killed),
 * images, volumes, caches, the bridge with its rules, and the directories
 * themselves. The engine is closed by it. Throws `CONFLICT` when files of others
 * are among them, and nothing happens then; and while something is still mounted
 * below, when the directories stay.
 */
export async function resetStore(engine: Engine): Promise<void> {
  requireOwn(engine)
  for (const { id } of engine.records.containers.list()) {
    await removeContainer(engine, id, { force: true, volumes: true })
  }
  await cleanUp(engine)
  await (await engine.networks()).remove()
  await engine[Symbol.asyncDispose]()
  const [mounted] = [engine.run, engine.root].flatMap((path) => mountsBelow(path))
  if (mounted !== undefined) {
    throw new StrakeError(
      'CONFLICT',
      `Cannot remove the store ${engine.root}: ${mounted.target} is still mounted`,
      { remedy: 'end what uses it, then try again' },
    )
  }
  await removeTree(engine.run)
  await removeTree(engine.root)
}
