import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ContainerRequest, parseContainerRequest } from './container-flags.ts'
import { parseRestart } from './limits.ts'

test('parseContainerRequest() collects mounts of all three flags', () => {
  const { mounts } = parseContainerRequest({
    volumes: ['/a:/b:ro'],
    tmpfs: ['/tmp:size=1m'],
    mounts: ['type=volume,source=data,target=/d'],
  })
  expect(mounts).toMatchObject([
    { type: 'bind', destination: '/b', readOnly: true },
    { type: 'volume', source: 'data' },
    { type: 'tmpfs', destination: '/tmp' },
  ])
})

test('parseContainerRequest() drops the copy of a volume and of a tmpfs, and of no other mount', () => {
  const mount = 'type=volume,source=data,target=/d'
  const { mounts } = parseContainerRequest({
    volumes: ['v:/a', 'v:/a', 'v:/a:ro'],
    tmpfs: ['/t', '/t', '/t:size=1m'],
    mounts: [mount, mount],
  })
  const places = mounts?.map(({ type, destination }) => `${type} ${destination}`)
  expect(places).toEqual([
    ...['volume /a', 'volume /a', 'volume /d', 'volume /d', 'tmpfs /t', 'tmpfs /t'],
  ])
})

test('parseContainerRequest() reads limits, hosts and devices', () => {
  const parsed = parseContainerRequest({
    ulimits: ['nofile=10:20', 'core=0'],
    addHosts: ['db:10.0.0.1', 'six:[::1]', 'eq=10.0.0.2'],
    devices: ['/dev/fuse', '/dev/sda:r', '/dev/sda:/dev/xvda:rw'],
  })
  expect(parsed.rlimits).toEqual([
    { type: 'RLIMIT_NOFILE', soft: 10, hard: 20 },
    { type: 'RLIMIT_CORE', soft: 0, hard: 0 },
  ])
  expect(parsed.extraHosts).toEqual([
    { name: 'db', ip: '10.0.0.1' },
    { name: 'six', ip: '::1' },
    { name: 'eq', ip: '10.0.0.2' },
  ])
  expect(parsed.security.devices).toEqual([
    { source: '/dev/fuse', destination: '/dev/fuse', access: 'rwm' },
    { source: '/dev/sda', destination: '/dev/sda', access: 'r' },
    { source: '/dev/sda', destination: '/dev/xvda', access: 'rw' },
  ])
})

test('parseContainerRequest() reads logs and restart policies', () => {
  const { log } = parseContainerRequest({ logDriver: 'none', logOptions: ['max-size=10m'] })
  expect(log).toEqual({ driver: 'none', maxSize: 10 * 1024 ** 2 })
  expect(parseRestart('on-failure:3')).toEqual({ name: 'on-failure', maximumRetryCount: 3 })
  expect(parseRestart('always')).toEqual({ name: 'always', maximumRetryCount: 0 })
})

test('parseContainerRequest() reads security options, a seccomp profile among them', () => {
  const directory = mkdtempSync(join(tmpdir(), 'strake-seccomp-'))
  try {
    const file = join(directory, 'profile.json')
    writeFileSync(file, '{"defaultAction":"SCMP_ACT_ALLOW"}')
    const words = [
      ...['no-new-privileges', `seccomp=${file}`, 'systempaths=unconfined', 'apparmor=/my:own'],
    ]
    expect(parseContainerRequest({ securityOptions: words }).security).toMatchObject({
      noNewPrivileges: true,
      maskPaths: false,
      apparmor: '/my:own',
      seccomp: { defaultAction: 'SCMP_ACT_ALLOW' },
    })
    const seccomp = (...options: readonly string[]): unknown =>
      parseContainerRequest({ securityOptions: options }).security.seccomp
    expect(seccomp()).toBeUndefined()
    expect(seccomp('seccomp=builtin')).toBe('builtin')
    expect(seccomp(`seccomp=${file}`, 'seccomp:unconfined')).toBe('unconfined')
    expect(() => seccomp(`seccomp=${directory}`)).toThrow('it cannot be opened')
    writeFileSync(file, '{}')
    expect(() => seccomp(`seccomp=${file}`)).toThrow(`${file}: defaultAction is missing`)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test("parseContainerRequest() reads no-new-privileges in Go's words, and the last one wins", () => {
  const read = (...words: readonly string[]): unknown =>
    parseContainerRequest({ securityOptions: words }).security.noNewPrivileges
  for (const on of ['', '=1', '=t', '=TRUE', ':True', ':true']) {
    expect(read(`no-new-privileges${on}`)).toBe(true)
  }
  for (const off of ['=0', '=f', '=FALSE', ':false']) {
    expect(read(`no-new-privileges${off}`)).toBe(false)
  }
  expect(read('no-new-privileges', 'no-new-privileges=false')).toBe(false)
  for (const bad of ['=', ':', '=yes', '=on', '=tRUE', '= true', '=true ']) {
    expect(() => read(`no-new-privileges${bad}`)).toThrow('expected true or false')
  }
})

test('parseContainerRequest() names the flag and its invalid value', () => {
  const refused: readonly (readonly [ContainerRequest, string])[] = [
    [{ restart: 'often' }, 'Cannot use --restart often'],
    [{ restart: 'on-failure:x' }, 'Cannot use --restart on-failure:x'],
    [{ ulimits: ['foo=1'] }, 'Cannot use --ulimit foo=1'],
    [{ ulimits: ['nofile=20:10'] }, 'Cannot use --ulimit nofile=20:10'],
    [{ addHosts: ['db'] }, 'Cannot use --add-host db'],
    [{ devices: ['fuse'] }, 'Cannot use --device fuse'],
    [{ securityOptions: ['foo'] }, 'Cannot use --security-opt foo'],
    [{ securityOptions: ['seccomp'] }, 'Cannot use --security-opt seccomp'],
    [{ securityOptions: ['seccomp='] }, 'Cannot use --security-opt seccomp='],
    [{ securityOptions: ['seccomp=/nowhere'] }, 'Cannot read the seccomp profile /nowhere'],
    [{ logDriver: 'syslog' }, 'Cannot use --log-driver syslog'],
    [{ logOptions: ['tag={{.X}}'] }, 'Cannot use --log-opt tag={{.X}}'],
    [{ networks: { networks: ['host', 'mine'] } }, 'Cannot use --network "host mine"'],
    [{ health: { interval: 'often' } }, 'Cannot use --health-interval often'],
    [{ stopSignal: 'FOO' }, 'FOO'],
    [{ publish: ['99999:80'] }, '99999'],
  ]
  for (const [request, message] of refused) {
    expect(() => parseContainerRequest(request)).toThrow(message)
  }
})

test('parseContainerRequest() reads labels and kernel settings, and refuses what has no name', () => {
  const parsed = parseContainerRequest({
    labels: ['a=b=c', 'bare'],
    sysctls: ['net.core.somaxconn=5', 'kernel.shmmax='],
  })
  expect(parsed.labels).toEqual({ a: 'b=c', bare: '' })
  expect(parsed.sysctls).toEqual({ 'net.core.somaxconn': '5', 'kernel.shmmax': '' })
  for (const sysctl of ['kernel.shmmax', '=1', '']) {
    expect(() => parseContainerRequest({ sysctls: [sysctl] })).toThrow('expected NAME=VALUE')
  }
})
