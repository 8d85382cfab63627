import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { ContainerView } from './container-view.ts'

let base = ''

beforeEach(() => {
  base = mkdtempSync(`${tmpdir()}/strake-view-`)
  mkdirSync(`${base}/root/usr/bin`, { recursive: true })
  for (const name of ['one', 'two']) writeFileSync(`${base}/root/usr/bin/${name}`, name)
})

afterEach(() => rmSync(base, { recursive: true, force: true }))

/** How often this process has `path` open. */
function timesOpen(path: string): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
  return targets.filter((target) => target === path).length
}

test('find() opens a directory once for all paths through it', () => {
  {
    using view = ContainerView.ofDirectory(`${base}/root`)
    expect(view.find('/usr/bin/one')?.path).toBe('/usr/bin/one')
    expect(view.find('/usr/bin/../bin/two')?.path).toBe('/usr/bin/two')
    expect(view.find('/usr/bin/three')).toBeUndefined()
    expect(timesOpen(`${base}/root/usr/bin`)).toBe(1)
  }
  expect(timesOpen(`${base}/root/usr/bin`)).toBe(0)
})

test('find() and make() refuse a name that no file can have', () => {
  using view = ContainerView.ofDirectory(`${base}/root`)
  const reason = 'Cannot use /usr/bin of the container: a name in it is too long'
  expect(view.find(`/usr/bin/${'x'.repeat(255)}`)).toBeUndefined()
  expect(() => view.find(`/usr/bin/${'x'.repeat(256)}`)).toThrow(reason)
  expect(() => view.make(`/usr/bin/${'é'.repeat(128)}/y`, 'file')).toThrow(reason)
})

test('cover() hides directories that were found before', () => {
  mkdirSync(`${base}/mounted/bin`, { recursive: true })
  writeFileSync(`${base}/mounted/bin/one`, 'another')
  using view = ContainerView.ofDirectory(`${base}/root`)
  const hidden = view.find('/usr/bin/one')
  view.cover('/usr', { type: 'tree', fd: view.keep(openSync(`${base}/mounted`, 'r')) })
  const seen = view.find('/usr/bin/one')
  expect(seen?.status?.identity).toBeString()
  expect(seen?.status?.identity).not.toBe(hidden?.status?.identity)
  expect(view.find('/usr/bin/two')).toBeUndefined()
})
