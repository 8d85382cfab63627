import { expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { mkdtempDisposable } from '../../src/platform/index.ts'
import { parseConfig } from '../../src/registry/config/parse-config.ts'
import { createHealthEndpoints } from '../../src/registry/observe/endpoints.ts'

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
    'Service',
  ])
  for (const { kind, spec } of all as { kind: string; spec?: { selector?: object } }[]) {
    if (kind === 'Service') expect(spec?.selector).toEqual({ app: 'registry' })
    if (kind === 'Deployment' || kind === 'PodDisruptionBudget') {
      expect(spec?.selector).toEqual({ matchLabels: { app: 'registry' } })
    }
  }
})

test('the probes are endpoints of the server, and the secret has its files', () => {
  const all = documents('kubernetes/registry.yml') as unknown as readonly {
    readonly kind: string
    readonly metadata: { readonly name: string }
    readonly stringData?: Readonly<Record<string, string>>
    readonly spec?: {
      readonly template?: { readonly spec: { readonly containers: readonly Probed[] } }
    }
  }[]
  interface Probed {
    readonly readinessProbe: { readonly httpGet: { readonly path: string } }
    readonly livenessProbe: { readonly httpGet: { readonly path: string } }
  }
  const served = createHealthEndpoints({}).map(({ path }) => path)
  const [container] =
    all.find(({ kind }) => kind === 'Deployment')?.spec?.template?.spec.containers ?? []
  expect(served).toContain(container?.readinessProbe.httpGet.path ?? '')
  expect(served).toContain(container?.livenessProbe.httpGet.path ?? '')
  const secret = all.find(({ kind }) => kind === 'Secret')
  const config = all.find(({ kind }) => kind === 'ConfigMap')
  const named = JSON.stringify(config).matchAll(/\/run\/secrets\/registry\/([a-z-]+)/g)
  expect(Object.keys(secret?.stringData ?? {}).sort()).toEqual(
    [...named].map(([, name = '']) => name).sort(),
  )
})

const composeProgram = [
  join(process.env['STRAKE_GOPEERS'] ?? '/var/cache/strake-gopeers', 'docker-compose'),
].find(existsSync)

test.skipIf(composeProgram === undefined)('docker-compose reads the Compose file', async () => {
  const argv = [composeProgram ?? '', '-f', join(deploy, 'compose.yml'), 'config', '--quiet']
  const child = Bun.spawn(argv, { stdout: 'pipe', stderr: 'pipe', env: { HOME: '/nonexistent' } })
  const text = await new Response(child.stderr).text()
  expect([await child.exited, text]).toEqual([0, ''])
})

const nginx = Bun.which('nginx', { PATH: `${process.env['PATH']}:/usr/sbin` })

test.skipIf(nginx === null)('nginx accepts its configuration', async () => {
  await using directory = await mkdtempDisposable(tmpdir(), 'strake-nginx-')
  const { path } = directory
  const request = [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-subj',
    '/CN=registry.example.com',
  ]
  const files = ['-keyout', `${path}/registry.key`, '-out', `${path}/registry.pem`]
  expect(await Bun.spawn(['openssl', ...request, ...files], { stderr: 'ignore' }).exited).toBe(0)
  // A package of a distribution has directories below /var that only its installation makes.
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const bodies = kinds.map((kind) => `${kind}_temp_path ${path}/${kind};`).join(' ')
  const text = read('nginx.conf')
    .replaceAll('/etc/nginx/certificates', path)
    .replace('server registry:5000', 'server 127.0.0.1:5000')
    .replace('http {', `http { access_log off; ${bodies}`)
  await Bun.write(`${path}/nginx.conf`, `pid ${path}/pid;\nerror_log stderr;\n${text}`)
  const child = Bun.spawn([nginx ?? '', '-t', '-p', path, '-c', `${path}/nginx.conf`], {
    stderr: 'pipe',
  })
  const told = await new Response(child.stderr).text()
  expect([await child.exited, told]).toEqual([0, expect.stringContaining('syntax is ok')])
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
