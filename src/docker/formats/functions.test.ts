import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { readCases, runCase } from '../../template/testing/cases.ts'
import { dockerFunctions } from './functions.ts'

const file = readCases(join(import.meta.dir, 'testdata/docker.json'))

test('dockerFunctions do with every template of the table what those of Docker do', () => {
  expect(file.cases.length).toBeGreaterThan(50)
  const different = file.cases.flatMap((wanted) => {
    const found = { ...wanted, ...runCase(file, wanted, dockerFunctions) }
    return Bun.deepEquals(found, wanted) ? [] : [{ found, wanted }]
  })
  expect(different).toEqual([])
})
