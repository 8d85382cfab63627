import { expect, test } from 'bun:test'
import { memoryFile } from './memory-files.ts'

test('memoryFile() reads fewer bytes at its end, as a file does', async () => {
  const file = memoryFile('a', 'text')
  expect(Buffer.from(await file.read(2, 10)).toString()).toBe('xt')
  expect(await file.read(10, 1)).toHaveLength(0)
})
