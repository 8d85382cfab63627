import { expect, test } from 'bun:test'
import { infoDocument } from './info.ts'

test('infoDocument() writes titles, and sizes in binary units', () => {
  const counts = { images: 3, containers: 2, running: 1, cpus: 4, memory: 3 * 1024 ** 3 }
  const store = { root: '/var/lib/strake', run: '/run/strake', version: '1.0.0' }
  const host = { cgroups: 'v2', kernel: '6.12', platform: { os: 'linux', architecture: 'amd64' } }
  const snapshotter = { kind: 'erofs', reason: 'layers are mounted' }
  const runtime = { problem: 'Cannot find a runtime' }
  const document = infoDocument({ ...counts, ...store, ...host, snapshotter, runtime })
  expect(document).toMatchObject({
    'Server Version': '1.0.0',
    Running: 1,
    Snapshotter: 'erofs: layers are mounted',
    Runtime: ['none: Cannot find a runtime'],
    Platform: 'linux/amd64',
    Memory: '3.0GiB',
  })
})
