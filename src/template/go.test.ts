import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { readCases, runCase } from './testing/cases.ts'

const file = readCases(join(import.meta.dir, 'testdata/go.json'))

test('executeTemplate() does with every template of the table what Go does', () => {
  expect(file.cases.length).toBeGreaterThan(450)
  const different = file.cases.flatMap((wanted) => {
    const found = { ...wanted, ...runCase(file, wanted) }
    return Bun.deepEquals(found, wanted) ? [] : [{ found, wanted }]
  })
  expect(different).toEqual([])
})
