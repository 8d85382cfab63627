import { expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import type { SnapshotFinding } from '../../chain/snapshotter.ts'
import type { Suite } from './suite.ts'

/** Checking stored files. */
export function testVerify(suite: Suite): void {
  const { base, chain, commit } = suite

  test('verify() reports nothing for whole snapshots, also while one is mounted', async () => {
    await base()
    await commit(2, 1, (root) => writeFileSync(`${root}/motd`, 'two'))
    const findings = (): Promise<SnapshotFinding[]> => Array.fromAsync(suite.snapshots.verify())
    expect(await findings()).toEqual([])
    await using view = await suite.snapshots.view(chain(2))
    expect(await findings()).toEqual([])
    expect(readFileSync(`${view.root}/motd`, 'utf8')).toBe('two')
  })
}
