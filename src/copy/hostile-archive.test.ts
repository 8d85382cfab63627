import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { fromBuffer } from '#stream'
import { packTar, readTar, type TarInput } from '#tar'
import { containerAt } from './testing/trees.ts'
import { TreeWriter } from './write-tree.ts'

let base = ''
let root = ''

beforeEach(() => {
  base = mkdtempSync(`${tmpdir()}/strake-copy-hostile-`)
  root = `${base}/root`
  mkdirSync(`${root}/srv`, { recursive: true })
  mkdirSync(`${root}/etc`)
  mkdirSync(`${base}/outside`)
  writeFileSync(`${base}/outside/victim`, 'safe')
  writeFileSync(`${root}/etc/passwd`, 'root')
})

afterEach(() => {
  expect(readFileSync(`${base}/outside/victim`, 'utf8')).toBe('safe')
  expect(lstatSync(`${base}/outside/victim`)).toMatchObject({ nlink: 1 })
  expect(readdirSync(`${base}/outside`)).toEqual(['victim'])
  expect(readdirSync(base).sort()).toEqual(['outside', 'root'])
  rmSync(base, { recursive: true, force: true })
})

/** Unpacks an archive in `/srv` of the container. */
async function unpack(...entries: readonly TarInput[]): Promise<void> {
  using tree = containerAt(root)
  const target = tree.target('/srv')
  const options = { warn: () => {}, copied: () => {} }
  using writer = new TreeWriter(tree, target.directory, options)
  for await (const entry of readTar(fromBuffer(await packTar(entries)))) await writer.write(entry)
  writer.finish()
}

const file = (path: string, text = 'new'): TarInput => ({ path, body: Buffer.from(text) })
const link = (path: string, linkpath: string): TarInput => ({ path, type: 'symlink', linkpath })
const hard = (path: string, linkpath: string): TarInput => ({ path, type: 'hardlink', linkpath })

test('names that leave the directory are refused, and absolute ones are below it', async () => {
  for (const path of ['../x', 'a/../../x', '..']) {
    await expect(unpack(file(path))).rejects.toThrow('its path leaves the directory')
  }
  await unpack(file('/etc/passwd'))
  expect(readFileSync(`${root}/srv/etc/passwd`, 'utf8')).toBe('new')
  expect(readFileSync(`${root}/etc/passwd`, 'utf8')).toBe('root')
})

test('a link of the archive is not followed out of the directory', async () => {
  for (const target of ['/etc', '../etc', '../../outside', `${base}/outside`, '/']) {
    const copying = unpack(link('l', target), file('l/passwd'))
    await expect(copying).rejects.toThrow(/leads out of the directory|is not a directory/)
    rmSync(`${root}/srv/l`)
  }
  await expect(unpack(link('a', '/etc'), link('b', 'a'), file('b/passwd'))).rejects.toThrow(
    'leads out of the directory',
  )
  expect(readFileSync(`${root}/etc/passwd`, 'utf8')).toBe('root')
})

test('a link of the archive is followed within the directory', async () => {
  await unpack({ path: 'usr/lib', type: 'directory' }, link('lib', 'usr/lib'), file('lib/x'))
  expect(readFileSync(`${root}/srv/usr/lib/x`, 'utf8')).toBe('new')
})

test('a link that was there before is followed inside the container', async () => {
  symlinkSync('/etc', `${root}/srv/conf`)
  symlinkSync('../../../../../../etc', `${root}/srv/up`)
  await unpack(file('conf/one'), file('up/two'))
  expect(readdirSync(`${root}/etc`).sort()).toEqual(['one', 'passwd', 'two'])
})

test('a file replaces a link and is not written through it', async () => {
  symlinkSync(`${base}/outside/victim`, `${root}/srv/l`)
  await unpack(file('l'), link('m', '/etc/passwd'), file('m'))
  expect(lstatSync(`${root}/srv/l`).isFile()).toBe(true)
  expect(lstatSync(`${root}/srv/m`).isFile()).toBe(true)
  expect(readFileSync(`${root}/etc/passwd`, 'utf8')).toBe('root')
})

test('hard links lead only to files of the directory', async () => {
  for (const target of ['../etc/passwd', '../../outside/victim', 'none', '.']) {
    await expect(unpack(hard('h', target))).rejects.toThrow(/its target/)
  }
  await expect(unpack(link('l', '/etc'), hard('h', 'l/passwd'))).rejects.toThrow(
    'leads out of the directory',
  )
  await unpack(file('f'), hard('h', '/f'), hard('f', 'h'))
  expect(lstatSync(`${root}/srv/h`).ino).toBe(lstatSync(`${root}/srv/f`).ino)
})

test('a device or pipe is created, and a directory is not replaced by it', async () => {
  await expect(
    unpack({ path: 'd', type: 'directory' }, { path: 'd', type: 'fifo' }),
  ).rejects.toThrow('a file cannot replace a directory')
  await unpack({ path: 'p', type: 'fifo' })
  expect(lstatSync(`${root}/srv/p`).isFIFO()).toBe(true)
  await unpack(file('p'))
  expect(lstatSync(`${root}/srv/p`).isFile()).toBe(true)
})

test('missing directories are made, and the entry of the directory itself changes nothing', async () => {
  const mode = lstatSync(`${root}/srv`).mode
  await unpack({ path: './', type: 'directory', mode: 0o700, uid: 9 }, file('./a/b/c'))
  expect(lstatSync(`${root}/srv`).mode).toBe(mode)
  expect(lstatSync(`${root}/srv/a`).mode & 0o7777).toBe(0o755)
  expect(existsSync(`${root}/srv/a/b/c`)).toBe(true)
})
