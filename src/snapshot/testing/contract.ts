import { describe } from 'bun:test'
import { testCommit } from './contract/commit.ts'
import { testCompare } from './contract/compare.ts'
import { testContainer } from './contract/container.ts'
import { testImport } from './contract/import.ts'
import { testRemove } from './contract/remove.ts'
import { createSuite, type SnapshotterFixture } from './contract/suite.ts'
import { testVerify } from './contract/verify.ts'

export type { SnapshotterFixture } from './contract/suite.ts'

/** Tests that every implementation of `LocalSnapshotter` passes; needs root. */
export function testSnapshotter(name: string, open: () => Promise<SnapshotterFixture>): void {
  describe(name, () => {
    const suite = createSuite(open)
    testCommit(suite)
    testCompare(suite)
    testContainer(suite)
    testImport(suite)
    testRemove(suite)
    testVerify(suite)
  })
}
