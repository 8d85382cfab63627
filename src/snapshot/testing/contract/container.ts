import { expect, test } from 'bun:test'
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import type { Suite } from './suite.ts'

/** The roots of containers. */
export function testContainer(suite: Suite): void {
  const { base, chain, commit } = suite

  test('container() keeps changes in its directory, over unmounting too', async () => {
    await base()
    const directory = `${suite.scratch}/c0ffee`
    {
      await using container = await suite.snapshots.container(chain(1), directory)
      expect(statSync(container.root).mode & 0o777).toBe(0o755)
      writeFileSync(`${container.root}/data`, 'kept')
      rmSync(`${container.root}/motd`)
      expect(readdirSync(container.upper).sort()).toEqual(['data', 'motd'])
      await using again = await (await suite.reopen()).container(chain(1), directory)
      expect(again.root).toBe(container.root)
      expect(readFileSync(`${again.root}/data`, 'utf8')).toBe('kept')
    }
    await using container = await suite.snapshots.container(chain(1), directory)
    expect(readFileSync(`${container.root}/data`, 'utf8')).toBe('kept')
    expect(readdirSync(container.root).sort()).toEqual(['data', 'etc'])
  })

  test('container() gives the root directory the status it has in the image', async () => {
    await commit(1, null, (root) => {
      chmodSync(root, 0o711)
      utimesSync(root, 1, 1234567890)
    })
    const other = await suite.reopen()
    await using container = await other.container(chain(1), `${suite.scratch}/c`)
    expect(statSync(container.root).mode & 0o7777).toBe(0o711)
    expect(statSync(container.root).mtimeMs).toBe(1234567890_000)
  })

  test('container() lays directories over the image, and works without an image', async () => {
    await base()
    const over = `${suite.scratch}/over`
    mkdirSync(`${over}/etc`, { recursive: true })
    writeFileSync(`${over}/etc/hosts`, '')
    await using one = await suite.snapshots.container(chain(1), `${suite.scratch}/one`, {
      overlays: [over],
      volatile: true,
    })
    expect(readFileSync(`${one.root}/etc/hosts`, 'utf8')).toBe('')
    expect(readFileSync(`${one.root}/etc/passwd`, 'utf8')).toBe('root')
    await using two = await suite.snapshots.container(null, `${suite.scratch}/two`, {
      overlays: [over],
    })
    expect(readdirSync(two.root)).toEqual(['etc'])
    await using three = await suite.snapshots.container(null, `${suite.scratch}/three`)
    writeFileSync(`${three.root}/file`, '')
  })

  test('container() keeps owner and mode of directories that others are laid over', async () => {
    await commit(1, null, (root) => {
      mkdirSync(`${root}/etc`)
      chmodSync(`${root}/etc`, 0o751)
      chownSync(`${root}/etc`, 5, 6)
      mkdirSync(`${root}/plain`)
    })
    const over = `${suite.scratch}/over`
    for (const name of ['etc', 'new', 'plain']) mkdirSync(`${over}/${name}`, { recursive: true })
    for (const name of ['etc', 'new', 'plain']) chmodSync(`${over}/${name}`, 0o755)
    const options = { overlays: [over] }
    await using container = await suite.snapshots.container(chain(1), `${suite.scratch}/c`, options)
    expect(statSync(`${container.root}/etc`)).toMatchObject({ mode: 0o40751, uid: 5, gid: 6 })
    expect(statSync(`${container.root}/new`)).toMatchObject({ mode: 0o40755, uid: 0 })
    expect(readdirSync(container.upper)).toEqual(['etc'])
  })
}
