import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Attachment } from '#network'
import { containerPaths } from '../model/context.ts'
import type { ContainerOptions } from '../model/options.ts'
import { mergeSettings } from '../model/settings.ts'
import { writeEtcFiles } from './etc-files.ts'
import type { ResolvedMount } from './volumes.ts'

const id = 'c'.repeat(64)
const image = { reference: 'i', id: 'sha256:', chainId: null, config: { Cmd: ['x'] } } as const
let paths: ReturnType<typeof containerPaths>

beforeEach(() => {
  const directory = mkdtempSync(`${tmpdir()}/strake-etc-`)
  paths = { ...containerPaths({ root: directory, run: directory }, id), directory }
})

afterEach(() => rmSync(paths.directory, { recursive: true, force: true }))

const bridged: Attachment = {
  kind: 'bridge',
  ports: [],
  networks: [],
  resolver: { nameservers: ['10.0.0.1'], search: ['example.org'], options: ['ndots:2'] },
  ip: '10.89.0.5',
  gateway: '10.89.0.1',
  [Symbol.asyncDispose]: async () => {},
}

function write(
  options: Partial<ContainerOptions> = {},
  attachment = bridged,
): readonly ResolvedMount[] {
  return writeEtcFiles(paths, mergeSettings(id, { image, ...options }), { attachment })
}

const read = (name: string): string => readFileSync(`${paths.directory}/${name}`, 'utf8')

test('writeEtcFiles() writes the values of the network, readable for all users', () => {
  const own = process.umask(0o077)
  const mounts = write({ hostname: 'h' })
  process.umask(own)
  expect(mounts.map(({ destination }) => destination)).toEqual([
    '/etc/hosts',
    '/etc/hostname',
    '/etc/resolv.conf',
  ])
  expect(mounts.map(({ readOnly }) => readOnly)).toEqual([false, false, false])
  expect(read('hostname')).toBe('h\n')
  expect(read('hosts')).toContain('10.89.0.5\th\n')
  expect(read('resolv.conf')).toBe('nameserver 10.0.0.1\nsearch example.org\noptions ndots:2\n')
  expect(statSync(`${paths.directory}/hosts`).mode & 0o777).toBe(0o644)
})

test('writeEtcFiles() prefers the values of the user', () => {
  const extraHosts = [
    { name: 'db', ip: '192.0.2.1' },
    { name: 'host', ip: 'host-gateway' },
  ]
  write({ extraHosts, dns: ['192.0.2.53'], dnsSearch: ['corp'], dnsOptions: ['rotate'] })
  expect(read('resolv.conf')).toBe('nameserver 192.0.2.53\nsearch corp\noptions rotate\n')
  expect(read('hosts')).toContain('192.0.2.1\tdb\n')
  expect(read('hosts')).toContain('10.89.0.1\thost\n')
})

test('writeEtcFiles() skips a file if the user mounts another one in its place', () => {
  const mounts = write({
    mounts: [{ type: 'bind', source: '/x', destination: '/etc/hosts' }],
    readOnly: true,
  })
  expect(mounts.map(({ destination, readOnly }) => ({ destination, readOnly }))).toEqual([
    { destination: '/etc/hostname', readOnly: true },
    { destination: '/etc/resolv.conf', readOnly: true },
  ])
})

test('writeEtcFiles() copies the hosts of the machine for the host network', () => {
  const { ip, gateway, ...rest } = bridged
  const extraHosts = [
    { name: 'db', ip: '192.0.2.1' },
    { name: 'host', ip: 'host-gateway' },
  ]
  write({ network: 'host', extraHosts }, { ...rest, kind: 'host' })
  const end = '192.0.2.1\tdb\n127.0.0.1\thost\n'
  expect(read('hosts')).toBe(`${readFileSync('/etc/hosts', 'utf8')}${end}`)
})

test('writeEtcFiles() names linked containers', () => {
  const link = { alias: 'db', name: 'pg', hostname: 'abc', ip: '10.89.0.9', exposed: [], env: [] }
  writeEtcFiles(paths, mergeSettings(id, { image }), { attachment: bridged, linked: [link] })
  expect(read('hosts')).toContain('\n10.89.0.9\tdb abc pg\n')
})
