import { describe, expect, test } from 'bun:test'
import { resolveSeccomp, type SeccompFacts } from './seccomp-conditions.ts'
import { parseSeccompProfile, type SeccompSource } from './seccomp-profile.ts'

function parse(document: unknown): SeccompSource {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  return parseSeccompProfile(new TextEncoder().encode(text), 'p.json')
}

const base = { defaultAction: 'SCMP_ACT_ERRNO' }
const allow = { names: ['read'], action: 'SCMP_ACT_ALLOW' }
const facts: SeccompFacts = {
  capabilities: ['CAP_CHOWN', 'CAP_KILL'],
  architecture: 'x64',
  kernel: '6.8.0-31-generic',
}

/** Whether a rule with this condition applies to a container. */
function holds(condition: object, changed: Partial<SeccompFacts> = {}): boolean {
  const source = parse({ ...base, syscalls: [{ ...allow, ...condition }] })
  return resolveSeccomp(source, { ...facts, ...changed }).syscalls?.length === 1
}

describe('parseSeccompProfile()', () => {
  test('reads the form of the runtimes and the form of Docker', () => {
    const source = parse({
      ...base,
      defaultErrnoRet: 1,
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      comment: 'ignored',
      defaultErrno: 'EPERM',
      architectures: ['SCMP_ARCH_X86_64'],
      archMap: null,
      syscalls: [
        {
          name: 'clone',
          action: 'SCMP_ACT_ALLOW',
          comment: 'ignored',
          errno: 'ignored',
          args: [{ index: 0, value: 2114060288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
        },
        { names: ['clone3', 'nosuchcall'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
      ],
    })
    expect(source).toEqual({
      ...base,
      defaultErrnoRet: 1,
      flags: ['SECCOMP_FILTER_FLAG_LOG'],
      architectures: ['SCMP_ARCH_X86_64'],
      syscalls: [
        {
          names: ['clone'],
          action: 'SCMP_ACT_ALLOW',
          args: [{ index: 0, value: 2114060288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
        },
        { names: ['clone3', 'nosuchcall'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
      ],
    })
  })

  test('refuses every other shape', () => {
    const rule = (change: object): unknown => ({ ...base, syscalls: [{ ...allow, ...change }] })
    const argument = (change: object): unknown =>
      rule({ args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ', ...change }] })
    const refused: readonly (readonly [unknown, string])[] = [
      ['', 'it ends too early'],
      ['null', 'it is not an object'],
      ['[]', 'it is not an object'],
      ['{}', 'defaultAction is missing'],
      [{ linux: { seccomp: base } }, 'it has the unknown field linux'],
      [{ defaultAction: '' }, 'is none of'],
      [{ defaultAction: 'SCMP_ACT_BOGUS' }, 'defaultAction SCMP_ACT_BOGUS is none of'],
      [{ defaultAction: 'SCMP_ACT_NOTIFY' }, 'is none of'],
      [{ DefaultAction: 'SCMP_ACT_ALLOW' }, 'only by case'],
      [{ ...base, listenerPath: '/run/listener' }, 'listenerPath is not supported'],
      [{ ...base, syscals: [] }, 'it has the unknown field syscals'],
      [{ ...base, archMap: [{ architecture: 'a', subArchs: [] }] }, 'the unknown field subArchs'],
      [rule({ include: { caps: ['CAP_KILL'] } }), 'it has the unknown field include'],
      [argument({ valuetwo: 1 }), 'only by case'],
      [argument({ mask: 1 }), 'it has the unknown field mask'],
      [{ ...base, syscalls: {} }, 'syscalls is not an array'],
      [{ ...base, syscalls: ['read'] }, 'syscalls[0] is not an object'],
      [{ ...base, architectures: ['a'], archMap: [{ architecture: 'a' }] }, 'both architectures'],
      [{ ...base, archMap: [{}] }, 'architecture is missing'],
      [{ ...base, defaultErrnoRet: 'EPERM' }, 'defaultErrnoRet is not an integer'],
      [{ ...base, defaultErrnoRet: 65536 }, 'defaultErrnoRet is over 65535'],
      [rule({ name: 'write' }), 'both name and names'],
      [rule({ names: undefined }), 'names is missing'],
      [rule({ names: 'read' }), 'names is not an array'],
      [rule({ action: undefined }), 'action is missing'],
      [rule({ includes: ['CAP_KILL'] }), 'includes is not an object'],
      [rule({ includes: { capabilities: ['CAP_KILL'] } }), 'unknown field capabilities'],
      [rule({ Includes: { caps: ['CAP_KILL'] } }), 'only by case'],
      [rule({ excludes: { caps: 'CAP_KILL' } }), 'caps is not an array'],
      [rule({ includes: { minKernel: '4' } }), 'minKernel 4 is not a version'],
      [rule({ includes: { minKernel: 4.8 } }), 'minKernel is not a string'],
      [rule({ errnoRet: -1 }), 'errnoRet is negative'],
      [argument({ op: 'SCMP_CMP_IN' }), 'op SCMP_CMP_IN is none of'],
      [argument({ index: 6 }), 'the index of an argument is 0 to 5'],
      [argument({ value: -1 }), 'value is negative'],
      ['{"defaultAction":"SCMP_ACT_KILL","defaultErrnoRet":18446744073709551615}', 'held exactly'],
    ]
    for (const [document, reason] of refused) {
      expect(() => parse(document)).toThrow(reason)
      expect(() => parse(document)).toThrow('Cannot read the seccomp profile p.json: ')
    }
  })
})

describe('resolveSeccomp()', () => {
  test('keeps a rule when everything it includes is true', () => {
    expect(holds({})).toBe(true)
    expect(holds({ includes: {} })).toBe(true)
    expect(holds({ includes: { caps: ['CAP_KILL'] } })).toBe(true)
    expect(holds({ includes: { caps: ['CAP_KILL', 'CAP_BPF'] } })).toBe(false)
    expect(holds({ includes: { arches: ['s390x', 'amd64'] } })).toBe(true)
    expect(holds({ includes: { arches: ['s390x'] } })).toBe(false)
    expect(holds({ includes: { arches: ['arm64'] } }, { architecture: 'arm64' })).toBe(true)
    expect(holds({ includes: { caps: ['CAP_KILL'], arches: ['s390x'] } })).toBe(false)
  })

  test('drops a rule when anything it excludes is true', () => {
    expect(holds({ excludes: {} })).toBe(true)
    expect(holds({ excludes: { caps: ['CAP_BPF'] } })).toBe(true)
    expect(holds({ excludes: { caps: ['CAP_BPF', 'CAP_KILL'] } })).toBe(false)
    expect(holds({ excludes: { arches: ['amd64'] } })).toBe(false)
    expect(holds({ includes: { caps: ['CAP_KILL'] }, excludes: { arches: ['amd64'] } })).toBe(false)
  })

  test('compares the kernel by its first two numbers', () => {
    const kernels = ['4.7.9', '4.8', '4.8.0-rc1', '4.10.3', '5.0', '10.1']
    const newEnough = [false, true, true, true, true, true]
    const [includes, excludes] = [{ minKernel: '4.8' }, { minKernel: '4.8' }]
    expect(kernels.map((kernel) => holds({ includes }, { kernel }))).toEqual(newEnough)
    expect(kernels.map((kernel) => !holds({ excludes }, { kernel }))).toEqual(newEnough)
    expect(holds({ includes: { minKernel: '' } })).toBe(true)
  })

  test('takes the architectures of this machine from archMap', () => {
    const source = parse({
      ...base,
      archMap: [
        { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
        { architecture: 'SCMP_ARCH_RISCV64', subArchitectures: null },
      ],
    })
    const on = (architecture: string): unknown => resolveSeccomp(source, { ...facts, architecture })
    expect(on('x64')).toMatchObject({ architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'] })
    expect(on('riscv64')).toMatchObject({ architectures: ['SCMP_ARCH_RISCV64'] })
    expect(on('arm64')).toMatchObject({ architectures: undefined })
    expect(on('x64')).not.toHaveProperty('archMap')
  })
})
