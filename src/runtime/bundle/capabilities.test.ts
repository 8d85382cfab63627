import { expect, test } from 'bun:test'
import { resolveCapabilities } from './capabilities.ts'

const everything = (1n << 41n) - 1n

/** The kernel's bit mask of a list of names, as in `/proc/<pid>/status`. */
const bits: Readonly<Record<string, number>> = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  FOWNER: 3,
  FSETID: 4,
  KILL: 5,
  SETGID: 6,
  SETUID: 7,
  SETPCAP: 8,
  NET_BIND_SERVICE: 10,
  NET_RAW: 13,
  SYS_CHROOT: 18,
  MKNOD: 27,
  AUDIT_WRITE: 29,
  SETFCAP: 31,
}

test('resolveCapabilities() returns the default mask of dockerd', () => {
  const mask = resolveCapabilities({ bounding: everything }).reduce(
    (sum, name) => sum + 2 ** (bits[name.slice(4)] ?? Number.NaN),
    0,
  )
  expect(mask.toString(16)).toBe('a80425fb')
})

test('resolveCapabilities() adds and drops names in any spelling, and applies drop ALL first', () => {
  const options = { bounding: everything, drop: ['all'], add: ['net_admin', 'CAP_CHOWN'] }
  expect(resolveCapabilities(options)).toEqual(['CAP_CHOWN', 'CAP_NET_ADMIN'])
  const allButOne = resolveCapabilities({ bounding: everything, add: ['ALL'], drop: ['MKNOD'] })
  expect(allButOne).toHaveLength(40)
  expect(allButOne).not.toContain('CAP_MKNOD')
})

test('resolveCapabilities() never grants a capability that the host does not have', () => {
  const withoutResource = everything & ~(1n << 24n)
  const all = resolveCapabilities({ bounding: withoutResource, privileged: true })
  expect(all).toHaveLength(40)
  expect(all).not.toContain('CAP_SYS_RESOURCE')
})

test('resolveCapabilities() refuses an unknown name', () => {
  expect(() => resolveCapabilities({ add: ['SYS_ADMINN'] })).toThrow(
    'Cannot use capability SYS_ADMINN: there is no such capability',
  )
})
