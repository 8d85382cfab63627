import { expect, test } from 'bun:test'
import { type BundleOptions, createBundleConfig } from './config.ts'

const options: BundleOptions = {
  id: 'box',
  root: '/root-of-box',
  args: ['true'],
  env: [],
  cwd: '/',
  user: { uid: 0, gid: 0, additionalGids: [0], home: '/' },
  network: 'none',
}

test('createBundleConfig() writes a version that both runtimes know, and no annotation', () => {
  const config = createBundleConfig(options)
  expect(config.ociVersion).toBe('1.0.2')
  expect(config).not.toHaveProperty('annotations')
})

test('createBundleConfig() sets neither inheritable nor ambient capabilities', () => {
  const { capabilities } = createBundleConfig(options).process
  expect(capabilities.inheritable).toEqual([])
  expect(capabilities.ambient).toEqual([])
  expect(capabilities.bounding).toHaveLength(14)
})

test('createBundleConfig() limits processes and doubles memory into swap', () => {
  expect(createBundleConfig(options).linux.resources.pids).toEqual({ limit: 2048 })
  const { memory } = createBundleConfig({ ...options, resources: { memory: 64 << 20 } }).linux
    .resources
  expect(memory?.limit).toBe(64 << 20)
  if (memory?.swap !== undefined) expect(memory.swap).toBe(128 << 20)
  const unlimited = createBundleConfig({ ...options, resources: { pids: 0 } })
  expect(unlimited.linux.resources.pids).toBeUndefined()
})

test('createBundleConfig() converts processors into a quota', () => {
  const { cpu } = createBundleConfig({ ...options, resources: { cpus: 1.5 } }).linux.resources
  expect(cpu).toEqual({ quota: 150_000, period: 100_000 })
})

test('createBundleConfig() denies all devices first and the FUSE device last', () => {
  const { devices } = createBundleConfig(options).linux.resources
  expect(devices[0]).toEqual({ allow: false, access: 'rwm' })
  expect(devices.at(-1)).toEqual({ allow: false, type: 'c', major: 10, minor: 229, access: 'rwm' })
})

test('createBundleConfig() makes binds private, and read-only including the mounts below', () => {
  const { mounts } = createBundleConfig({
    ...options,
    mounts: [
      { type: 'bind', source: '/other', destination: '/a' },
      { type: 'bind', source: '/host', destination: '/a/b', readOnly: true },
      { type: 'tmpfs', source: 'tmpfs', destination: '/dev/shm' },
      { type: 'bind', source: '/ready', destination: '/c', isReady: true, readOnly: true },
    ],
  })
  expect(mounts.slice(-4)).toMatchObject([
    { destination: '/a', options: ['rbind', 'rprivate', 'rw'] },
    { destination: '/a/b', options: ['rbind', 'rprivate', 'ro', 'rro'] },
    { destination: '/dev/shm', type: 'tmpfs' },
    { destination: '/c', options: ['rbind'] },
  ])
  expect(mounts.filter(({ destination }) => destination === '/dev/shm')).toHaveLength(1)
})

test('createBundleConfig() accepts sysctls only of the container namespaces', () => {
  const own = createBundleConfig({ ...options, sysctls: { 'net.core.somaxconn': '9' } })
  expect(own.linux.sysctl).toMatchObject({
    'net.core.somaxconn': '9',
    'net.ipv4.ip_unprivileged_port_start': '0',
  })
  const refused = 'Cannot set sysctl vm.overcommit_memory: it would change the host'
  expect(() =>
    createBundleConfig({ ...options, sysctls: { 'vm.overcommit_memory': '1' } }),
  ).toThrow(refused)
  expect(() =>
    createBundleConfig({ ...options, network: 'host', sysctls: { 'net.core.somaxconn': '9' } }),
  ).toThrow('Cannot set sysctl net.core.somaxconn')
})

test('createBundleConfig() removes the restrictions only for a privileged container', () => {
  const { linux } = createBundleConfig({ ...options, security: { privileged: true } })
  expect(linux.seccomp).toBeUndefined()
  expect(linux.maskedPaths).toBeUndefined()
  expect(linux.resources.devices).toEqual([{ allow: true, access: 'rwm' }])
  const usual = createBundleConfig(options).linux
  expect(usual.maskedPaths).toContain('/proc/kcore')
  expect(usual.readonlyPaths).toContain('/proc/sysrq-trigger')
  expect(usual.seccomp?.defaultAction).toBe('SCMP_ACT_ERRNO')
})
