import type { Networks } from '#network'
import type { Records } from '#records'
import type { Snapshotter } from '#snapshot'
import type { ContainerContext } from '../model/context.ts'
import type { MonitorOrder } from '../protocol/order.ts'

/** The parts of the store that a clean-up needs. */
export interface CleanUpStore {
  snapshots(): Promise<Snapshotter>
  networks(): Promise<Networks>
  /** Calls `use` with the records. */
  withRecords(use: (records: Records) => Promise<void>): Promise<void>
}

/** The store of a process that has opened it. */
export function openedStore({ snapshots, networks, records }: ContainerContext): CleanUpStore {
  return {
    snapshots: async () => snapshots,
    networks: async () => networks,
    withRecords: async (use) => use(records),
  }
}

/**
 * The store of a monitor. It is opened, and its code is loaded, only when the container
 * has ended.
 */
export function closedStore({ root, run }: MonitorOrder): CleanUpStore {
  return {
    async snapshots() {
      const { openSnapshots } = await import('#snapshot/open')
      return await openSnapshots(root, run)
    },
    async networks() {
      const { openNetworks } = await import('#network/networks')
      return openNetworks({ run })
    },
    async withRecords(use) {
      const { openRecords } = await import('#records/records')
      await using records = openRecords(`${root}/strake.db`)
      await use(records)
    },
  }
}
