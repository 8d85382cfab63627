import { expect, test } from 'bun:test'
import { filesystemType } from './filesystem.ts'

test('filesystemType() names the file system of a path, or gives its number', () => {
  expect(filesystemType('/dev/shm')).toBe('tmpfs')
  expect(filesystemType('/proc')).toBe('proc')
  expect(filesystemType('/sys')).toBe('0x62656572')
})
