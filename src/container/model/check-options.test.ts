import { expect, test } from 'bun:test'
import { cpuCount } from '#platform'
import { cgroupMode } from '#runtime'
import { checkOptions } from './check-options.ts'
import type { ContainerOptions } from './options.ts'

type Options = Parameters<typeof checkOptions>[0]

const tmpfs = (destination: string, ...options: string[]) =>
  ({ type: 'tmpfs', destination, options }) as const

const badMemory = [
  ...['nonsense', 'size', 'size=abc', 'mode=9', 'mode=99999', 'uid=-1', 'a=1', 'ro=1'],
  ...['mpol=nosuch', 'mpol=bind', 'mpol=local:0', 'mpol=prefer:x'],
]

function mountAt(destination: string): Pick<ContainerOptions, 'mounts'> {
  return { mounts: [{ type: 'volume', destination }] }
}

const refused: readonly (readonly [Options, string])[] = [
  [{ hostname: 'a\nb' }, 'Cannot use host name "a\\nb": it has a control character'],
  [{ hostname: 'ä'.repeat(33) }, 'it is longer than 64 bytes'],
  [{ extraHosts: [{ name: 'x', ip: 'bar' }] }, 'Cannot use address "bar": it is not the IP'],
  [{ extraHosts: [{ name: 'x\n1.2.3.4 y', ip: '10.0.0.1' }] }, 'it is empty or has blanks'],
  [{ extraHosts: [{ name: 'x', ip: '10.0.0.1\n1.2.3.4 y' }] }, 'it is not the IP address of x'],
  [{ extraHosts: [{ name: 'x', ip: 'fe80::1%eth0' }] }, 'it is not the IP address of x'],
  [{ dns: ['foo'] }, 'Cannot use name server "foo": it is not an IP address'],
  [{ dns: [''] }, 'it is not an IP address'],
  [{ dns: ['10.0.0.1\nsearch evil'] }, 'it is not an IP address'],
  [{ dnsSearch: ['a\nb'] }, 'Cannot use search domain'],
  [{ dnsSearch: [''] }, 'Cannot use search domain'],
  [{ dnsOptions: ['a\nb'] }, 'Cannot use resolver option'],
  [{ labels: { '': 'x' } }, 'Cannot use label "": its name is empty'],
  [{ labels: { 'a b': 'x' } }, 'Cannot use label "a b": its name has blanks'],
  [{ groupAdd: [''] }, 'Cannot use group "": its name is empty'],
  [{ mounts: [tmpfs('/m'), tmpfs('/m')] }, 'Cannot mount at /m: two mounts have this place'],
  [{ mounts: [tmpfs('/m'), { type: 'volume', destination: '/x/../m/' }] }, 'two mounts'],
  ...badMemory.map(
    (option) =>
      [
        { mounts: [tmpfs('/m', 'rw', option)] },
        `Cannot mount a memory file system at /m: invalid tmpfs option "${option}"`,
      ] as const,
  ),
  [{ health: { Interval: 100_000 } }, 'the interval is shorter than 1 ms'],
  [{ health: { Timeout: -1 } }, 'the timeout is shorter than 1 ms'],
  [{ health: { StartPeriod: 1 } }, 'the start period is shorter than 1 ms'],
  [{ health: { StartInterval: 999_999 } }, 'the start interval is shorter than 1 ms'],
  [{ health: { Retries: -1 } }, 'the retries are negative'],
  [{ resources: { cpus: 1000 } }, `the range is 0.01 to ${cpuCount()}`],
  [{ resources: { cpus: 0.001 } }, 'the range is 0.01'],
  [{ resources: { cpus: Number.NaN } }, 'the range is 0.01'],
  [{ resources: { cpuShares: -1 } }, 'they are negative'],
  ...(cgroupMode() === 'unified' ? [] : [1, 262_145]).map(
    (cpuShares) =>
      [
        { resources: { cpuShares } },
        `Cannot use --cpu-shares ${cpuShares}: the range is 2`,
      ] as const,
  ),
  [{ resources: { memory: 1 } }, 'the least is 6 MiB'],
  [{ resources: { cpusetCpus: '0-' } }, 'Cannot use processors "0-": expected numbers and ranges'],
  [{ resources: { cpusetCpus: '1-0' } }, 'expected numbers and ranges'],
  [{ resources: { cpusetCpus: '0,99999' } }, 'Cannot use processors "0,99999": the machine has 0'],
  [{ resources: { cpusetMems: 'x' } }, 'Cannot use memory nodes "x": expected numbers'],
  [{ oomScoreAdj: 1001 }, 'the range is -1000 to 1000'],
  [{ log: { maxFile: -3 } }, 'its size and count start at 1'],
  [{ log: { maxSize: 0 } }, 'its size and count start at 1'],
  [{ restart: { name: 'always', maximumRetryCount: 3 } }, 'only on-failure takes a count'],
  [{ security: { add: ['NOSUCH'] } }, 'Cannot use capability NOSUCH'],
  [{ sysctls: { 'kernel.x': '1' } }, 'Cannot set sysctl kernel.x'],
  [{ sysctls: { 'net.x': '1' }, network: 'host' }, 'Cannot set sysctl net.x'],
  [
    { sysctls: { 'net.ipv4.x': '1' } },
    'Cannot set sysctl net.ipv4.x: this kernel does not have it',
  ],
  [{ sysctls: { 'fs.mqueue.x': '1' } }, 'this kernel does not have it'],
  [{ sysctls: { 'net.ipv4.conf.eth9.x': '1' } }, 'this kernel does not have it'],
  [mountAt('/proc/x'), 'Cannot mount at /proc/x: it lies in /proc'],
  [mountAt('/dev/../proc/1/'), 'Cannot mount at /dev/../proc/1/: it lies in /proc'],
  [mountAt('/proc/cpuinfo'), 'Cannot mount at /proc/cpuinfo: there is a file'],
]

test('checkOptions() accepts settings of interfaces and modules that are not there yet', () => {
  const names = ['net.ipv4.conf.eth9.forwarding', 'net.ipv4.conf.all.forwarding', 'net.netfilter.x']
  for (const name of names) checkOptions({ sysctls: { [name]: '1' } })
})

test('checkOptions() refuses options that no container can have', () => {
  for (const [options, message] of refused) {
    expect(() => checkOptions(options)).toThrow(message)
  }
})

test('checkOptions() accepts options that containers can have', () => {
  for (const options of [
    { hostname: 'a b.example', labels: { 'a.b/c': '', d: 'e f' } },
    { extraHosts: [{ name: 'x', ip: 'host-gateway' }, ...[{ name: 'y', ip: '::1' }]] },
    { dns: ['10.0.0.1', 'fe80::1'], dnsSearch: ['.', 'a.b'], dnsOptions: ['ndots:2'] },
    { mounts: [tmpfs('/m'), tmpfs('/m/n'), tmpfs('/mm')] },
    {
      mounts: [tmpfs('/m', 'rw', 'noexec', 'size=50%', 'mode=01777', 'uid=5', 'nr_inodes=1k', '')],
    },
    { health: { Interval: 0, Timeout: 1_000_000, Retries: 0 } },
    { resources: { cpus: 0, memory: 0, memorySwap: 0, cpuShares: 0, pids: -1 } },
    { resources: { cpuShares: 2 } },
    {
      mounts: [
        ...['local', 'prefer:0', 'bind=static:0-1', 'interleave'].map((policy, index) =>
          tmpfs(`/m${index}`, `mpol=${policy}`),
        ),
      ],
    },
    { resources: { cpusetCpus: '0', cpusetMems: '' } },
    { resources: { cpus: 0.01 }, oomScoreAdj: -1000, log: { maxFile: 1, maxSize: 1 } },
    { sysctls: { 'net.core.somaxconn': '128', 'kernel.shmmax': '1' } },
  ] satisfies readonly Options[]) {
    expect(() => checkOptions(options)).not.toThrow()
  }
})
