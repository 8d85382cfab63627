import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { openRecords } from '#records'
import type { VolumePlaces, VolumeStore } from '#volume'
import type { MountRequest } from '../model/mount-request.ts'
import { fillVolumes, type ResolvedMount, resolveMounts } from './volumes.ts'

let root = ''
let store: VolumeStore & VolumePlaces & { readonly records: ReturnType<typeof openRecords> }
const containerId = 'c'.repeat(64)

beforeEach(() => {
  root = mkdtempSync(`${tmpdir()}/strake-mounts-`)
  store = { root, run: `${root}/run`, records: openRecords(`${root}/strake.db`) }
  mkdirSync(`${root}/image/data`, { recursive: true })
  writeFileSync(`${root}/image/data/f`, 'image')
})

afterEach(() => {
  store.records.close()
  rmSync(root, { recursive: true })
})

const resolve = (...requests: readonly MountRequest[]): Promise<readonly ResolvedMount[]> =>
  resolveMounts({
    containerId,
    store,
    user: { container: containerId },
    requests,
    mountImage: async () => '',
  })

const volume = { type: 'volume', destination: '/data' } as const

test('resolveMounts() resolves the source of a bind, and distinguishes files and directories', async () => {
  mkdirSync(`${root}/d`)
  symlinkSync('d', `${root}/link`)
  writeFileSync(`${root}/f`, '')
  const mounts = await resolve(
    { type: 'bind', source: `${root}/link`, destination: '/a' },
    { type: 'bind', source: `${root}/f`, destination: '/b', readOnly: true },
  )
  expect(mounts).toMatchObject([
    { source: `${root}/d`, point: 'directory', destination: '/a', anonymous: false },
    { source: `${root}/f`, point: 'file', destination: '/b', readOnly: true },
  ])
})

test('resolveMounts() makes the source of a bind only with createSource', async () => {
  const source = `${root}/new/deep`
  const request = { type: 'bind', source, destination: '/a' } as const
  await expect(resolve(request)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  expect(existsSync(`${root}/new`)).toBe(false)
  await resolve({ ...request, createSource: true })
  expect(statSync(source).mode & 0o7777).toBe(0o755)
  writeFileSync(`${root}/f`, '')
  const file = { ...request, source: `${root}/f`, createSource: true }
  expect(await resolve(file)).toMatchObject([{ point: 'file' }])
  await expect(resolve({ ...file, source: `${root}/f/below` })).rejects.toThrow('no such file')
})

test('resolveMounts() makes an anonymous volume for every place, and reuses it at every start', async () => {
  const requests = [volume, { ...volume, destination: '/other' }, { ...volume, source: 'named' }]
  const first = await resolve(...requests)
  expect(first.map(({ anonymous }) => anonymous)).toEqual([true, true, false])
  expect(new Set(first.map(({ name }) => name)).size).toBe(3)
  expect(await resolve(...requests)).toEqual(first)
  expect(first.map(({ source }) => existsSync(source))).toEqual([true, true, true])
})

test('fillVolumes() fills a volume from the image, except with noCopy', async () => {
  const requests = [
    { ...volume, source: 'full' },
    { ...volume, source: 'bare', destination: '/data/', noCopy: true },
    { ...volume, source: 'elsewhere', destination: '/absent' },
  ]
  const mounts = await resolve(...requests)
  await fillVolumes(`${root}/image`, mounts, { requests })
  expect(mounts.map(({ source }) => readdirSync(source))).toEqual([['f'], [], []])
})

test('fillVolumes() finds the place inside the image, also through links', async () => {
  mkdirSync(`${root}/host`)
  writeFileSync(`${root}/host/secret`, '')
  symlinkSync(`${root}/host`, `${root}/image/absolute`)
  symlinkSync('../host', `${root}/image/up`)
  symlinkSync('/data', `${root}/image/inside`)
  const requests = ['/absolute', '/up', '/inside'].map((destination) => ({
    ...volume,
    destination,
    source: `v${destination.slice(1)}`,
  }))
  const mounts = await resolve(...requests)
  await fillVolumes(`${root}/image`, mounts, { requests })
  expect(mounts.map(({ source }) => readdirSync(source))).toEqual([[], [], ['f']])
})

test('fillVolumes() leaves the source of a bind as it is', async () => {
  const source = `${root}/host/bound`
  const requests = [{ type: 'bind', source, destination: '/data', createSource: true }] as const
  await fillVolumes(`${root}/image`, await resolve(...requests), { requests })
  expect(readdirSync(source)).toEqual([])
  expect(readdirSync(`${root}/host`)).toEqual(['bound'])
})
