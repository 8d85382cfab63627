import { describe } from 'bun:test'
import type { Registry, Repository } from '../registry.ts'
import { testBlobs, testIngests } from './contract/blobs.ts'
import { testLists } from './contract/lists.ts'
import { testManifests } from './contract/manifests.ts'
import { testMembership } from './contract/membership.ts'

export type OpenRegistry = () => Promise<{ readonly registry: Registry } & AsyncDisposable>

/** The contract of every registry: memory, a directory, or a client. */
export function testRegistry(name: string, open: OpenRegistry): void {
  const withRepository = async (
    work: (repository: Repository, registry: Registry) => Promise<void>,
  ): Promise<void> => {
    await using opened = await open()
    await work(opened.registry.repository('team/app'), opened.registry)
  }
  describe(name, () => {
    testBlobs(withRepository)
    testMembership(withRepository)
    testIngests(withRepository)
    testManifests(withRepository)
    testLists(withRepository)
  })
}
