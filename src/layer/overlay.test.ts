import { describe, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { treeCalls } from '#platform'
import { encodeName } from '#tar'
import { isOpaque, isWhiteoutDevice, refuseRemote } from './overlay.ts'
import { isRoot, scratch } from './testing/tree.ts'

/** The prefix of marks by the privileged kernel, and that of marks in a user namespace. */
const prefixes = isRoot ? ['trusted.overlay.', 'user.overlay.'] : ['user.overlay.']

/** What `look` returns for a directory with this attribute. */
function withMark<T>(name: string, value: string, look: (fd: number) => T): T {
  using base = scratch()
  mkdirSync(`${base.path}/d`)
  writeFileSync(`${base.path}/d/f`, '')
  const fd = treeCalls.openRoot(`${base.path}/d`)
  try {
    treeCalls.setAttribute(fd, encodeName(name), Buffer.from(value))
    return look(fd)
  } finally {
    treeCalls.closeDescriptor(fd)
  }
}

describe('isWhiteoutDevice()', () => {
  const [character, block] = [0o020000, 0o060000]
  test.each([
    [character, 0, 0, true],
    [character, 0, 5, false],
    [character, 5, 0, false],
    [character, 1, 3, false],
    [block, 0, 0, false],
    [0o100000, 0, 0, false],
  ] as const)('isWhiteoutDevice() of mode %o, device %d:%d is %p', (type, major, minor, is) => {
    using base = scratch()
    const root = treeCalls.openRoot(base.path)
    const status = treeCalls.entryStatus(root)
    treeCalls.closeDescriptor(root)
    if (status === undefined) throw new Error('a new directory has no status')
    const device = { deviceMajor: major, deviceMinor: minor, mode: type | 0o600 }
    expect(isWhiteoutDevice({ ...status, ...device })).toBe(is)
  })
})

describe('isOpaque()', () => {
  test.each(prefixes)('isOpaque() accepts %sopaque only with the value y', (prefix) => {
    const opaque = `${prefix}opaque`
    expect(withMark(opaque, 'y', isOpaque)).toBe(true)
    // Linux 6.7 writes x when the directory contains whiteouts in the form of attributes.
    for (const value of ['x', 'n', '']) expect(withMark(opaque, value, isOpaque)).toBe(false)
    expect(withMark(`${prefix}origin`, 'y', isOpaque)).toBe(false)
  })
})

describe('refuseRemote()', () => {
  test.each(prefixes)('refuseRemote() refuses files stored elsewhere, marked with %s', (prefix) => {
    const look = (what: string) => () =>
      withMark(`${prefix}${what}`, '/etc', (fd) => refuseRemote(fd, 'd'))
    for (const what of ['metacopy', 'redirect']) {
      expect(look(what)).toThrow(`overlayfs stored it with ${what}`)
    }
    for (const what of ['opaque', 'origin', 'impure']) expect(look(what)).not.toThrow()
  })

  test('refuseRemote() accepts attributes of other programs', () => {
    expect(withMark('user.redirect', '/etc', (fd) => refuseRemote(fd, 'd'))).toBeUndefined()
  })
})
