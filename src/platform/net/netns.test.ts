import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNetworkNamespace, enterNetworkNamespace, removeNetworkNamespace } from './netns.ts'
import { probePort } from './port.ts'

const isRoot = process.getuid?.() === 0
if (!isRoot) process.stderr.write('skipped: network namespaces need root\n')

let directory: string
beforeEach(() => {
  directory = mkdtempSync(`${tmpdir()}/strake-netns-`)
})
afterEach(() => {
  removeNetworkNamespace(join(directory, 'ns'))
  rmSync(directory, { recursive: true })
})

describe.skipIf(!isRoot)('network namespaces', () => {
  const current = () => readlinkSync('/proc/thread-self/ns/net')

  test('createNetworkNamespace() runs its function inside and returns to the old namespace', () => {
    const path = join(directory, 'ns')
    const before = current()
    const inside = createNetworkNamespace(path, current)
    expect(inside).not.toBe(before)
    expect(current()).toBe(before)
    expect(enterNetworkNamespace(path, current)).toBe(inside)
    expect(current()).toBe(before)
    removeNetworkNamespace(path)
    expect(existsSync(path)).toBeFalse()
    removeNetworkNamespace(path)
  })

  test('createNetworkNamespace() returns and leaves nothing behind when its function throws', () => {
    const path = join(directory, 'ns')
    const before = current()
    const fail = () => {
      throw new Error('inside')
    }
    expect(() => createNetworkNamespace(path, fail)).toThrow('inside')
    expect(current()).toBe(before)
    expect(existsSync(path)).toBeFalse()
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(path)
  })

  test('createNetworkNamespace() does not change an existing namespace', () => {
    const path = join(directory, 'ns')
    const first = createNetworkNamespace(path, current)
    expect(() => createNetworkNamespace(path, current)).toThrow('EEXIST')
    expect(enterNetworkNamespace(path, current)).toBe(first)
  })

  test('enterNetworkNamespace() returns to the old namespace when its function throws', () => {
    const path = join(directory, 'ns')
    createNetworkNamespace(path, () => {})
    const before = current()
    const fail = () => {
      throw new Error('inside')
    }
    expect(() => enterNetworkNamespace(path, fail)).toThrow('inside')
    expect(current()).toBe(before)
  })
})

test('probePort() distinguishes a free port from a port with a listener', () => {
  const loopback = '127.0.0.1'
  const free = probePort('tcp', loopback, 0)
  expect(probePort('tcp', loopback, free)).toBe(free)
  using server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  expect(() => probePort('tcp', loopback, server.port)).toThrow('EADDRINUSE')
  expect(() => probePort('tcp', '0.0.0.0', server.port)).toThrow('EADDRINUSE')
  expect(() => probePort('udp', '203.0.113.1', 0)).toThrow('EADDRNOTAVAIL')
  expect(() => probePort('udp', '2001:db8::1', 0)).toThrow(/EADDRNOTAVAIL|EAFNOSUPPORT/)
  // A port of IPv4 is not one of IPv6.
  if (existsSync('/proc/net/if_inet6'))
    expect(probePort('tcp', '::', server.port)).toBe(server.port)
})
