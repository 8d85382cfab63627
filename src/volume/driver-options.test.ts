import { expect, test } from 'bun:test'
import { splitMountOptions } from '#platform'
import { readDriverOptions, readQuota } from './driver-options.ts'

test('readDriverOptions() returns the file system, or undefined without options', () => {
  expect(readDriverOptions('v', {})).toBeUndefined()
  const nfs = { type: 'nfs', device: ':/export', o: 'addr=10.0.0.9,,rw' }
  expect(readDriverOptions('v', nfs)).toEqual({
    type: 'nfs',
    device: ':/export',
    options: ['addr=10.0.0.9', 'rw'],
  })
  const tmpfs = { type: 'tmpfs', device: 'tmpfs' }
  expect(readDriverOptions('v', tmpfs)).toEqual({ ...tmpfs, options: [] })
})

const refused: readonly (readonly [options: Readonly<Record<string, string>>, reason: string])[] = [
  [{ type: 'tmpfs', device: 'tmpfs', size: '1g' }, 'its own file system has no quota'],
  [{ Type: 'nfs' }, 'there is no option Type'],
  [{ type: 'nfs' }, 'the option device is missing'],
  [{ device: '/dev/sda' }, 'the option type is missing'],
  [{ o: 'ro' }, 'the option type is missing'],
  [{ type: '', device: 'x' }, 'the option type is missing'],
  [{ type: 'none', device: 'data', o: 'bind' }, 'the directory data is not absolute'],
  [{ type: 'none', device: '../data', o: 'ro,rbind' }, 'is not absolute'],
  [{ type: 'tmpfs', device: 'tmpfs', o: 'remount' }, 'remount is no option'],
  [{ type: 'tmpfs', device: 'tmpfs', o: 'x'.repeat(5000) }, 'longer than 4000 bytes'],
  [{ type: 'tmpfs', device: 'a\0b' }, 'NUL byte'],
]

test('readDriverOptions() refuses unknown, missing and contradicting options', () => {
  for (const [options, reason] of refused) {
    expect(() => readDriverOptions('v', options)).toThrow('Cannot create volume v: ')
    expect(() => readDriverOptions('v', options)).toThrow(reason)
  }
})

test('readQuota() returns bytes, and refuses other text', () => {
  expect(readQuota('v', {})).toBe(0)
  expect(readQuota('v', { size: '0' })).toBe(0)
  expect(readQuota('v', { size: '1.5G' })).toBe(1.5 * 1024 ** 3)
  expect(readQuota('v', { size: '20 mb' })).toBe(20 * 1024 ** 2)
  for (const size of ['', '-1', '1x', 'all', '99999p']) {
    expect(() => readQuota('v', { size })).toThrow(`invalid size: '${size}'`)
  }
})

test('splitMountOptions() separates flags of the kernel from data', () => {
  expect(splitMountOptions(['ro', 'nosuid', 'size=1m', 'uid=5'])).toEqual({
    flags: 3,
    data: 'size=1m,uid=5',
  })
  expect(splitMountOptions(['ro', 'rw', 'defaults']).flags).toBe(0)
  expect(splitMountOptions(['rbind', 'noexec']).flags).toBe(4096 | 16384 | 8)
  expect(splitMountOptions(['toString', 'constructor'])).toEqual({
    flags: 0,
    data: 'toString,constructor',
  })
})
