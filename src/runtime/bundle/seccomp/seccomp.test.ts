import { expect, test } from 'bun:test'
import { defaultSeccomp, type SeccompRule } from './seccomp.ts'

function rulesFor(name: string, capabilities: readonly string[] = []): readonly SeccompRule[] {
  return (defaultSeccomp(capabilities, 'x64').syscalls ?? []).filter((rule) =>
    rule.names.includes(name),
  )
}

test('defaultSeccomp() allows 361 system calls in every container and refuses the rest with EPERM', () => {
  const profile = defaultSeccomp([], 'x64')
  expect(profile.syscalls?.[0]?.names).toHaveLength(361)
  expect(profile).toMatchObject({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1 })
  expect(profile.architectures).toEqual(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32'])
})

test('defaultSeccomp() never lists system calls that give access to the kernel', () => {
  const all = ['CAP_SYS_ADMIN', 'CAP_SYS_MODULE', 'CAP_SYS_BOOT', 'CAP_SYS_PTRACE', 'CAP_BPF']
  for (const name of ['io_uring_setup', 'keyctl', 'userfaultfd', 'kexec_load', 'pivot_root']) {
    expect(rulesFor(name, all)).toEqual([])
  }
})

test('defaultSeccomp() allows sockets of every family below 64 except 38 and 40', () => {
  const allowed = (family: bigint): boolean =>
    rulesFor('socket').some(({ args: [argument, ...others] = [] }) => {
      expect(argument).toMatchObject({ index: 0, op: 'SCMP_CMP_MASKED_EQ' })
      expect(others).toEqual([])
      const { value = 0, valueTwo = 0 } = argument ?? {}
      return (family & BigInt(value)) === BigInt(valueTwo)
    })
  const families = Array.from({ length: 200 }, (_, family) => BigInt(family))
  const expected = families.filter((family) => family < 64n && family !== 38n && family !== 40n)
  expect(families.filter(allowed)).toEqual(expected)
  // The kernel uses only the lower 32 bits of the argument.
  for (const upper of [1n << 32n, 1n << 63n, 0xffffffffn << 32n]) {
    expect(families.filter((family) => allowed(upper | family))).toEqual(expected)
  }
})

test('defaultSeccomp() allows new namespaces only with CAP_SYS_ADMIN', () => {
  expect(rulesFor('clone')).toMatchObject([
    { action: 'SCMP_ACT_ALLOW', args: [{ op: 'SCMP_CMP_MASKED_EQ', value: 0x7e020000 }] },
  ])
  expect(rulesFor('clone3')).toMatchObject([{ action: 'SCMP_ACT_ERRNO', errnoRet: 38 }])
  expect(rulesFor('unshare')).toEqual([])
  for (const name of ['clone', 'clone3', 'unshare', 'mount']) {
    const [rule, ...others] = rulesFor(name, ['CAP_SYS_ADMIN'])
    expect(others).toEqual([])
    expect(rule?.args).toBeUndefined()
  }
})

test('defaultSeccomp() allows single calls only with their capability', () => {
  expect(rulesFor('chroot', ['CAP_SYS_CHROOT'])).toHaveLength(1)
  expect(rulesFor('chroot')).toEqual([])
  expect(rulesFor('settimeofday', ['CAP_SYS_TIME'])).toHaveLength(1)
  expect(rulesFor('open_by_handle_at')).toEqual([])
})

test('defaultSeccomp() lets processes trace each other', () => {
  for (const name of ['ptrace', 'process_vm_readv', 'process_vm_writev']) {
    expect(rulesFor(name)).toEqual([{ names: expect.any(Array), action: 'SCMP_ACT_ALLOW' }])
  }
})

test('defaultSeccomp() checks the argument of clone that contains the flags', () => {
  const indexOn = (architecture: string): unknown =>
    defaultSeccomp([], architecture).syscalls?.find(({ names }) => names.includes('clone'))
      ?.args?.[0]?.index
  expect(['x64', 'arm64', 's390x'].map(indexOn)).toEqual([0, 0, 1])
})
