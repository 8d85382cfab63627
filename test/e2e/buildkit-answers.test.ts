import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Bases, importBases } from '../buildkit/bases.ts'
import { type BuildKit, buildkitMissing, startBuildkit } from '../buildkit/buildkit.ts'
import { buildkitAnswer, loadBases, readAnswer } from '../buildkit/collection.ts'
import { missing, openStrake, type Strake } from './strake.ts'

const reason =
  missing('busybox', 'runc') ??
  buildkitMissing() ??
  (process.arch === 'x64' ? undefined : 'the answers are for amd64')
if (reason) console.info(`skipped: the answers of BuildKit: ${reason}`)

/** Dockerfiles of several kinds. `scripts/answers` asks for all. */
const names = ['copy-link', 'go-static-nonroot', 'heredoc-copy', 'ignore-patterns', 'run-deletes']

describe.skipIf(reason !== undefined)('the kept answer is that of BuildKit', () => {
  let strake: Strake
  let bases: Bases
  let buildkit: BuildKit
  beforeAll(async () => {
    strake = await openStrake()
    bases = await importBases(strake)
    buildkit = await startBuildkit(strake.directory)
    await loadBases(buildkit, strake, bases)
  }, 120_000)
  afterAll(async () => {
    await buildkit[Symbol.asyncDispose]()
    await strake[Symbol.asyncDispose]()
  })

  test.each(names)('to %s', async (name) => {
    expect(await buildkitAnswer(buildkit, strake, bases, name)).toEqual(await readAnswer(name))
  })
})
