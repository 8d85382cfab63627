// Writes docs/cli.md, docs/coming-from-docker.md and docs/man from the table of commands, and the table
// of endpoints in docs/api.md from the routes.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { comingFromDocker } from './coming-from-docker.ts'
import { withEndpoints } from './endpoints.ts'
import { manualPages } from './man.ts'
import { markdownReference } from './markdown.ts'

const docs = resolve(import.meta.dir, '../../docs')

/** Every generated file, by its path below `docs`. */
export async function referenceFiles(): Promise<ReadonlyMap<string, string>> {
  const pages = [...(await manualPages())].map(([name, text]) => [`man/${name}`, text] as const)
  return new Map([
    ['cli.md', await markdownReference()],
    ['coming-from-docker.md', await comingFromDocker()],
    ['api.md', withEndpoints(readFileSync(join(docs, 'api.md'), 'utf8'))],
    ...pages,
  ])
}

if (import.meta.main) {
  // Before anything is removed: a mistake in the table of commands must leave the pages.
  const files = await referenceFiles()
  rmSync(join(docs, 'man'), { recursive: true, force: true })
  mkdirSync(join(docs, 'man'))
  for (const [path, text] of files) writeFileSync(join(docs, path), text)
}
