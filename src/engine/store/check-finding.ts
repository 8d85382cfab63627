import type { SnapshotFinding } from '#snapshot'

/** One thing that is not as it should be. */
export interface CheckFinding extends Omit<SnapshotFinding, 'state'> {
  /** `leftover`: of a process that is gone; it harms nobody. */
  readonly state: SnapshotFinding['state'] | 'leftover'
}
