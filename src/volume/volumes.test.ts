import { afterEach, beforeEach, expect, test } from 'bun:test'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { mountTmpfs, unmount } from '#platform'
import { openRecords } from '#records'
import type { VolumePlaces } from './use.ts'
import {
  createVolume,
  dropAnonymous,
  getVolume,
  listVolumes,
  mountVolume,
  removeLeftovers,
  removeVolume,
  type VolumeStore,
} from './volumes.ts'

const user = { container: 'c' }
let root = ''
let store: VolumeStore & VolumePlaces & { readonly records: ReturnType<typeof openRecords> }

beforeEach(() => {
  root = mkdtempSync(`${tmpdir()}/strake-volume-`)
  store = {
    root,
    run: `${root}/run`,
    records: openRecords(`${root}/strake.db`, { now: () => 1000 }),
  }
})

afterEach(() => {
  store.records.close()
  rmSync(root, { recursive: true })
})

test('createVolume() refuses a size where the file system limits none, and makes nothing', async () => {
  mountTmpfs(root)
  try {
    const options = { size: '10m' }
    await expect(createVolume(store, { name: 'v', options })).rejects.toThrow(
      'Cannot create volume v: quota size requested but no quota support',
    )
    expect(listVolumes(store)).toEqual([])
    await createVolume(store, { name: 'v', options: { size: '0' } })
    expect(listVolumes(store)).toHaveLength(1)
  } finally {
    unmount(root)
  }
})

test('createVolume() keeps labels and options, and leaves an existing volume unchanged', async () => {
  const made = await createVolume(store, {
    name: 'v',
    labels: { a: '1' },
    options: { type: 'tmpfs', device: 'x' },
  })
  expect(made).toEqual({
    name: 'v',
    createdAt: 1000,
    labels: { a: '1' },
    options: { type: 'tmpfs', device: 'x' },
    isAnonymous: false,
  })
  writeFileSync(`${root}/volumes/v/_data/f`, '')
  expect(await createVolume(store, { name: 'v', labels: { b: '2' } })).toEqual(made)
  expect(existsSync(`${root}/volumes/v/_data/f`)).toBe(true)
  expect(statSync(`${root}/volumes/v/_data`).mode & 0o7777).toBe(0o755)
  expect((await createVolume(store)).name).toMatch(/^[0-9a-f]{64}$/)
  for (const name of ['', '..', 'a/b', '-x']) {
    await expect(createVolume(store, { name })).rejects.toThrow('Cannot name a volume')
  }
})

test.skipIf(process.getuid?.() !== 0)(
  'createVolume() reserves space, so that the volume can be removed when it has filled the disk (needs root)',
  async () => {
    const disk = `${root}/disk`
    mkdirSync(disk)
    mountTmpfs(disk, { size: 4 * 1024 * 1024 })
    try {
      const small = { root: disk, run: `${root}/run`, records: openRecords(`${disk}/strake.db`) }
      await createVolume(small, { name: 'v' })
      const block = new Uint8Array(4096)
      while (statfsSync(disk).bavail > 0) {
        writeFileSync(`${disk}/volumes/v/_data/f`, block, { flag: 'a' })
      }
      small.records.close()
      const later = { ...small, records: openRecords(`${disk}/strake.db`) }
      await removeVolume(later, 'v', { usersOf: () => [] })
      expect(listVolumes(later)).toEqual([])
      later.records.close()
    } finally {
      unmount(disk, { detach: true })
    }
  },
)

test('listVolumes() lists volumes of an earlier version, which have no record', async () => {
  await createVolume(store, { name: 'b' })
  mkdirSync(`${root}/volumes/a/_data`, { recursive: true })
  expect(listVolumes(store).map(({ name }) => name)).toEqual(['a', 'b'])
  expect(getVolume(store, 'a')).toMatchObject({ labels: {}, isAnonymous: false })
  expect(() => getVolume(store, 'none')).toThrow('Cannot find volume none')
})

const unused = { usersOf: () => [] }

test('removeVolume() removes files and record, unless a container uses the volume', async () => {
  const source = await mountVolume(store, { name: 'v', labels: { a: '1' } }, user)
  writeFileSync(`${source}/f`, '')
  await expect(
    removeVolume(store, 'v', { usersOf: (name) => (name === 'v' ? ['web'] : []) }),
  ).rejects.toThrow('Cannot remove volume v: volume is in use by container web')
  await removeVolume(store, 'v', unused)
  expect(listVolumes(store)).toEqual([])
  expect(existsSync(`${root}/volumes/v`)).toBe(false)
  await expect(removeVolume(store, 'v', unused)).rejects.toThrow('Cannot find volume v')
  expect((await createVolume(store, { name: 'v' })).labels).toEqual({})
})

test('removeLeftovers() removes the files of a volume whose removal was cut, and no volume', async () => {
  await mountVolume(store, { name: 'kept' }, user)
  mkdirSync(`${root}/volumes/.removed-1-1-x.tmp/_data`, { recursive: true })
  expect(await removeLeftovers(store)).toBe(1)
  expect(await removeLeftovers(store)).toBe(0)
  expect(readdirSync(`${root}/volumes`)).toContain('kept')
  await removeVolume(store, 'kept', unused)
  expect(readdirSync(`${root}/volumes`)).not.toContain('kept')
})

test('dropAnonymous() keeps a volume that another container begins to use meanwhile', async () => {
  const path = await mountVolume(store, { name: 'inherited', isAnonymous: true }, user)
  writeFileSync(`${path}/file`, 'kept')
  const { records } = store
  let isUsed = false
  const write: typeof records.write = async (work, signal) => {
    isUsed = true
    return await records.write(work, signal)
  }
  const meanwhile = { ...store, records: { ...records, write } }
  await dropAnonymous(meanwhile, 'inherited', { isUsed: () => isUsed })
  expect(existsSync(`${path}/file`)).toBe(true)
  expect(records.volumes.get('inherited')).toBeDefined()
})

test('dropAnonymous() removes the volume of a container, also twice', async () => {
  await mountVolume(store, { name: 'anonymous', isAnonymous: true }, user)
  await dropAnonymous(store, 'anonymous', { isUsed: () => false })
  await dropAnonymous(store, 'anonymous', { isUsed: () => false })
  expect(listVolumes(store)).toEqual([])
  expect(store.records.volumes.list()).toEqual([])
})
