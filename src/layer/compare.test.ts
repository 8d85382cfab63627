import { describe, expect, test } from 'bun:test'
import { chmodSync, chownSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { treeCalls } from '#platform'
import { encodeName } from '#tar'
import { travellingAttributes } from './attribute.ts'
import { findSameFile, isSameDirectory, statusTime } from './compare.ts'
import { isRoot, scratch, unlessRoot } from './testing/tree.ts'

/** Changes the file at `path`, which equals its lower file, in the directory `base`. */
type Change = (path: string, base: string) => void

function setAttribute(path: string, name: string, value: string): void {
  const fd = treeCalls.openRoot(path.slice(0, path.lastIndexOf('/')))
  const own =
    treeCalls.openFileAt(fd, encodeName('f')) ?? treeCalls.openDirectory(fd, encodeName('d')) ?? -1
  treeCalls.setAttribute(own, encodeName(name), Buffer.from(value))
  treeCalls.closeDescriptor(own)
  treeCalls.closeDescriptor(fd)
}

/** Longer than one buffer of the comparison. */
const long = `${'a'.repeat(200_000)}b`

/** True when a file changed by `change` still counts as the same as the lower one. */
function isSame(change: Change, changeLower: Change = () => {}): boolean {
  using base = scratch()
  for (const tree of ['upper', 'lower']) {
    mkdirSync(`${base.path}/${tree}`)
    writeFileSync(`${base.path}/${tree}/f`, long, { mode: 0o644 })
    utimesSync(`${base.path}/${tree}/f`, 5, 5)
  }
  change(`${base.path}/upper/f`, base.path)
  changeLower(`${base.path}/lower/f`, base.path)
  const [upper, lower] = [
    treeCalls.openRoot(`${base.path}/upper`),
    treeCalls.openRoot(`${base.path}/lower`),
  ]
  const name = encodeName('f')
  const fd = treeCalls.openFileAt(upper, name) ?? -1
  const status = treeCalls.entryStatus(fd)
  if (status === undefined) throw new Error('the new file is missing')
  const xattrs = travellingAttributes(fd, true)
  try {
    const time = statusTime(status)
    return findSameFile({ fd, status, xattrs }, lower, { name, time, acls: true }) !== undefined
  } finally {
    for (const each of [fd, upper, lower]) treeCalls.closeDescriptor(each)
  }
}

function write(text: string): Change {
  return (path) => {
    writeFileSync(path, text)
    utimesSync(path, 5, 5)
  }
}

const attribute = (name: string, value: string): Change => {
  return (path) => setAttribute(path, name, value)
}

describe('findSameFile()', () => {
  test('findSameFile() finds a file that was only opened for writing', () => {
    expect(isSame(() => {})).toBe(true)
    expect(isSame(attribute('user.a', '1'), attribute('user.a', '1'))).toBe(true)
  })

  const changes: Readonly<Record<string, readonly [Change, Change?]>> = {
    'the last byte': [write(`${long.slice(0, -1)}c`)],
    'the first byte': [write(`c${long.slice(1)}`)],
    'a byte of the second buffer': [write(`${long.slice(0, 70_000)}c${long.slice(70_001)}`)],
    'a longer one': [write(`${long}b`)],
    'a shorter one': [write(long.slice(0, -1))],
    'the mode': [(path) => chmodSync(path, 0o600)],
    'the time': [(path) => utimesSync(path, 6, 6)],
    'a piece of a second': [(path) => utimesSync(path, 5.5, 5.5)],
    'a new attribute': [attribute('user.a', '1')],
    'an attribute that is gone': [() => {}, attribute('user.a', '1')],
    'the value of an attribute': [attribute('user.a', '1'), attribute('user.a', '2')],
    'the name of an attribute': [attribute('user.a', '1'), attribute('user.b', '1')],
  }
  test.each(Object.entries(changes))('findSameFile() detects %s', (_, [upper, lower]) => {
    expect(isSame(upper, lower)).toBe(false)
  })

  test.skipIf(!isRoot)(`findSameFile() detects other owners${unlessRoot}`, () => {
    expect(isSame((path) => chownSync(path, 1, 0))).toBe(false)
    expect(isSame((path) => chownSync(path, 0, 1))).toBe(false)
  })
})

test('isSameDirectory() compares owner, mode and attributes, never times', () => {
  using base = scratch()
  for (const tree of ['upper', 'lower']) mkdirSync(`${base.path}/${tree}/d`, { recursive: true })
  utimesSync(`${base.path}/upper/d`, 5, 5)
  const is = (): boolean => {
    const [fd, lower] = [
      treeCalls.openRoot(`${base.path}/upper/d`),
      treeCalls.openRoot(`${base.path}/lower/d`),
    ]
    const status = treeCalls.entryStatus(fd)
    if (status === undefined) throw new Error('the new directory is missing')
    try {
      return isSameDirectory({ fd, status, xattrs: travellingAttributes(fd, true) }, lower, true)
    } finally {
      for (const each of [fd, lower]) treeCalls.closeDescriptor(each)
    }
  }
  expect(is()).toBe(true)
  chmodSync(`${base.path}/upper/d`, 0o700)
  expect(is()).toBe(false)
  chmodSync(`${base.path}/lower/d`, 0o700)
  setAttribute(`${base.path}/upper/d`, 'user.a', '1')
  expect(is()).toBe(false)
})
