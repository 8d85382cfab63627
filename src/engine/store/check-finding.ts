import type { SnapshotFinding } from '#snapshot'

/** One problem in the store. */
export interface CheckFinding extends Omit<SnapshotFinding, 'state'> {
  /** `leftover`: harmless files of a process that has ended. */
  readonly state: SnapshotFinding['state'] | 'leftover'
}
