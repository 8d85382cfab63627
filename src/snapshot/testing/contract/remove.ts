import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import type { Suite } from './suite.ts'

/** Removing, and refusing to remove. */
export function testRemove(suite: Suite): void {
  const { base, chain, commit } = suite

  test('remove() of several chains stops at the one in use', async () => {
    await base()
    await commit(2, 1, (root) => writeFileSync(`${root}/motd`, 'two'))
    await commit(3, 2, (root) => writeFileSync(`${root}/motd`, 'three'))
    await commit(4, 3, (root) => writeFileSync(`${root}/motd`, 'four'))
    {
      await using _view = await suite.snapshots.view(chain(2))
      const removal = suite.snapshots.remove(chain(4), chain(3), chain(2), chain(1))
      expect(await removal.catch((error) => error)).toMatchObject({ code: 'CONFLICT' })
      const left = await Array.fromAsync(suite.snapshots.list())
      expect(left.map(({ chainId }) => chainId).sort()).toEqual([chain(1), chain(2)].sort())
    }
    await suite.snapshots.remove(chain(2), chain(7), chain(1))
    expect(await Array.fromAsync(suite.snapshots.list())).toEqual([])
  })

  test('remove() refuses a chain with a child or a mount, and later removes it', async () => {
    await base()
    await commit(2, 1, (root) => writeFileSync(`${root}/x`, ''))
    const refusal = (n: number): Promise<string> =>
      suite.snapshots.remove(chain(n)).then(
        () => 'removed',
        (error: unknown) => String(error),
      )
    expect(await refusal(1)).toContain(`snapshot ${chain(2)} is its child`)
    for (const use of [
      () => suite.snapshots.view(chain(2)),
      () => suite.snapshots.prepare(chain(2)),
      () => suite.snapshots.container(chain(2), `${suite.scratch}/user`),
    ]) {
      await using _user = await use()
      expect(await refusal(2)).toContain('uses it')
    }
    expect(await refusal(2)).toBe('removed')
    expect(await refusal(1)).toBe('removed')
    expect(await suite.snapshots.has(chain(1))).toBe(false)
    expect(await Array.fromAsync(suite.snapshots.list())).toEqual([])
  })
}
