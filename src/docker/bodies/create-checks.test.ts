import { describe, expect, test } from 'bun:test'
import { checkContainerBody } from './create-checks.ts'
import { addressProblem } from './network-checks.ts'

/** The message for a body, as dockerd 29 gives it; `undefined` for a body that it takes. */
const said = (body: Record<string, unknown>): string | undefined => {
  try {
    checkContainerBody(body)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
const host = (config: Record<string, unknown>): string | undefined => said({ HostConfig: config })
const mount = (config: Record<string, unknown>): string | undefined => host({ Mounts: [config] })

const mebibyte = 1024 * 1024

test('addressProblem() refuses addresses of an endpoint in the words of Docker', () => {
  const address = (name: string, value: unknown): string | undefined =>
    addressProblem({ IPAMConfig: { [name]: value } })
  expect(addressProblem({ MacAddress: '02:00:00:00:00:01', IPAMConfig: null })).toBeUndefined()
  expect(address('IPv4Address', '10.0.0.9')).toBeUndefined()
  expect(address('IPv6Address', 'fd00::9')).toBeUndefined()
  expect(addressProblem({ MacAddress: '../x' })).toBe(
    'invalid JSON: address ../x: invalid MAC address',
  )
  const words = 'invalid JSON: ParseAddr("zz"): unable to parse IP'
  expect(address('IPv4Address', 'zz')).toBe(words)
  expect(address('IPv6Address', 'zz')).toBe(words)
  expect(address('LinkLocalIPs', ['fe80::1', 'zz'])).toBe(words)
})

describe('checkContainerBody()', () => {
  test('checkContainerBody() refuses what a shared network or name excludes, in the words of Docker', () => {
    const shared = { NetworkMode: 'container:other' }
    const undefinedBehavior = "can't be used with links. This would result in undefined behavior"
    expect(host(shared)).toBeUndefined()
    expect(host({ NetworkMode: 'front', Links: ['db:d'] })).toBeUndefined()
    for (const [body, words] of [
      [{ HostConfig: { NetworkMode: 'container:' } }, 'invalid container format'],
      [{ Hostname: 'h', HostConfig: shared }, 'hostname and the network mode'],
      [
        { HostConfig: { ...shared, Links: ['a:b'] } },
        `container type network ${undefinedBehavior}`,
      ],
      [{ HostConfig: { ...shared, Dns: ['1.1.1.1'] } }, 'dns and the network mode'],
      [{ HostConfig: { ...shared, ExtraHosts: ['a:1.1.1.1'] } }, 'custom host-to-IP mapping and'],
      [{ HostConfig: { ...shared, PortBindings: { '80/tcp': [] } } }, 'port publishing and the'],
      [{ HostConfig: { ...shared, PublishAllPorts: true } }, 'port publishing and the'],
      [{ ExposedPorts: { '80/tcp': {} }, HostConfig: shared }, 'port exposing and the'],
      [{ Hostname: 'h', HostConfig: { UTSMode: 'host' } }, 'hostname and the UTS mode'],
      [
        { HostConfig: { NetworkMode: 'host', Links: ['a:b'] } },
        `host type networking ${undefinedBehavior}`,
      ],
    ] as const) {
      expect(said(body)).toContain(words)
    }
  })

  test('checkContainerBody() refuses the process of a container in the words of Docker', () => {
    expect(said({ Env: ['A', 'B=1'], WorkingDir: '/', StopSignal: '15' })).toBeUndefined()
    expect(said({ Env: ['=x'] })).toBe('invalid environment variable: =x')
    expect(said({ Env: [''] })).toBe('invalid environment variable: ')
    expect(said({ WorkingDir: 'rel' })).toBe(
      "the working directory 'rel' is invalid, it needs to be an absolute path",
    )
    expect(said({ Hostname: 'a'.repeat(65) })).toContain('is too long (maximum 64 bytes)')
    expect(said({ StopSignal: 'FOO' })).toBe('invalid signal: FOO')
    for (const name of ['Env', 'Cmd', 'Entrypoint']) {
      expect(said({ [name]: ['a\0b'] })).toContain('it has a NUL')
    }
    expect(said({ WorkingDir: '/a\0b' })).toContain('it has a NUL')
  })

  test('checkContainerBody() refuses health checks in the words of Docker', () => {
    for (const name of ['Interval', 'Timeout', 'StartPeriod', 'StartInterval']) {
      expect(said({ Healthcheck: { [name]: 0 } })).toBeUndefined()
      expect(said({ Healthcheck: { [name]: 1_000_000 } })).toBeUndefined()
      expect(said({ Healthcheck: { [name]: 999_999 } })).toBe(
        `${name} in Healthcheck cannot be less than 1ms`,
      )
    }
    expect(said({ Healthcheck: { Retries: -1 } })).toBe('Retries in Healthcheck cannot be negative')
  })

  test('checkContainerBody() refuses limits in the words of Docker', () => {
    expect(host({ ShmSize: -1 })).toBe('SHM size can not be less than 0')
    expect(host({ OomScoreAdj: 1001 })).toBe(
      'Invalid value 1001, range for oom score adj is [-1000, 1000]',
    )
    expect(host({ Memory: 1 })).toBe('Minimum memory limit allowed is 6MB')
    expect(host({ Memory: 6 * mebibyte, MemorySwap: -1 })).toBeUndefined()
    expect(host({ Memory: 9 * mebibyte, MemorySwap: 8 * mebibyte })).toStartWith(
      'Minimum memoryswap',
    )
    expect(host({ MemorySwap: 8 * mebibyte })).toStartWith('You should always set the Memory limit')
    expect(host({ MemorySwappiness: 101 })).toContain('valid memory swappiness range is 0-100')
    expect(host({ MemorySwappiness: -1 })).toBeUndefined()
    expect(host({ Memory: 8 * mebibyte, MemoryReservation: 9 * mebibyte })).toContain('reservation')
    expect(host({ NanoCpus: -1 })).toStartWith('range of CPUs is from 0.01 to ')
    expect(host({ NanoCpus: 10_000_000, CpuPeriod: 1000 })).toStartWith('Conflicting options')
    expect(host({ CpuShares: -1 })).toBe(
      'invalid CPU shares (-1): value must be a positive integer',
    )
    expect(host({ CpuPeriod: 999 })).toStartWith('CPU cfs period can not be less than 1ms')
    expect(host({ CpuQuota: -1 })).toBeUndefined()
    expect(host({ CpuQuota: 1 })).toStartWith('CPU cfs quota can not be less than 1ms')
    expect(host({ CpusetCpus: 'x' })).toBe('Invalid value x for cpuset cpus: invalid format: x')
  })

  test('checkContainerBody() refuses modes and policies in the words of Docker', () => {
    const restart = (Name: string, MaximumRetryCount = 0) =>
      host({ RestartPolicy: { Name, MaximumRetryCount } })
    expect(restart('always')).toBeUndefined()
    expect(restart('foo')).toContain("unknown policy 'foo'; use one of 'no', 'always'")
    expect(restart('always', 3)).toContain("can only be used with 'on-failure'")
    expect(restart('on-failure', -1)).toContain('cannot be negative')
    expect(host({ AutoRemove: true, RestartPolicy: { Name: 'always' } })).toBe(
      "can't create 'AutoRemove' container with restart policy",
    )
    expect(host({ PidMode: 'x' })).toBe('invalid PID mode: x')
    expect(host({ IpcMode: 'x' })).toBe('invalid IPC mode: x')
    expect(host({ UTSMode: 'x' })).toBe('invalid UTS mode: x')
    expect(host({ CgroupnsMode: 'x' })).toBe('invalid cgroup namespace mode: x')
    expect(host({ Isolation: 'foo' })).toBe(
      "invalid isolation (foo): linux only supports 'default'",
    )
    expect(host({ Runtime: 'foo' })).toBe('unknown or invalid runtime name: foo')
  })

  test('checkContainerBody() refuses ports and addresses in the words of Docker', () => {
    const publish = (place: Record<string, unknown>) =>
      host({ PortBindings: { '80/tcp': [place] } })
    expect(said({ ExposedPorts: { x: {} } })).toBe("invalid JSON: invalid port 'x': invalid syntax")
    expect(said({ ExposedPorts: { '99999/tcp': {} } })).toContain('value out of range')
    expect(host({ PortBindings: { '1-2/udp': [{}] } })).toBeUndefined()
    expect(publish({ HostPort: '1-9', HostIp: '::1' })).toBeUndefined()
    expect(publish({ HostPort: 'x' })).toBe('invalid port specification: "x"')
    expect(publish({ HostIp: 'zz' })).toBe('invalid JSON: ParseAddr("zz"): unable to parse IP')
    expect(host({ Dns: ['x'] })).toBe('invalid JSON: ParseAddr("x"): unable to parse IP')
    expect(host({ ExtraHosts: ['a:host-gateway', 'b=::1', 'c:[::1]'] })).toBeUndefined()
    expect(host({ ExtraHosts: ['x'] })).toBe('bad format for add-host: "x"')
    expect(host({ ExtraHosts: ['a:zz'] })).toBe('invalid IP address in add-host: "zz"')
    const mac = (MacAddress: string) =>
      said({ NetworkingConfig: { EndpointsConfig: { back: { MacAddress } } } })
    expect(mac('02:42:ac:11:00:02')).toBeUndefined()
    expect(mac('zz')).toBe('invalid JSON: address zz: invalid MAC address')
  })

  test('checkContainerBody() refuses mounts in the words of Docker', () => {
    const config = (type: string) => `invalid mount config for type "${type}": `
    expect(mount({ Type: 'foo', Target: '/x' })).toBe(`${config('foo')}mount type unknown`)
    expect(mount({ Type: 'volume' })).toBe(`${config('volume')}field Target must not be empty`)
    expect(mount({ Type: 'tmpfs', Target: 'x' })).toContain("'x' mount path must be absolute")
    expect(mount({ Type: 'tmpfs', Target: '/', Source: '' })).toContain("can't be '/'")
    expect(mount({ Type: 'tmpfs', Target: '/x', Source: 'a' })).toContain('must not be specified')
    const bind = { Type: 'bind', Target: '/x', Source: '/nosuch/dir' }
    expect(mount(bind)).toBe(`${config('bind')}bind source path does not exist: /nosuch/dir`)
    expect(mount({ ...bind, BindOptions: { CreateMountpoint: true } })).toBeUndefined()
    expect(mount({ ...bind, Source: '/', VolumeOptions: {} })).toBe(
      'VolumeOptions must not be specified on mount type "bind"',
    )
    const twice = { Type: 'tmpfs', Target: '/x' }
    expect(host({ Mounts: [twice, twice] })).toBe('Duplicate mount point: /x')
    expect(host({ Binds: ['/a:/x'], Tmpfs: { '/x': '' } })).toBe('Duplicate mount point: /x')
    expect(host({ Binds: ['/nosuch/dir:/x', 'vol:/y', '/z'] })).toBeUndefined()
    expect(host({ Binds: ['./rel:/x'] })).toContain('invalid characters for a local volume name')
  })
})
