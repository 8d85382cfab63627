import { expect, test } from 'bun:test'
import type { EngineDescription } from '#engine/info'
import { openRuntime } from '#runtime'
import { formatDocument, parseDocumentFormat } from '../formats/documents.ts'
import { infoDocument } from './info.ts'

const machine = {
  root: '/r',
  run: '/s',
  version: '1.2',
  cgroups: 'unified',
  ownsCgroups: true,
  isRootless: false,
  kernel: '6.12',
  cpus: 4,
  hostname: 'host',
  memory: 1024,
  platform: { os: 'linux', architecture: 'amd64' },
}
const counts = { images: 3, containers: 6, running: 2, paused: 1, isReadOnly: false }
const snapshotter = { kind: 'erofs', reason: 'layers are mounted' }
const runtime = {
  runtime: openRuntime({ name: 'crun', version: '1.20', path: '/bin/crun', root: '/r' }),
  reason: 'it works',
  rejected: [],
}

function format(template: string, store: EngineDescription['store']): string {
  return formatDocument(
    parseDocumentFormat(template, { kind: 'info' }),
    infoDocument({ ...machine, store }),
  )
}

test('infoDocument() has the fields of docker info that scripts use', () => {
  const store = { ...counts, snapshotter, runtime }
  const counted = '{{.Images}} {{.Containers}} {{.ContainersRunning}} {{.ContainersStopped}}'
  expect(format(counted, store)).toBe('3 6 2 3')
  const host = '{{.OSType}}/{{.Architecture}} {{.NCPU}} {{.MemTotal}} {{.Name}} {{.KernelVersion}}'
  expect(format(host, store)).toBe('linux/x86_64 4 1024 host 6.12')
  const engine = '{{.ServerVersion}} {{.Driver}} {{.DockerRootDir}} {{.CgroupVersion}}'
  expect(format(engine, store)).toBe('1.2 erofs /r 2')
  expect(format('{{.DefaultRuntime}} {{json .Runtimes}}', store)).toBe(
    'crun {"crun":{"path":"/bin/crun"}}',
  )
  expect(format('{{json .SecurityOptions}}', store)).toBe(
    '["name=seccomp,profile=builtin","name=cgroupns"]',
  )
  expect(format('{{.Swarm.LocalNodeState}} {{.Plugins.Volume}} {{.Debug}}', store)).toBe(
    'inactive [local] false',
  )
  expect(format('{{.ClientInfo.Version}} {{.ClientInfo.Context}}', store)).toBe('1.2 default')
})

test('infoDocument() has no runtime if none works, and an error without a store', () => {
  const store = { ...counts, snapshotter, runtime: { problem: 'Cannot find a runtime' } }
  expect(format('{{.Runtimes}}|{{.DefaultRuntime}}', store)).toBe('map[]|')
  const problem = { problem: 'Cannot open /r' }
  expect(format('{{.ServerErrors}} {{.Containers}}', problem)).toBe('[Cannot open /r] 0')
})

test('formatDocument() words an unknown field of info as Docker does', () => {
  expect(() => format('{{.Missing}}', { problem: '' })).toThrow(
    `template: :1:2: executing "" at <.Missing>: can't evaluate field Missing in type system.dockerInfo`,
  )
})
