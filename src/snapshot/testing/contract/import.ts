import { expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { chainAbove, type Digest } from '#oci'
import { one } from '../changes.ts'
import { code, noChain, type Suite, tarOf, text } from './suite.ts'

/** Importing archives. */
export function testImport(suite: Suite): void {
  const { base, chain, chains } = suite

  test('importLayer() commits what an archive makes of its parent, from bytes or a file', async () => {
    const first = await tarOf([
      { path: 'etc/hosts', body: text('localhost') },
      { path: 'etc/motd', body: text('one'), mode: 0o4755 },
      { path: 'lib', type: 'symlink', linkpath: 'usr/lib' },
    ])
    const size = first.archive.length
    expect(await suite.snapshots.importLayer(null, first)).toEqual({ entries: 3, size })
    const second = await tarOf([
      { path: 'etc/.wh.hosts' },
      { path: 'lib/file', body: text('through the link') },
      { path: 'also', type: 'hardlink', linkpath: 'etc/motd', mode: 0o4755 },
    ])
    const tar = `${suite.scratch}/layer.tar`
    writeFileSync(tar, second.archive, { mode: 0o444 })
    await suite.snapshots.importLayer(first.diffId, { ...second, tar })
    await using view = await suite.snapshots.view(chainAbove(first.diffId, second.diffId))
    expect(readdirSync(view.root).sort()).toEqual(['also', 'etc', 'lib', 'usr'])
    expect(readdirSync(`${view.root}/etc`)).toEqual(['motd'])
    expect(readFileSync(`${view.root}/usr/lib/file`, 'utf8')).toBe('through the link')
    expect(lstatSync(`${view.root}/also`).mode).toBe(0o104755)
    expect(readFileSync(tar).equals(second.archive)).toBe(true)
  })

  test('importLayer() keeps a large archive as it is, and one named by SHA-512', async () => {
    const body = Buffer.alloc(3_000_000, 'planking')
    const first = await tarOf([{ path: 'large', body }])
    await suite.snapshots.importLayer(null, { ...first, leastSize: 2 ** 30 })
    const second = await tarOf([{ path: 'small', body: text('x') }])
    const diffId: Digest = `sha512:${createHash('sha512').update(second.archive).digest('hex')}`
    await suite.snapshots.importLayer(first.diffId, { ...second, diffId })
    await using view = await suite.snapshots.view(chainAbove(first.diffId, diffId))
    expect(readFileSync(`${view.root}/large`).equals(body)).toBe(true)
    expect(readFileSync(`${view.root}/small`, 'utf8')).toBe('x')
  })

  test('importLayer() does not read the archive of an existing chain', async () => {
    const chainId = await base()
    let asked = false
    const tar = {
      [Symbol.asyncIterator]: () => {
        asked = true
        return one(new Uint8Array(1024))
      },
    }
    // The chain ID of a lowest layer is its diff ID.
    const layer = { diffId: chainId, tar }
    expect(await suite.snapshots.importLayer(null, layer)).toBeUndefined()
    expect(asked).toBe(false)
  })

  test('importLayer() leaves nothing behind after a wrong digest or a refused layer', async () => {
    const good = await tarOf([{ path: 'x', body: text('x') }])
    const sha512: Digest = `sha512:${'0'.repeat(128)}`
    for (const other of [
      { diffId: noChain(5) },
      { diffId: sha512 },
      // Large enough to be hashed in its own thread.
      { diffId: noChain(5), leastSize: 2 ** 30 },
    ]) {
      const lie = suite.snapshots.importLayer(null, { ...good, ...other, tar: one(good.archive) })
      expect(await code(lie)).toBe('DIGEST_INVALID')
    }
    const bad = await tarOf([
      { path: 'x', body: text('x') },
      { path: '../y', body: text('y') },
    ])
    expect(await code(suite.snapshots.importLayer(null, bad))).toBe('INVALID')
    const orphan = await tarOf([])
    expect(await code(suite.snapshots.importLayer(noChain(1), orphan))).toBe('NOT_FOUND')
    expect(await Array.fromAsync(suite.snapshots.list())).toEqual([])
    await suite.snapshots.importLayer(null, await tarOf([{ path: 'x', body: text('x') }]))
    expect(await suite.snapshots.has(good.diffId)).toBe(true)
  })

  test('importLayer() may defer the index, and a container above it sees every file', async () => {
    for (let n = 1; n <= 4; n++) {
      const layer = await tarOf([
        { path: `file-${n}`, body: text(`${n}`) },
        { path: 'd', type: 'directory' },
      ])
      const parent = n === 1 ? null : chain(n - 1)
      await suite.snapshots.importLayer(parent, layer, { index: 'later' })
      chains.set(n, chainAbove(parent, layer.diffId))
    }
    const other = await suite.reopen()
    await using container = await other.container(chain(3), `${suite.scratch}/c`)
    expect(readdirSync(container.root).sort()).toEqual(['d', 'file-1', 'file-2', 'file-3'])
    const top = await tarOf([{ path: 'd/top', body: text('top') }])
    await other.importLayer(chain(4), top)
    await using view = await suite.snapshots.view(chainAbove(chain(4), top.diffId))
    expect(readdirSync(view.root)).toHaveLength(5)
    expect(readFileSync(`${view.root}/file-4`, 'utf8')).toBe('4')
  })

  test('commit() accepts a layer that equals the changes', async () => {
    await base()
    const layer = await tarOf([{ path: 'motd', body: text('two') }])
    {
      await using active = await suite.snapshots.prepare(chain(1))
      writeFileSync(`${active.root}/motd`, 'two')
      chains.set(2, await active.commit(layer))
    }
    const third = await tarOf([{ path: 'three', body: text('3') }])
    await suite.snapshots.importLayer(chain(2), third)
    await using view = await suite.snapshots.view(chainAbove(chain(2), third.diffId))
    expect(readFileSync(`${view.root}/motd`, 'utf8')).toBe('two')
    expect(readdirSync(view.root).sort()).toEqual(['etc', 'motd', 'three'])
  })
}
