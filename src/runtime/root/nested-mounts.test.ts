import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { mountsBelow, readMounts } from '#platform'
import type { RootMount } from './mount.ts'
import { mountNested, releaseMounts } from './nested-mounts.ts'
import { prepareRoot } from './prepare-root.ts'

const cannotMount = process.getuid?.() === 0 ? undefined : 'not root'
let base = ''
let nested = ''

beforeEach(() => {
  base = mkdtempSync(`${tmpdir()}/strake-nested-`)
  nested = `${base}/nested`
  for (const name of ['root', 'volume', 'dir', 'outside']) mkdirSync(`${base}/${name}`)
  writeFileSync(`${base}/dir/f`, 'dir')
  writeFileSync(`${base}/file`, 'file')
})

afterEach(async () => {
  await releaseMounts(nested)
  expect(mountsBelow(base)).toEqual([])
  rmSync(base, { recursive: true, force: true })
})

function bind(source: string, destination: string, more: Partial<RootMount> = {}): RootMount {
  const point = source === 'file' ? 'file' : 'directory'
  return { type: 'bind', source: `${base}/${source}`, destination, point, ...more }
}

function prepare(...mounts: RootMount[]) {
  using prepared = prepareRoot(`${base}/root`, { mounts, nested })
  return prepared.mounts
}

describe.skipIf(cannotMount !== undefined)(`mounts in mounts (${cannotMount ?? 'as root'})`, () => {
  test('prepareRoot() makes one mount of a volume and the mounts inside it', () => {
    const mounts = prepare(
      bind('volume', '/data'),
      bind('dir', '/data/x/new', { readOnly: true }),
      bind('file', '/data/x/new2'),
      { type: 'tmpfs', source: 'tmpfs', destination: '/data/m', point: 'directory' },
    )
    expect(mounts).toMatchObject([{ destination: '/data', source: `${nested}/0`, isReady: true }])
    expect(readFileSync(`${nested}/0/x/new/f`, 'utf8')).toBe('dir')
    expect(readFileSync(`${nested}/0/x/new2`, 'utf8')).toBe('file')
    expect(() => writeFileSync(`${nested}/0/x/new/f`, '')).toThrow('EROFS')
    writeFileSync(`${nested}/0/own`, '')
    expect(statSync(`${nested}/0/m`).mode & 0o7777).toBe(0o1777)
    const memory = readMounts().find(({ target }) => target === `${nested}/0/m`)
    expect(memory?.options).toEqual(expect.arrayContaining(['nosuid', 'nodev', 'noexec']))
    expect(readdirSync(`${base}/volume`).sort()).toEqual(['m', 'own', 'x'])
    expect(readdirSync(`${base}/volume/x`).sort()).toEqual(['new', 'new2'])
    expect(readdirSync(`${base}/root`).sort()).toEqual(['data', 'dev', 'proc', 'sys'])
  })

  test('prepareRoot() makes no mount point in a read-only mount', () => {
    mkdirSync(`${base}/volume/there`)
    const volume = bind('volume', '/data', { readOnly: true })
    expect(() => prepare(volume, bind('dir', '/data/new'))).toThrow(
      'Cannot mount at /data/new: it is missing in /data, which is read-only',
    )
    expect(readdirSync(`${base}/volume`)).toEqual(['there'])
  })

  test('prepareRoot() allows a writable mount in a read-only one', () => {
    mkdirSync(`${base}/volume/there`)
    prepare(bind('volume', '/data', { readOnly: true }), bind('dir', '/data/there'))
    expect(() => writeFileSync(`${nested}/0/x`, '')).toThrow('EROFS')
    writeFileSync(`${nested}/0/there/x`, '')
    expect(readdirSync(`${base}/dir`).sort()).toEqual(['f', 'x'])
  })

  test('mountNested() says that another process has removed a part of a volume', () => {
    mkdirSync(`${base}/volume/part`)
    const cover = { type: 'tree', fd: openSync(`${base}/volume/part`, 'r') } as const
    rmSync(`${base}/volume/part`, { recursive: true })
    const mount = bind('volume', '/data', { subpath: 'part' })
    expect(() => mountNested([{ mount, cover, parent: undefined }], nested)).toThrow(
      'Cannot mount part: another process has removed it meanwhile',
    )
    closeSync(cover.fd)
  })

  test('prepareRoot() gives the root of the container the necessary propagation', () => {
    const [mount] = prepare(
      bind('volume', '/data'),
      bind('dir', '/data/a', { propagation: 'rshared' }),
    )
    expect(mount).toMatchObject({ propagation: 'shared', isReady: true })
    const inner = readMounts().find(({ target }) => target === `${nested}/0/a`)
    expect(inner?.shared).toBe(true)
  })

  test('prepareRoot() creates nothing outside while a container replaces a directory with a link', async () => {
    const program = [process.execPath, `${import.meta.dir}/../testing/swapper.ts`]
    mkdirSync(`${base}/volume/x`)
    const container = Bun.spawn([...program, `${base}/volume`, `${base}/outside`], {
      stdin: 'pipe',
      stdout: 'pipe',
    })
    const output = container.stdout.values()
    await output.next()
    for (let round = 0; round < 300; round++) {
      prepare(bind('volume', '/data'), bind('dir', `/data/x/new${round}`))
      await releaseMounts(nested)
    }
    container.stdin.end()
    const rest = await Array.fromAsync({ [Symbol.asyncIterator]: () => output })
    expect(Number(Buffer.concat(rest).toString())).toBeGreaterThan(100)
    expect(readdirSync(`${base}/outside`)).toEqual([])
  }, 60_000)
})
