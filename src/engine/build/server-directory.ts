import { mkdir } from 'node:fs/promises'
import { mkdtempDisposable, type TemporaryDirectory } from '#platform'
import { ownedName } from '#snapshot'
import { buildsOf } from '../begin-work.ts'
import type { Engine } from '../engine.ts'

/**
 * Makes a private directory for what clients of a server send. The next build of any process
 * removes it when the server was killed.
 */
export async function openServerDirectory(
  engine: Pick<Engine, 'run'>,
): Promise<TemporaryDirectory> {
  const parent = buildsOf(engine)
  await mkdir(parent, { recursive: true, mode: 0o700 })
  return await mkdtempDisposable(parent, `${ownedName('build')}.`)
}
