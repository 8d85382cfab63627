import { expect, test } from 'bun:test'
import { openRuntime } from '#runtime'
import { infoLines } from './info-lines.ts'

test('infoLines() writes titles, and sizes in binary units', () => {
  const counts = { images: 3, containers: 2, running: 1, paused: 0, isReadOnly: false }
  const roots = { root: '/var/lib/strake', run: '/run/strake', version: '1.0.0' }
  const platform = { os: 'linux', architecture: 'amd64' }
  const host = {
    cgroups: 'v2',
    ownsCgroups: true,
    isRootless: false,
    kernel: '6.12',
    hostname: 'host',
    platform,
    cpus: 4,
    memory: 3 * 1024 ** 3,
  }
  const snapshotter = { kind: 'erofs', reason: 'layers are mounted' }
  const runtime = { problem: 'Cannot find a runtime' }
  const store = { ...counts, snapshotter, runtime }
  const document = infoLines({ ...roots, ...host, store })
  expect(document).toMatchObject({
    Version: '1.0.0',
    Running: 1,
    Snapshotter: 'erofs: layers are mounted',
    Runtime: ['none: Cannot find a runtime'],
    Platform: 'linux/amd64',
    Memory: '3.0GiB',
  })
})

test('infoLines() names the reason why another runtime was not chosen', () => {
  const runtime = {
    runtime: openRuntime({ name: 'runc', version: '1.1', path: '/usr/sbin/runc', root: '/r' }),
    reason: 'the runtime that works here',
    rejected: [{ name: 'crun', reason: '1.8.1 refuses cgroup v1' }],
  } as const
  const counts = { images: 0, containers: 0, running: 0, paused: 0, isReadOnly: false }
  const snapshotter = { kind: 'erofs', reason: 'it works' }
  const store = { ...counts, snapshotter, runtime }
  expect(infoLines({ ...machine, store })).toMatchObject({
    Runtime: [
      'runc 1.1 (/usr/sbin/runc): the runtime that works here',
      'not crun: crun 1.8.1 refuses cgroup v1',
    ],
  })
})

test('infoLines() names the reason for an unopened store, and the damage of a store', () => {
  const problem = 'Cannot use /r/strake.db: it cannot be opened'
  expect(infoLines({ ...machine, store: { problem } })).toMatchObject({
    Store: ['/r', problem],
    Kernel: '6',
  })
  const store = {
    images: 0,
    containers: 0,
    running: 0,
    paused: 0,
    isReadOnly: true,
    snapshotter: { kind: 'erofs', reason: 'it works' },
    runtime: { problem: 'none' },
  }
  expect(infoLines({ ...machine, store })['Store']).toEqual([
    '/r',
    'its file system is read-only: nothing can be changed',
  ])
})

const machine = {
  ...{
    root: '/r',
    run: '/s',
    version: '1',
    cgroups: 'v1',
    ownsCgroups: true,
    isRootless: false,
    kernel: '6',
    hostname: 'h',
    cpus: 1,
    memory: 0,
  },
  platform: { os: 'linux', architecture: 'amd64' },
}
