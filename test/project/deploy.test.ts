import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { parseConfig } from '../../src/registry/config/parse-config.ts'

const deploy = join(import.meta.dir, '../../deploy')
const read = (name: string): string => readFileSync(join(deploy, name), 'utf8')

function documents(name: string): readonly Record<string, unknown>[] {
  return parseAllDocuments(read(name)).map((document) => {
    expect(document.errors).toEqual([])
    return document.toJS() as Record<string, unknown>
  })
}

test('deploy/registry.yml and the configuration for Kubernetes are valid and agree', async () => {
  const config = await parseConfig(read('registry.yml'), '/registry.yml')
  const map = documents('kubernetes/registry.yml').find(({ kind }) => kind === 'ConfigMap')
  const data = (map?.['data'] ?? {}) as Readonly<Record<string, string>>
  const text = data['registry.yml'] ?? ''
  const inCluster = await parseConfig(text, '/registry.yml')
  expect(Object.keys(inCluster)).toEqual(Object.keys(config))
  expect(inCluster.storage?.bucket?.name).toBe(config.storage?.bucket?.name ?? '')
})

test('the manifests for Kubernetes have every kind, and name the same pods', () => {
  const all = documents('kubernetes/registry.yml')
  expect(all.map(({ kind }) => kind).sort()).toEqual([
    'ConfigMap',
    'Deployment',
    'HorizontalPodAutoscaler',
    'PodDisruptionBudget',
    'Secret',
    'Secret',
    'Service',
  ])
  for (const { kind, spec } of all as { kind: string; spec?: { selector?: object } }[]) {
    if (kind === 'Service') expect(spec?.selector).toEqual({ app: 'registry' })
    if (kind === 'Deployment' || kind === 'PodDisruptionBudget') {
      expect(spec?.selector).toEqual({ matchLabels: { app: 'registry' } })
    }
  }
})

test('the Compose file and nginx name services and secrets that exist', () => {
  const [compose] = documents('compose.yml') as unknown as {
    services: Record<string, { secrets?: string[] }>
    secrets: Record<string, object>
  }[]
  if (compose === undefined) throw new TypeError('no document')
  const used = Object.values(compose.services).flatMap(({ secrets = [] }) => secrets)
  expect(new Set(used)).toEqual(new Set(Object.keys(compose.secrets)))
  const [, host = ''] = /server (\w+):5000/.exec(read('nginx.conf')) ?? []
  expect(Object.keys(compose.services)).toContain(host)
})
