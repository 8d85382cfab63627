import { expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { ownsNetwork } from './owns-network.ts'

test('ownsNetwork() is false only in a user namespace with the network of the machine', () => {
  expect(ownsNetwork()).toBe(true)
  const script = `
    const { ownsNetwork } = await import('${import.meta.dirname}/owns-network.ts')
    console.log(ownsNetwork())`
  for (const [flags, owns] of [
    [['-r'], 'false\n'],
    [['-r', '-n'], 'true\n'],
  ] as const) {
    const words = [...flags, process.execPath, '-e', script]
    const inside = spawnSync('unshare', words, { encoding: 'utf8' })
    // Some machines do not allow user namespaces.
    if (inside.status === 0) expect(inside.stdout).toBe(owns)
  }
})
