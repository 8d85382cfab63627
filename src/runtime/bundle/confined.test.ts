import { expect, test } from 'bun:test'
import { createBundleConfig } from './config.ts'
import { confineConfig } from './confined.ts'

const options = {
  id: 'a',
  root: '/r',
  args: ['sh'],
  env: [],
  cwd: '/',
  user: { uid: 0, gid: 0, additionalGids: [], home: '/root' },
}
const none = createBundleConfig({ ...options, network: 'none' })
const host = createBundleConfig({ ...options, network: 'host' })
const rootless = { inUserNamespace: true, ownsCgroups: false, groups: 65537 }

function mountOf(config: typeof none, place: string) {
  return config.mounts.find(({ destination }) => destination === place)
}

test('confineConfig() changes nothing outside a user namespace', () => {
  const own = { inUserNamespace: false, ownsCgroups: true, groups: 2 ** 32 - 1 }
  expect(confineConfig(host, { hostNetwork: true }, own)).toBe(host)
})

test('confineConfig() leaves out control groups that this process may not make', () => {
  const { linux, mounts } = confineConfig(none, { hostNetwork: false }, rootless)
  expect(linux).not.toHaveProperty('cgroupsPath')
  expect(linux.resources).toEqual({ devices: [] })
  expect(linux.namespaces).toEqual(none.linux.namespaces)
  expect(linux.seccomp).toEqual(none.linux.seccomp)
  expect(mounts.find(({ destination }) => destination === '/sys/fs/cgroup')).toMatchObject({
    type: 'tmpfs',
    options: expect.arrayContaining(['ro']),
  })
  const delegated = { ...rootless, ownsCgroups: true }
  const kept = confineConfig(none, { hostNetwork: false }, delegated)
  expect(kept.linux).toMatchObject({ cgroupsPath: '/strake/a', resources: none.linux.resources })
  expect(mountOf(kept, '/sys/fs/cgroup')).toMatchObject({ type: 'cgroup' })
})

test('confineConfig() binds /sys read-only for the network of the machine', () => {
  const { mounts } = confineConfig(host, { hostNetwork: true }, rootless)
  const places = mounts.map(({ destination }) => destination)
  expect(places.indexOf('/sys')).toBeLessThan(places.indexOf('/sys/fs/cgroup'))
  expect(mounts[places.indexOf('/sys')]).toMatchObject({
    type: 'bind',
    source: '/sys',
    options: expect.arrayContaining(['rbind', 'ro', 'rro', 'nosuid', 'noexec', 'nodev']),
  })
  const own = confineConfig(none, { hostNetwork: false }, rootless)
  expect(mountOf(own, '/sys')).toMatchObject({ type: 'sysfs' })
})

test('confineConfig() uses only groups that the namespace has', () => {
  const ping = 'net.ipv4.ping_group_range'
  const many = confineConfig(none, { hostNetwork: false }, rootless)
  expect(many.linux.sysctl?.[ping]).toBe('0 65536')
  expect(mountOf(many, '/dev/pts')?.options).toContain('gid=5')
  const one = confineConfig(none, { hostNetwork: false }, { ...rootless, groups: 1 })
  expect(one.linux.sysctl?.[ping]).toBe('0 0')
  expect(mountOf(one, '/dev/pts')?.options).not.toContain('gid=5')
})
