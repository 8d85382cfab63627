import { expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mappedGroups } from './mapped-groups.ts'
import { canChown, canMount, isRoot } from './privilege.ts'
import { inUserNamespace } from './user-namespace.ts'

test('canMount() and canChown() check one capability each, not the user', () => {
  const status = (effective: string): string =>
    `Name:\tstrake\nUid:\t0\t0\t0\t0\nCapPrm:\t000001ffffffffff\nCapEff:\t${effective}\n`
  const cases = [
    ['000001ffffffffff', true, true],
    ['0000000000000000', false, false],
    // The capabilities of a Docker container.
    ['00000000a80425fb', false, true],
    ['0000000000200000', true, false],
  ] as const
  for (const [effective, mount, chown] of cases) {
    const text = status(effective)
    expect([effective, canMount(text), canChown(text)]).toEqual([effective, mount, chown])
  }
  expect([canMount(''), canChown('')]).toEqual([false, false])
})

test('inUserNamespace() distinguishes the IDs of the machine from others', () => {
  expect(inUserNamespace('         0          0 4294967295\n')).toBe(false)
  expect(inUserNamespace('         0       1000          1\n')).toBe(true)
  expect(inUserNamespace('         0     100000      65536\n')).toBe(true)
  expect(inUserNamespace('')).toBe(false)
})

test('mappedGroups() counts the groups up to the first gap', () => {
  expect(mappedGroups('         0          0 4294967295\n')).toBe(2 ** 32 - 1)
  expect(mappedGroups('0 1000 1\n')).toBe(1)
  expect(mappedGroups('1 100000 65536\n0 1000 1\n')).toBe(65537)
  expect(mappedGroups('0 1000 1\n5 100000 10\n')).toBe(1)
  expect(mappedGroups('')).toBe(2 ** 32 - 1)
})

test('the rights are those of this process', () => {
  const script = `
    const { canMount, isRoot } = await import('${import.meta.dirname}/privilege.ts')
    const { inUserNamespace } = await import('${import.meta.dirname}/user-namespace.ts')
    console.log(canMount(), inUserNamespace(), isRoot())`
  const inside = spawnSync('unshare', ['-r', process.execPath, '-e', script], { encoding: 'utf8' })
  // Some machines do not allow user namespaces.
  if (inside.status === 0) expect(inside.stdout).toBe('true true true\n')
  expect(isRoot()).toBe(process.getuid?.() === 0)
})
