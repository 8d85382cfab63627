import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { openRecords, type Records } from '#records'
import { readPresent } from './read-present.ts'

const container = { id: 'a'.repeat(64), name: 'box' }
let directory = ''
let records: Records

beforeAll(() => {
  directory = mkdtempSync(`${tmpdir()}/strake-present-`)
  records = openRecords(`${directory}/strake.db`)
  records.containers.insert({ ...container, image: null, config: {}, state: {} })
})
afterAll(() => {
  records.close()
  rmSync(directory, { recursive: true })
})

test('readPresent() yields all, and keeps an error, while the container is there', async () => {
  expect(await Array.fromAsync(readPresent({ records }, container, [1, 2]))).toEqual([1, 2])
  await expect(Array.fromAsync(readPresent({ records }, container, failing()))).rejects.toBe(
    missing,
  )
})

test('readPresent() throws when the container is removed, also instead of an error', async () => {
  records.containers.remove(container.id)
  const message = 'Cannot read the files of container box: another process removed it'
  await expect(Array.fromAsync(readPresent({ records }, container, [1]))).rejects.toThrow(message)
  const failed = Array.fromAsync(readPresent({ records }, container, failing()))
  await expect(failed).rejects.toMatchObject({ message, cause: missing, code: 'NOT_FOUND' })
})

const missing = new Error('no such file')

async function* failing(): AsyncGenerator<number> {
  yield 1
  throw missing
}
