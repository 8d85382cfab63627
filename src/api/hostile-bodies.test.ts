import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { openTestEngine, type TestEngine } from '#engine/testing/fixture'
import type { Handler } from '#http'
import { createApi } from './create-api.ts'

/** Bodies that are right, and whose parts are then exchanged. */
const bodies: Readonly<Record<string, unknown>> = {
  '/containers/create?name=one': {
    Image: 'absent',
    Cmd: ['sh'],
    Entrypoint: null,
    Env: ['A=b'],
    User: '1:2',
    WorkingDir: '/w',
    Labels: { a: 'b' },
    ExposedPorts: { '80/tcp': {} },
    Volumes: { '/v': {} },
    Healthcheck: { Test: ['CMD', 'true'], Interval: 1_000_000_000, Retries: 3 },
    StopSignal: 'SIGTERM',
    StopTimeout: 3,
    HostConfig: {
      Binds: ['/a:/b:ro'],
      Mounts: [{ Type: 'volume', Source: 'v', Target: '/m', VolumeOptions: { Labels: {} } }],
      PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] },
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 },
      Memory: 67_108_864,
      NanoCpus: 500_000_000,
      PidsLimit: 10,
      CapAdd: ['NET_ADMIN'],
      Devices: [{ PathOnHost: '/dev/null', PathInContainer: '/dev/x', CgroupPermissions: 'r' }],
      Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
      Tmpfs: { '/t': 'size=1m' },
      Sysctls: { 'net.ipv4.ip_forward': '1' },
      LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
      NetworkMode: 'none',
      SecurityOpt: ['no-new-privileges'],
    },
    NetworkingConfig: { EndpointsConfig: { net: { Aliases: ['x'], IPAMConfig: {} } } },
  },
  '/networks/create': {
    Name: 'net',
    Driver: 'bridge',
    IPAM: { Config: [{ Subnet: '10.9.0.0/24', Gateway: '10.9.0.1' }] },
    Labels: { a: 'b' },
    Options: { x: 'y' },
    Internal: true,
  },
  '/volumes/create': {
    Name: 'BAD NAME',
    Driver: 'local',
    DriverOpts: { type: 'tmpfs' },
    Labels: {},
  },
  '/containers/absent/exec': { Cmd: ['sh'], Env: ['A=b'], AttachStdout: true, Tty: false },
  '/containers/absent/update': { Memory: 1, RestartPolicy: { Name: 'no' } },
  '/networks/absent/connect': { Container: 'x', EndpointConfig: { Aliases: ['a'] } },
  '/exec/absent/start': { Detach: true, Tty: false, ConsoleSize: [1, 2] },
  '/commit?container=absent': { Cmd: ['sh'], Labels: { a: 'b' } },
}

/** Values of every type, and texts that mean something to parsers. */
const hostile = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.constantFrom<unknown>(
    ...[null, true, -1, 0, 1.5, 1e308, 2 ** 53, -(2 ** 63), '', '..', '/../../etc', 'a\0b', 'a\nb'],
    ...[
      '\u{10ffff}',
      '999999999999999999999',
      '%00',
      '80/tcp/udp',
      '-1',
      '0x10',
      '1e3',
      '::',
      '[]',
    ],
    ...[[], [[]], [null], {}, { '': '' }, [{}], { a: null }],
  ),
  fc.string({ maxLength: 40 }),
  fc.constant('x'.repeat(70_000)),
)

/** Returns a copy in which the part at a place, counted through all of them, is `value`. */
function exchange(document: unknown, place: number, value: unknown): unknown {
  let count = 0
  const walk = (part: unknown): unknown => {
    if (count++ === place) return value
    if (Array.isArray(part)) return part.map(walk)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([key, one]) => [key, walk(one)]))
  }
  return walk(document)
}

describe('requests with hostile bodies', () => {
  let engine: TestEngine
  let handle: Handler
  const failures: unknown[] = []
  beforeAll(async () => {
    engine = await openTestEngine()
    handle = createApi(engine, {
      connections: () => Promise.reject(new Error('no connections here')),
      signal: new AbortController().signal,
      onFailure: (error) => failures.push(error),
    })
  })
  afterAll(() => engine?.[Symbol.asyncDispose]())

  const post = async (path: string, body: string): Promise<number> => {
    const headers = { 'Content-Type': 'application/json' }
    const request = new Request(`http://docker${path}`, { method: 'POST', body, headers })
    const response = await handle(request, { address: '' })
    const text = await response.text()
    if (response.status >= 400) expect(JSON.parse(text)).toEqual({ message: expect.any(String) })
    return response.status
  }

  test('are the mistakes of the client, never failures of the server', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.keys(bodies)),
        fc.nat({ max: 90 }),
        hostile,
        async (path, place, value) => {
          const body = exchange(bodies[path], place, value)
          const status = await post(path, JSON.stringify(body))
          const broken = failures.splice(0).map(String)
          expect({ isRefused: status < 500 || status === 501, status, broken }).toEqual({
            isRefused: true,
            status,
            broken: [],
          })
        },
      ),
      { numRuns: 600 },
    )
  })

  test('change no prototype', async () => {
    const polluted = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}'
    for (const path of Object.keys(bodies)) {
      await post(
        path,
        `${polluted},"Image":"absent","Labels":${polluted}},"HostConfig":${polluted}}}`,
      )
    }
    expect(Object.keys(Object.prototype)).toEqual([])
    expect(({} as Readonly<Record<string, unknown>>)['polluted']).toBeUndefined()
  })
})
