import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importBases } from '../buildkit/bases.ts'
import { readDifferences } from '../buildkit/collection.ts'
import {
  type Mutation,
  mutated,
  mutations,
  ranAfter,
  rebuiltPath,
  titleOf,
} from '../buildkit/mutations.ts'
import { buildWithStrake } from '../buildkit/strake-builder.ts'
import { missing, openStrake, type Strake } from './strake.ts'

const reason = missing('busybox', 'runc')
if (reason) console.info(`skipped: steps that are built again: ${reason}`)

const differences = (await readDifferences()).rebuilt
const answers: Record<string, readonly string[]> = JSON.parse(await readFile(rebuiltPath, 'utf8'))

describe.skipIf(reason !== undefined)(
  'build runs the steps again that BuildKit runs after a change of',
  () => {
    let strake: Strake
    const ran = (mutation: Mutation): Promise<readonly string[]> =>
      ranAfter(mutation, join(strake.directory, 'mutated'), (prepared) =>
        buildWithStrake(strake, prepared),
      )

    beforeAll(async () => {
      strake = await openStrake()
      await importBases(strake)
      for (const of of mutated) await ran({ name: 'original', of })
    }, 120_000)
    afterAll(async () => strake[Symbol.asyncDispose]())

    for (const mutation of mutations) {
      const title = titleOf(mutation)
      test(title, async () => {
        expect(await ran(mutation)).toEqual(differences[title]?.strake ?? answers[title] ?? [])
      })
    }
  },
)

test('the list of steps that run otherwise names mutations only', () => {
  const titles = new Set(mutations.map(titleOf))
  expect(Object.keys(differences).filter((title) => !titles.has(title))).toEqual([])
})
