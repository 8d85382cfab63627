import { expect, test } from 'bun:test'
import { fromBuffer } from '#stream'
import { packTar, readTar } from '#tar'
import { unpackEntries } from './archive-entries.ts'
import { emptyTree } from './empty-tree.ts'
import { clampedTimes } from './pack.ts'
import { UnpackPlaces } from './unpack-places.ts'

test('unpackEntries() keeps file capabilities and no other attribute', async () => {
  const value = Buffer.from('1')
  const names = ['security.capability', 'security.selinux', 'trusted.overlay.opaque', 'user.a']
  const xattrs = new Map(names.map((name) => [name, value]))
  const tar = await packTar([{ path: 'f', body: noBytes, xattrs }])
  const places = new UnpackPlaces(emptyTree, '', [])
  const entries = unpackEntries(readTar(fromBuffer(tar)), places, { times: clampedTimes(0) })
  for await (const entry of entries) {
    expect([...(entry.xattrs ?? [])]).toEqual([['security.capability', Uint8Array.from(value)]])
  }
})

const noBytes = new Uint8Array(0)
