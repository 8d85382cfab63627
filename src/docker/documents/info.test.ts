import { expect, test } from 'bun:test'
import { openRuntime } from '#runtime'
import { infoDocument } from './info.ts'

test('infoDocument() writes titles, and sizes in binary units', () => {
  const counts = { images: 3, containers: 2, running: 1, cpus: 4, memory: 3 * 1024 ** 3 }
  const store = { root: '/var/lib/strake', run: '/run/strake', version: '1.0.0' }
  const host = { cgroups: 'v2', kernel: '6.12', platform: { os: 'linux', architecture: 'amd64' } }
  const snapshotter = { kind: 'erofs', reason: 'layers are mounted' }
  const runtime = { problem: 'Cannot find a runtime' }
  const document = infoDocument({ ...counts, ...store, ...host, snapshotter, runtime })
  expect(document).toMatchObject({
    Version: '1.0.0',
    Running: 1,
    Snapshotter: 'erofs: layers are mounted',
    Runtime: ['none: Cannot find a runtime'],
    Platform: 'linux/amd64',
    Memory: '3.0GiB',
  })
})

test('infoDocument() says why another runtime was not chosen', () => {
  const runtime = {
    runtime: openRuntime({ name: 'runc', version: '1.1', path: '/usr/sbin/runc', root: '/r' }),
    reason: 'the runtime that works here',
    rejected: [{ name: 'crun', reason: '1.8.1 refuses cgroup v1' }],
  } as const
  const counts = { images: 0, containers: 0, running: 0, cpus: 1, memory: 0 }
  const store = { root: '/r', run: '/s', version: '1', cgroups: 'v1', kernel: '6' }
  const host = { platform: { os: 'linux', architecture: 'amd64' } }
  const snapshotter = { kind: 'erofs', reason: 'it works' }
  expect(infoDocument({ ...counts, ...store, ...host, snapshotter, runtime })).toMatchObject({
    Runtime: [
      'runc 1.1 (/usr/sbin/runc): the runtime that works here',
      'not crun: crun 1.8.1 refuses cgroup v1',
    ],
  })
})
