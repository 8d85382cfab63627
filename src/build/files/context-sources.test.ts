import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { mkdtempDisposable, type TemporaryDirectory } from '#platform'
import { createVertex, mainContext } from '../model/graph.ts'
import type { BuildContext } from './build-context.ts'
import { collectContextSources } from './context-sources.ts'
import { createFileDigests } from './digests.ts'
import { openTree } from './tree.ts'

let directory: TemporaryDirectory
beforeAll(async () => {
  directory = await mkdtempDisposable(tmpdir())
})
afterAll(() => directory[Symbol.asyncDispose]())

test('collectContextSources() lists many files, and ends when it is cancelled', async () => {
  for (let at = 0; at < 400; at++) {
    mkdirSync(`${directory.path}/d${at}`)
    for (let file = 0; file < 60; file++) writeFileSync(`${directory.path}/d${at}/${file}`, '')
  }
  using tree = openTree(directory.path, { name: 'context', hasOwners: false })
  const context: BuildContext = {
    tree,
    digests: createFileDigests(tree, undefined),
    listedAt: 0,
    origin: undefined,
    material: undefined,
  }
  const scratch = createVertex({ kind: 'scratch' }, [], { name: 'FROM scratch' })
  const copy = createVertex(
    {
      kind: 'copy',
      from: { context: mainContext },
      sources: [{ kind: 'path', path: '.' }],
      destination: '/',
      intoDirectory: true,
      exclude: [],
      link: false,
      parents: false,
    },
    [scratch],
    { name: 'COPY . /' },
  )
  const source = { text: '', name: 'Dockerfile' }
  const found = await collectContextSources([copy], new Map([[mainContext, context]]), { source })
  expect(found.get(copy.digest)?.[0]?.items).toHaveLength(400 * 61)
  const abort = AbortSignal.abort(new Error('enough'))
  const again = collectContextSources([copy], new Map([[mainContext, context]]), {
    source,
    signal: abort,
  })
  await expect(again).rejects.toThrow('enough')
})
