import { expect, test } from 'bun:test'
import { formatProblem } from './check.ts'
import { configSchema } from './json-schema.ts'
import { ConfigError, parseConfig } from './parse-config.ts'

async function problemsOf(text: string): Promise<readonly string[]> {
  const error = await parseConfig(text, 'registry.yml').catch((thrown: unknown) => thrown)
  if (!(error instanceof ConfigError)) throw new Error(`not refused: ${text}`)
  return error.problems.map(formatProblem)
}

test('parseConfig() converts durations and sizes, and keeps everything else', async () => {
  const text = [
    'listen: { host: 0.0.0.0, port: 5000 }',
    'auth:',
    '  tokens: { lifetime: 10m, refreshLifetime: 90d }',
    'limits: { blobSize: 10GiB, requestsPerSecond: 50 }',
    'access:',
    '  rules:',
    '    - repositories: [public/**]',
    '      subjects: [anonymous, "group:team"]',
    '      actions: [pull]',
  ].join('\n')
  const config = await parseConfig(text, 'registry.yml')
  expect(JSON.parse(JSON.stringify(config))).toEqual({
    listen: { host: '0.0.0.0', port: 5000 },
    auth: { tokens: { lifetime: 600_000, refreshLifetime: 7_776_000_000 } },
    limits: { blobSize: 10_737_418_240, requestsPerSecond: 50 },
    access: {
      rules: [
        { repositories: ['public/**'], subjects: ['anonymous', 'group:team'], actions: ['pull'] },
      ],
    },
  })
  expect(await parseConfig('', 'registry.yml')).toEqual({})
  expect(await parseConfig('# only a comment\n', 'registry.yml')).toEqual({})
})

test('parseConfig() names line, key and what is expected of every fault', async () => {
  const text = [
    'listen:',
    '  prot: 5000',
    '  host: 7',
    'auth:',
    '  tokens:',
    '    lifetime: soon',
    'tls:',
    '  cert: a.pem',
    'access:',
    '  rules:',
    '    - repositories: ["../x"]',
    '      subjects: [alice]',
    '      actions: [pul]',
  ].join('\n')
  expect(await problemsOf(text)).toEqual([
    'line 2, listen.prot: unknown key, expected host, port, url, allowHosts, trustedProxies',
    'line 3, listen.host: expected an address or a host name, got 7',
    'line 6, auth.tokens.lifetime: expected a duration such as 30s, 5m, 12h or 90d, got "soon"',
    'line 8, tls.key: missing',
    'line 11, access.rules[0].repositories[0]: expected a repository, in which * stands for a part of a segment and ** for any path, got "../x"',
    expect.stringContaining('line 12, access.rules[0].subjects[0]: expected user:NAME, group:NAME'),
    'line 13, access.rules[0].actions[0]: expected pull, push, delete, admin, got "pul"',
  ])
})

test('parseConfig() accepts whole numbers only in decimal, and shows what it refuses', async () => {
  for (const port of ['0x10', '0o20', '1e3', '010', '5.0', '+5']) {
    expect(await problemsOf(`listen: { port: ${port} }`)).toEqual([
      `line 1, listen.port: expected a whole number from 0 to 65535, got ${port}`,
    ])
  }
  expect(await parseConfig('listen: { port: 10 }', 'registry.yml')).toEqual({
    listen: { port: 10 },
  })
  const quota = (bytes: string) => `quotas: [{ prefix: team, bytes: ${bytes} }]`
  expect(await problemsOf(quota('0x10'))).toEqual([expect.stringMatching(/a size .*, got 0x10$/)])
  expect(await parseConfig(quota('16'), 'registry.yml')).toMatchObject({ quotas: [{ bytes: 16 }] })
})

test('parseConfig() repeats no password of a URL', async () => {
  for (const secret of ['u:CANARY@', 'CANARY@', 'u:CA@CANARY@', 'u:x/CANARY@', 'u:x?CANARY#@']) {
    const long = 'x'.repeat(100)
    for (const url of [
      `https://${secret}host.example/ hook`,
      `https://${long}${secret}host.example/ hook`,
    ]) {
      const webhooks = JSON.stringify({ webhooks: [{ name: 'ci', url }] })
      const problems = (await problemsOf(webhooks)).join()
      expect(problems).toContain('webhooks[0].url: expected')
      expect(problems).toContain('https://***@host.example/ hook')
      expect(problems).not.toContain('CANARY')
    }
  }
})

test('parseConfig() refuses what is not YAML, repeated keys, and unknown sections', async () => {
  expect(await problemsOf('listen: {port: 1')).toHaveLength(1)
  expect(await problemsOf('listen: {}\nlisten: {}\n')).toEqual(['line 2: Map keys must be unique'])
  expect(await problemsOf('- a\n')).toEqual([
    expect.stringMatching(/^line 1: expected a section with listen, tls, .*, got a list$/),
  ])
  expect(await problemsOf('nothing: {}')).toEqual([
    expect.stringContaining('line 1, nothing: unknown key'),
  ])
})

test('parseConfig() follows aliases, and ends for an alias of itself', async () => {
  const text = [
    'access:',
    '  rules:',
    '    - &one { repositories: [a], subjects: [everyone], actions: [pull] }',
    '    - *one',
  ].join('\n')
  expect((await parseConfig(text, 'registry.yml')).access?.rules).toHaveLength(2)
  expect(await problemsOf('listen: &a\n  host: *a\n')).toHaveLength(1)
})

test('parseConfig() begins relative paths at the directory of the file', async () => {
  const text = 'storage: { directory: data }\nlog: { access: stderr, audit: ../audit.log }\n'
  const config = await parseConfig(text, '/etc/strake/registry.yml')
  expect(config.storage?.directory).toBe('/etc/strake/data')
  expect({ ...config.log }).toEqual({ access: 'stderr', audit: '/etc/audit.log' })
})

test('parseConfig() accepts addresses and networks of proxies, and no names', async () => {
  const text = 'listen: { trustedProxies: [127.0.0.1, 10.0.0.0/8, "::1", "fd00::/8"] }'
  expect((await parseConfig(text, 'registry.yml')).listen?.trustedProxies).toHaveLength(4)
  for (const odd of ['proxy', '999.1.1.1', '10.0.0.0/33', ':', '::1/200']) {
    expect(await problemsOf(`listen: { trustedProxies: ["${odd}"] }`)).toHaveLength(1)
  }
})

test('parseConfig() accepts no time after which slow answers would be cut', async () => {
  expect((await parseConfig('limits: { connectionIdle: 30s }', 'a.yml')).limits).toMatchObject({
    connectionIdle: 30_000,
  })
  for (const odd of ['29s', '256s']) {
    expect(await problemsOf(`limits: { connectionIdle: ${odd} }`)).toEqual([
      'line 1, limits.connectionIdle: expected 30s to 255s',
    ])
  }
})

test('parseConfig() refuses times that no timer knows, and unclear lists', async () => {
  for (const [text, problem] of [
    ['collect: { interval: 25d }', 'collect.interval: expected 1s to 24d'],
    ['collect: { interval: 0s }', 'collect.interval: expected 1s to 24d'],
    ['limits: { bodySilence: 30d }', 'limits.bodySilence: expected 1s to 24d'],
    [
      'proxy: { upstreams: [{ name: ghcr.io }, { name: ghcr.io }] }',
      'proxy.upstreams[1].name: an earlier upstream has the same',
    ],
    [
      'webhooks: [{ name: a, url: "https://a/" }, { name: a, url: "https://b/" }]',
      'webhooks[1].name: an earlier webhook has the same',
    ],
    [
      'webhooks: [{ name: a, url: "http://example.com/" }]',
      'webhooks[0].url: expected https://, or allowPrivate for your own network',
    ],
    ['proxy: { mirror: ghcr.io }', 'proxy.mirror: no upstream of proxy.upstreams has this name'],
    [
      'proxy: { upstreams: [{ name: ghcr.io, url: "https://me:secret@ghcr.io" }] }',
      'proxy.upstreams[0].url: credentials must not be in the URL; the server uses those of strake login ghcr.io',
    ],
    [
      'storage: { bucket: { name: abc, region: r }, database: { url: "postgres://a:b@c/d" } }',
      'storage.database.url: a password must not be in the URL; put the URL into the file of urlFile, or into STRAKE_REGISTRY_DATABASE',
    ],
    [
      'retention: [{ repositories: ["**"], keep: {} }]',
      'retention[0].keep: expected newestPushed, newestPulled, pushedWithin or pulledWithin',
    ],
    [
      'quotas: [{ prefix: a, eachUser: true, bytes: 1GB }]',
      'quotas[0].eachUser: a quota is either for a prefix or for each user',
    ],
  ] as const) {
    expect(await problemsOf(text)).toEqual([`line 1, ${problem}`])
  }
})

test('parseConfig() refuses rules about nothing', async () => {
  for (const [text, key] of [
    ['fixedTags: [{ repositories: [a], tags: [] }]', 'fixedTags[0].tags'],
    ['fixedTags: [{ repositories: [], tags: [v*] }]', 'fixedTags[0].repositories'],
    ['retention: [{ repositories: [], keep: { newestPushed: 1 } }]', 'retention[0].repositories'],
    ['proxy: { upstreams: [{ name: ghcr.io, tags: [] }] }', 'proxy.upstreams[0].tags'],
    [
      'access: { rules: [{ repositories: [a], subjects: [], actions: [pull] }] }',
      'access.rules[0].subjects',
    ],
    [
      'access: { rules: [{ repositories: [a], subjects: [everyone], actions: [] }] }',
      'access.rules[0].actions',
    ],
  ]) {
    expect(await problemsOf(text ?? '')).toEqual([`line 1, ${key}: expected at least one item`])
  }
})

test('parseConfig() refuses URLs with a password', async () => {
  for (const text of [
    'listen: { url: "https://a:b@c" }',
    'auth: { oidc: [{ name: a, issuer: "https://a:b@c", audience: d }] }',
  ]) {
    expect(await problemsOf(text)).toEqual([expect.stringContaining('without a password')])
  }
})

test('parseConfig() refuses an issuer whose keys would come unencrypted', async () => {
  const textOf = (issuer: string) =>
    `auth: { oidc: [{ name: a, issuer: "${issuer}", audience: d }] }`
  expect(await problemsOf(textOf('http://issuer.example'))).toEqual([
    'line 1, auth.oidc[0].issuer: its keys would come unencrypted, expected https://',
  ])
  for (const issuer of ['https://issuer.example', 'http://127.0.0.1:8080', 'http://localhost']) {
    const { auth } = await parseConfig(textOf(issuer), 'registry.yml')
    expect(auth?.oidc?.[0]?.issuer).toBe(issuer)
  }
})

test('parseConfig() compares keys with each other', async () => {
  const text = [
    'auth:',
    '  ldap:',
    '    url: ldap://ldap.example.com',
    '    baseDn: dc=example',
    '    bindDn: cn=reader',
    '  mtls: { identity: cn, pattern: "(" }',
    'access:',
    '  rules:',
    '    - repositories: ["**"]',
    '      subjects: [{ issuer: github, claims: { repository: "acme/*" } }]',
    '      actions: [push]',
  ].join('\n')
  expect(await problemsOf(text)).toEqual([
    'line 10, access.rules[0].subjects[0].issuer: no issuer of auth.oidc has this name; there is none',
    expect.stringContaining('line 3, auth.ldap.url: passwords would be sent unencrypted'),
    'line 5, auth.ldap.bindDn: needs the other of the two',
    'line 6, auth.mtls: needs tls.clientCa, which proves certificates',
    'line 6, auth.mtls.pattern: expected a regular expression',
  ])
})

test('configSchema() describes every key, and closes every section', () => {
  const schema = JSON.parse(JSON.stringify(configSchema())) as {
    readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  }
  expect(schema).toMatchObject({ type: 'object', additionalProperties: false })
  expect(schema.properties['tls']).toMatchObject({
    description: expect.stringContaining('Certificates'),
    required: ['cert', 'key'],
    additionalProperties: false,
  })
  expect(schema.properties['listen']?.['properties']).toMatchObject({
    port: { type: 'integer', minimum: 0, maximum: 65_535 },
  })
})
