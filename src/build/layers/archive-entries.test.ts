import { expect, test } from 'bun:test'
import { fromBuffer } from '#stream'
import { packTar, readTar } from '#tar'
import { overwriting } from '../../stream/testing/overwriting.ts'
import { isArchive, unpackEntries } from './archive-entries.ts'
import { clampedTimes } from './pack.ts'

test('isArchive() looks at the first block, in whatever pieces it comes', async () => {
  const tar = await packTar([{ path: 'a-name-that-is-longer-than-one-piece', body: noBytes }])
  const text = Buffer.alloc(2000, 'no archive at all ')
  for (const size of [1, 100, 512, 5000]) {
    expect(await isArchive({ size: tar.length }, () => overwriting(tar, size))).toBe(true)
    expect(await isArchive({ size: text.length }, () => overwriting(text, size))).toBe(false)
  }
})

test('unpackEntries() takes file capabilities over, and no other attribute', async () => {
  const value = Buffer.from('1')
  const names = ['security.capability', 'security.selinux', 'trusted.overlay.opaque', 'user.a']
  const xattrs = new Map(names.map((name) => [name, value]))
  const tar = await packTar([{ path: 'f', body: noBytes, xattrs }])
  const entries = unpackEntries(readTar(fromBuffer(tar)), '', { times: clampedTimes(0) })
  for await (const entry of entries) {
    expect([...(entry.xattrs ?? [])]).toEqual([['security.capability', Uint8Array.from(value)]])
  }
})

const noBytes = new Uint8Array(0)
