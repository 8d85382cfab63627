import { describe, expect, test } from 'bun:test'
import { parseContainerBody } from './container-body.ts'
import { endpointChoice } from './networking.ts'

const parse = (body: Readonly<Record<string, unknown>>) =>
  parseContainerBody({ Image: 'app', ...body }, {})

describe('parseContainerBody()', () => {
  test('parseContainerBody() reads the members of the container', () => {
    const options = parse({
      Cmd: ['a', 'b'],
      Entrypoint: 'sh',
      Env: ['A=1', 'B'],
      Labels: { k: 'v' },
      Hostname: 'h',
      User: 'u:g',
      WorkingDir: '/w',
      Tty: true,
      OpenStdin: true,
      StdinOnce: true,
      AttachStdout: true,
      StopTimeout: 3,
      StopSignal: 'SIGINT',
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/data': {} },
      Healthcheck: { Test: ['CMD', 'true'], Interval: 1_000_000_000, Retries: 2 },
      Unknown: { is: ['ignored'] },
    })
    expect(options).toMatchObject({
      image: 'app',
      command: ['a', 'b'],
      entrypoint: ['sh'],
      env: ['A=1', 'B'],
      labels: { k: 'v' },
      hostname: 'h',
      user: 'u:g',
      workingDir: '/w',
      tty: true,
      interactive: true,
      stdinOnce: true,
      attached: ['stdout'],
      stopTimeout: 3,
      stopSignal: 'SIGINT',
      expose: ['80/tcp'],
      mounts: [{ type: 'volume', destination: '/data' }],
      health: { Test: ['CMD', 'true'], Interval: 1_000_000_000, Retries: 2 },
    })
  })

  test('parseContainerBody() reads requests of GPUs as names of CDI', () => {
    const devices = (...DeviceRequests: readonly object[]) =>
      parse({ HostConfig: { DeviceRequests } }).cdiDevices
    const Capabilities = [['gpu']]
    expect(devices({ Count: -1, Capabilities })).toEqual(['nvidia.com/gpu=all'])
    expect(devices({ Driver: 'nvidia', Count: 2, Capabilities })).toEqual([
      'nvidia.com/gpu=0',
      'nvidia.com/gpu=1',
    ])
    expect(devices({ DeviceIDs: ['0', 'GPU-3a'], Capabilities })).toEqual([
      'nvidia.com/gpu=0',
      'nvidia.com/gpu=GPU-3a',
    ])
    expect(devices({ Driver: 'cdi', DeviceIDs: ['a.com/b=c'] })).toEqual(['a.com/b=c'])
    expect(devices({ Count: 0, Capabilities })).toBeUndefined()
    expect(() => devices({ Driver: 'x', Count: 1, Capabilities: [['gpu', 'a'], ['b']] })).toThrow(
      'could not select device driver "x" with capabilities: [[gpu a] [b]]',
    )
    expect(() => devices({ Count: 1 })).toThrow('could not select device driver')
    expect(() => devices({ Driver: 'cdi', DeviceIDs: ['a"b'] })).toThrow('Cannot use --gpus')
    expect(() => devices({ Count: 1, Capabilities: ['gpu'] })).toThrow('cannot unmarshal')
  })

  test('parseContainerBody() reads HostConfig', () => {
    const options = parse({
      HostConfig: {
        Binds: ['/src:/dst:ro', 'vol:/v'],
        PortBindings: {
          '80/tcp': [{ HostPort: '8080' }, { HostIp: '::1', HostPort: '' }],
          '9/udp': [],
        },
        Memory: 64_000_000,
        NanoCpus: 1_500_000_000,
        PidsLimit: 5,
        CapAdd: ['NET_ADMIN'],
        Privileged: true,
        RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
        Tmpfs: { '/t': 'size=1m', '/e': '' },
        Ulimits: [{ Name: 'nofile', Soft: 1, Hard: 2 }],
        ExtraHosts: ['a:1.2.3.4'],
        LogConfig: { Type: 'json-file', Config: { 'max-size': '1m' } },
        Mounts: [
          {
            Type: 'bind',
            Source: '/a,b',
            Target: '/m',
            ReadOnly: true,
            BindOptions: { CreateMountpoint: true },
          },
          { Type: 'tmpfs', Target: '/tm', TmpfsOptions: { SizeBytes: 1024, Mode: 0o700 } },
          {
            Type: 'volume',
            Source: 'vv',
            Target: '/vv',
            VolumeOptions: { NoCopy: true, Labels: { a: 'b' } },
          },
        ],
        PidMode: 'host',
        CgroupParent: 'a/b',
      },
    })
    expect(parse({ HostConfig: { AutoRemove: true } }).remove).toBe(true)
    expect(options.cgroupParent).toBe('/a/b')
    expect(parse({ HostConfig: { IpcMode: 'container:a' } })).toMatchObject({ ipcOf: 'a' })
    expect(parse({ HostConfig: { IpcMode: 'shareable' } })).toMatchObject({ ipc: 'shareable' })
    expect(() => parse({ HostConfig: { CgroupParent: 'a/../..' } })).toThrow('control group')
    expect(options.ports).toEqual([
      { hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { hostIp: '::1', hostPort: 0, containerPort: 80, protocol: 'tcp' },
      { hostPort: 0, containerPort: 9, protocol: 'udp' },
    ])
    expect(options).toMatchObject({
      resources: { memory: 64_000_000, cpus: 1.5, pids: 5 },
      security: { privileged: true, add: ['NET_ADMIN'] },
      restart: { name: 'on-failure', maximumRetryCount: 3 },
      rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1, hard: 2 }],
      extraHosts: [{ name: 'a', ip: '1.2.3.4' }],
      log: { driver: 'json-file', maxSize: 1024 * 1024 },
      pid: 'host',
    })
    expect(options.mounts).toMatchObject([
      { type: 'bind', source: '/src', destination: '/dst', readOnly: true },
      { type: 'volume', source: 'vol', destination: '/v' },
      { type: 'tmpfs', destination: '/t', options: ['size=1m'] },
      { type: 'tmpfs', destination: '/e' },
      { type: 'bind', source: '/a,b', destination: '/m', readOnly: true },
      { type: 'tmpfs', destination: '/tm', options: ['size=1024', 'mode=700'] },
      { type: 'volume', source: 'vv', destination: '/vv', noCopy: true, labels: { a: 'b' } },
    ])
  })

  test('parseContainerBody() reads networks with their names and addresses', () => {
    expect(parse({ HostConfig: { NetworkMode: 'none' } })).toMatchObject({ network: 'none' })
    expect(parse({ HostConfig: { NetworkMode: 'default' } }).network).toBe('bridge')
    expect(
      parse({
        HostConfig: { NetworkMode: 'back' },
        NetworkingConfig: {
          EndpointsConfig: {
            back: { Aliases: ['db'], IPAMConfig: { IPv4Address: '10.1.2.3' } },
            front: null,
          },
        },
      }).networks,
    ).toMatchObject([{ name: 'back', aliases: ['db'], ip: '10.1.2.3' }, { name: 'front' }])
  })

  test('parseContainerBody() reads options of interfaces', () => {
    const prefix = 'com.docker.network.endpoint.'
    const front = {
      IPAMConfig: { LinkLocalIPs: ['169.254.1.2'] },
      DriverOpts: {
        [`${prefix}ifname`]: 'foo0',
        [`${prefix}sysctls`]:
          'net.ipv4.conf.IFNAME.forwarding=1,net.ipv4.conf.IFNAME.log_martians=1',
        other: 'ignored',
      },
    }
    const parsed = parse({
      HostConfig: { NetworkMode: 'front' },
      NetworkingConfig: { EndpointsConfig: { front } },
    })
    const endpoint = {
      device: 'foo0',
      linkLocalIps: ['169.254.1.2'],
      sysctls: { 'ipv4/conf/IFNAME/forwarding': '1', 'ipv4/conf/IFNAME/log_martians': '1' },
    }
    expect(parsed.networks).toMatchObject([{ name: 'front', endpoint }])
    expect(endpointChoice('front', front)).toMatchObject({ name: 'front', endpoint })
    const hostile = { DriverOpts: { [`${prefix}ifname`]: '../x' } }
    expect(() => endpointChoice('front', hostile)).toThrow('expected the name of an interface')
  })

  test('parseContainerBody() reads links of every network, and each once', () => {
    const EndpointsConfig = { back: { Links: ['web:w'] }, front: { Links: ['cache'] } }
    expect(
      parse({
        HostConfig: { NetworkMode: 'back', Links: ['db', 'web:w'] },
        NetworkingConfig: { EndpointsConfig },
      }).networks,
    ).toMatchObject([
      {
        name: 'back',
        links: [
          { container: 'db', alias: 'db' },
          { container: 'web', alias: 'w' },
        ],
      },
      { name: 'front', links: [{ container: 'cache', alias: 'cache' }] },
    ])
  })

  test('parseContainerBody() takes whole numbers of 64 bits, and null for empty texts', () => {
    expect(parse({ HostConfig: { Memory: 2 ** 63 } }).resources?.memory).toBe(2 ** 53 - 1)
    expect(() => parse({ HostConfig: { Memory: 1e30 } })).toThrow('of type int64')
    expect(parse({ Labels: { a: null } }).labels).toEqual({ a: '' })
  })

  test('parseContainerBody() refuses names and images in the words of Docker', () => {
    for (const name of ['a', 'a b', '..', 'a/b', 'é']) {
      expect(() => parseContainerBody({ Image: 'x' }, { name })).toThrow(
        `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
      )
    }
    expect(() => parse({ Image: 'BAD..' })).toThrow(
      'invalid reference format: repository name (library/BAD..) must be lowercase',
    )
    expect(() => parse({ Image: 'a b' })).toThrow('invalid reference format')
  })

  test('parseContainerBody() refuses members of another type, by name', () => {
    for (const [body, name] of [
      [{ Cmd: 'text' }, 'Cmd'],
      [{ Env: [1] }, 'Env'],
      [{ Labels: { a: 1 } }, 'Labels'],
      [{ HostConfig: [] }, 'HostConfig'],
      [{ HostConfig: { Memory: '1' } }, 'Memory'],
      [{ HostConfig: { Memory: 1.5 } }, 'Memory'],
      [{ HostConfig: { PortBindings: { '80/tcp': {} } } }, '80/tcp'],
    ] as const) {
      expect(() => parse(body)).toThrow(`Go struct field ${name} of type`)
    }
    expect(() => parseContainerBody({}, {})).toThrow('no image specified')
  })

  test('parseContainerBody() reads a seccomp profile from the body, never from a file', () => {
    const profile = { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [] }
    const SecurityOpt = [`seccomp=${JSON.stringify(profile)}`]
    expect(parse({ HostConfig: { SecurityOpt } }).security?.seccomp).toBeDefined()
    expect(() => parse({ HostConfig: { SecurityOpt: ['seccomp=/etc/passwd'] } })).toThrow()
  })
})
