import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type Bases, importBases } from '../buildkit/bases.ts'
import { caseNames } from '../buildkit/case.ts'
import {
  type Differences,
  expectedAnswer,
  readAnswer,
  readDifferences,
  strakeAnswer,
} from '../buildkit/collection.ts'
import { missing, openStrake, type Strake } from './strake.ts'

const architecture = process.arch === 'x64' ? undefined : 'the answers are for amd64'
const reason = missing('busybox', 'runc') ?? architecture
if (reason) console.info(`skipped: the collection of Dockerfiles: ${reason}`)

const names = await caseNames()

describe.skipIf(reason !== undefined)('build makes the image that BuildKit makes', () => {
  let strake: Strake
  let bases: Bases
  let differences: Differences
  beforeAll(async () => {
    strake = await openStrake()
    bases = await importBases(strake)
    differences = await readDifferences()
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  for (const name of names) {
    test(`of ${name}`, async () => {
      const listed = differences.dockerfiles[name] ?? []
      const expected = expectedAnswer(await readAnswer(name), listed)
      const answer = await strakeAnswer(strake, bases, name)
      if (expected === 'built') expect(answer).not.toHaveProperty('refused')
      else expect(answer).toEqual(expected)
    })
  }
})

test('the list of differences names Dockerfiles of the collection only', async () => {
  const unknown = Object.keys((await readDifferences()).dockerfiles).filter(
    (name) => !names.includes(name),
  )
  expect(unknown).toEqual([])
})
