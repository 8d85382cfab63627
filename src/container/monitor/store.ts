import type { Networks } from '#network'
import type { Records } from '#records'
import type { Snapshotter } from '#snapshot'
import type { ContainerContext } from '../model/context.ts'
import type { MonitorOrder } from '../protocol/order.ts'

/** The store, as it is needed to give back what a container held. */
export interface CleanUpStore {
  snapshots(): Promise<Snapshotter>
  networks(): Promise<Networks>
  /** Lends the records for one use of them. */
  withRecords(use: (records: Records) => void): Promise<void>
}

/** The store of a process that has it open. */
export function openedStore({ snapshots, networks, records }: ContainerContext): CleanUpStore {
  return {
    snapshots: async () => snapshots,
    networks: async () => networks,
    withRecords: async (use) => use(records),
  }
}

/** The store of a monitor, which waits for days and opens it, and loads its code, only at the end. */
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
      const { openRecords } = await import('#records')
      await using records = openRecords(`${root}/strake.db`)
      use(records)
    },
  }
}
