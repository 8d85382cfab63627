import type { Job } from './jobs.ts'

/** A context of another machine, as long as the job that named it runs. */
export interface RemoteContext {
  readonly job: Job
  readonly url: string
  /** The texts of its files that were read already. */
  readonly files: Map<string, Promise<string | undefined>>
}
