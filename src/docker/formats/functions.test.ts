import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { readCases, runCase } from '../../template/testing/cases.ts'
import { dockerFunctions } from './functions.ts'

const file = readCases(join(import.meta.dir, 'testdata/docker.json'))

test('dockerFunctions give the results of Docker for every template of the table', () => {
  expect(file.cases.length).toBeGreaterThan(50)
  const different = file.cases.flatMap((wanted) => {
    const found = { ...wanted, ...runCase(file, wanted, dockerFunctions) }
    return Bun.deepEquals(found, wanted) ? [] : [{ found, wanted }]
  })
  expect(different).toEqual([])
})
