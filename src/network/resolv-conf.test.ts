import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { formatHosts } from './hosts-file.ts'
import {
  formatResolvConf,
  parseResolvConf,
  readContainerResolver,
  readHostResolver,
} from './resolv-conf.ts'

test('parseResolvConf() keeps the last search list and drops comments', () => {
  const text = [
    '# by hand',
    'nameserver 192.0.2.1 ; first',
    'nameserver\t2001:db8::1',
    'domain old.example',
    'search a.example b.example',
    'options ndots:2 edns0',
    'unknown keyword',
  ].join('\n')
  const config = parseResolvConf(text)
  expect(config).toEqual({
    nameservers: ['192.0.2.1', '2001:db8::1'],
    search: ['a.example', 'b.example'],
    options: ['ndots:2', 'edns0'],
  })
  expect(parseResolvConf(formatResolvConf(config))).toEqual(config)
  expect(parseResolvConf('search a.example # at home\noptions rotate ; always\n')).toEqual({
    nameservers: [],
    search: ['a.example'],
    options: ['rotate'],
  })
  expect(parseResolvConf('search a.example\ndomain b.example\n').search).toEqual(['b.example'])
})

test('readContainerResolver() excludes name servers that a container cannot reach', () => {
  using host = makeHost(
    'nameserver 127.0.0.1\nnameserver fe80::1\nnameserver 192.0.2.1\nsearch x.example\n',
  )
  expect(readContainerResolver(host)).toEqual({
    nameservers: ['192.0.2.1'],
    search: ['x.example'],
    options: [],
  })
  expect(readHostResolver(host.own).nameservers).toEqual(['127.0.0.1', 'fe80::1', '192.0.2.1'])
  using nowhere = makeHost('nameserver 0.0.0.0\nnameserver 127.5.0.1\nnameserver 192.0.2.9\n')
  expect(readContainerResolver(nowhere).nameservers).toEqual(['192.0.2.9'])
})

test('readContainerResolver() uses the servers behind systemd-resolved when there is only its stub', () => {
  using host = makeHost(
    'nameserver 127.0.0.53\nsearch stub.example\noptions trust-ad\n',
    'nameserver 192.0.2.7\nnameserver ::1\nsearch x.example\n',
  )
  expect(readContainerResolver(host)).toEqual({
    nameservers: ['192.0.2.7'],
    search: ['x.example'],
    options: [],
  })
})

test('readContainerResolver() falls back to public servers, also without any file', () => {
  using stub = makeHost('nameserver ::1\nsearch x.example\n')
  expect(readContainerResolver(stub).nameservers).toEqual(['8.8.8.8', '8.8.4.4'])
  expect(readContainerResolver(stub).search).toEqual(['x.example'])
  const nothing = { own: '/nowhere/resolv.conf', resolved: '/nowhere/resolved.conf' }
  expect(readContainerResolver(nothing).nameservers).toEqual(['8.8.8.8', '8.8.4.4'])
})

test('formatHosts() adds the container, with loopback when it has no address', () => {
  const extra = [{ name: 'db', ip: '192.0.2.3' }]
  const lines = formatHosts({ hostname: 'web', ip: '10.89.0.2', extra }).split('\n')
  expect(lines).toContain('127.0.0.1\tlocalhost')
  expect(lines).toContain('192.0.2.3\tdb')
  expect(lines).toContain('10.89.0.2\tweb')
  expect(formatHosts({ hostname: 'web' })).toContain('127.0.1.1\tweb\n')
  const dotted = formatHosts({ hostname: 'a.b', ip: '10.89.0.2' })
  expect(dotted).toEndWith('\n10.89.0.2\ta.b a\n')
})

function makeHost(
  own: string,
  resolved?: string,
): { readonly own: string; readonly resolved: string } & Disposable {
  const directory = mkdtempSync(`${tmpdir()}/strake-resolv-`)
  const files = { own: join(directory, 'own'), resolved: join(directory, 'resolved') }
  writeFileSync(files.own, own)
  if (resolved !== undefined) writeFileSync(files.resolved, resolved)
  const remove = () => rmSync(directory, { recursive: true })
  return { ...files, [Symbol.dispose]: remove }
}
