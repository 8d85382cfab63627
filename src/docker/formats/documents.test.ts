import { expect, test } from 'bun:test'
import type { DocumentKind } from '../types/document-types.ts'
import { formatInspected, parseDocumentFormat } from './documents.ts'

const container = {
  Id: '1234',
  Name: '/web',
  State: { Status: 'running', Running: true, Pid: 42, ExitCode: 0 },
  HostConfig: { Memory: 1024, PidsLimit: 2048, MemorySwappiness: null, NetworkMode: 'bridge' },
  Config: { Env: ['A=1', 'B=2'], Labels: { 'a.b': 'c' }, Cmd: null },
  Mounts: [{ Type: 'volume', Name: 'data', Source: '/s', Destination: '/d', RW: true }],
  NetworkSettings: {
    IPAddress: '10.0.0.2',
    Ports: { '80/tcp': [{ HostIp: '0.0.0.0', HostPort: '8080' }], '53/udp': null },
    Networks: { bridge: { IPAddress: '10.0.0.2' } },
  },
}

function format(template: string, document: object = container, kind: DocumentKind = 'container') {
  return formatInspected(parseDocumentFormat(template), document, kind)
}

test('formatInspected() executes common templates', () => {
  const wanted: Readonly<Record<string, string>> = {
    '{{.State.Status}}': 'running',
    '{{.State.Pid}} {{.State.Running}} {{.State.ExitCode}}': '42 true 0',
    '{{.NetworkSettings.IPAddress}}': '10.0.0.2',
    '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}': '10.0.0.2',
    '{{.NetworkSettings.Networks.bridge.IPAddress}}': '10.0.0.2',
    '{{(index (index .NetworkSettings.Ports "80/tcp") 0).HostPort}}': '8080',
    '{{range $p, $c := .NetworkSettings.Ports}} {{$p}} -> {{with $c}}{{(index . 0).HostIp}}{{end}}{{end}}':
      ' 53/udp ->  80/tcp -> 0.0.0.0',
    '{{index .Config.Labels "a.b"}}': 'c',
    '{{join .Config.Env " "}}': 'A=1 B=2',
    '{{json .Config.Env}}': '["A=1","B=2"]',
    '{{range .Mounts}}{{.Type}}:{{.Name}}:{{.Destination}}{{end}}': 'volume:data:/d',
    '{{.HostConfig.PidsLimit}} {{.HostConfig.MemorySwappiness}}': '2048 <nil>',
    '{{if .State.Health}}{{.State.Health.Status}}{{else}}none{{end}}': 'none',
    '{{slice .Name 1}}': 'web',
    '{{printf "%.2s" .Id}}': '12',
    '{{upper .State.Status}}': 'RUNNING',
    '{{gt .HostConfig.Memory 1000}}': 'true',
  }
  const found = Object.fromEntries(Object.keys(wanted).map((text) => [text, format(text)]))
  expect(found).toEqual({ ...wanted })
})

test('formatInspected() accepts the names of Go and those of JSON', () => {
  expect([format('{{.ID}}'), format('{{.Id}}')]).toEqual(['1234', '1234'])
  expect(format('{{.State}}')).toBe('{running true false false false false 42 0    <nil>}')
})

test('formatInspected() fails for a field that the document does not have', () => {
  expect(() => format('{{.State.Health.Status}}')).toThrow(
    'template parsing error: template: :1:8: executing "" at <.State.Health.Status>: map has no entry for key "Health"',
  )
})

test('formatInspected() prints the config of an image with any types', () => {
  const image = { Id: 'sha256:1', Config: { Labels: { a: 5 }, Env: 'text' } }
  expect(format('{{.Id}} {{.Config.Labels.a}} {{.Config.Env}}', image, 'image')).toBe(
    'sha256:1 5 text',
  )
  expect(format('{{json .}}', image, 'image')).toBe(
    '{"Config":{"Env":"text","Labels":{"a":5}},"Id":"sha256:1"}',
  )
})

test('parseDocumentFormat() ends with the code of Docker for bad syntax', () => {
  let failure: unknown
  try {
    parseDocumentFormat('{{.Id')
  } catch (error) {
    failure = error
  }
  expect(failure).toMatchObject({
    message: 'template parsing error: template: :1: unclosed action',
    exitCode: 64,
  })
})

test('formatInspected() reads the manifests of an image for several platforms', () => {
  const descriptor = { mediaType: 'm', digest: 'sha256:2', size: 1 }
  const manifest = {
    ID: 'sha256:2',
    Descriptor: { ...descriptor, platform: { architecture: 'arm64', os: 'linux' } },
    Available: true,
    Kind: 'image',
  }
  const image = { Id: 'sha256:1', Manifests: [manifest] }
  const template =
    '{{range .Manifests}}{{.ID}} {{.Descriptor.Platform.Architecture}} {{.Available}}{{end}}'
  expect(format(template, image, 'image')).toBe('sha256:2 arm64 true')
})
