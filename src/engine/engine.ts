import type { StateSource } from '#container'
import type { DatabaseFacts } from '#facts'
import type { Image } from '#image'
import type { Networks } from '#network'
import type { ImageRecord, Records } from '#records'
import type { Registry } from '#registry'
import type { DetectedRuntime } from '#runtime'
import type { LocalSnapshotter } from '#snapshot'
import type { Emit } from '#stream'
import type { RestoringStore } from './content/restoring-store.ts'

/**
 * One open store. Any number of engines, in this and other processes, may open the same
 * store. Networks, snapshots and the runtime are opened, and their code is loaded, on
 * first use, so that a verb such as `images` does not wait for them.
 */
export interface Engine extends AsyncDisposable {
  /** `$STRAKE_ROOT`. */
  readonly root: string
  /** `$STRAKE_RUN`. */
  readonly run: string
  readonly content: RestoringStore
  /** Default: every fact about containers is read anew. */
  readonly states?: StateSource | undefined
  readonly records: Records
  readonly env: Readonly<Record<string, string | undefined>>
  snapshots(): Promise<LocalSnapshotter>
  networks(): Promise<Networks>
  /** The runtime that works here. Throws `UNSUPPORTED` when none does. */
  runtime(): Promise<DetectedRuntime>
  /**
   * A client of `host`, with the credentials of this user. `emit` is called with
   * warnings: retries, and credential helpers that fail. `insecure` allows plain HTTP.
   */
  registry(host: string, emit?: Emit, options?: { readonly insecure?: boolean }): Promise<Registry>
  /** The records of the embedded registry: the content of its repositories. */
  registryFacts(): Promise<DatabaseFacts>
  openImage(image: Pick<ImageRecord, 'digest' | 'mediaType' | 'size'>): Promise<Image>
}
