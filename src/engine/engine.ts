import type { Image } from '#image'
import type { Networks } from '#network'
import type { ImageRecord, Records } from '#records'
import type { Registry, RegistryFacts } from '#registry'
import type { DetectedRuntime } from '#runtime'
import type { LocalSnapshotter } from '#snapshot'
import type { Emit } from '#stream'
import type { RestoringStore } from './content/restoring-store.ts'

/**
 * One store and everything that works on it. Any number of engines, in this and
 * other processes, may have the same store open. What a verb does not need is
 * not opened, nor is its code loaded: `images` should not wait for a network's.
 */
export interface Engine extends AsyncDisposable {
  /** `$STRAKE_ROOT`. */
  readonly root: string
  /** `$STRAKE_RUN`. */
  readonly run: string
  readonly content: RestoringStore
  readonly records: Records
  readonly env: Readonly<Record<string, string | undefined>>
  snapshots(): Promise<LocalSnapshotter>
  networks(): Promise<Networks>
  /** The runtime that works here. Throws `UNSUPPORTED` when none does. */
  runtime(): Promise<DetectedRuntime>
  /** A client of `host`, with the credentials of this user. */
  /** `emit` is called with warnings: retries, and credential helpers that fail. */
  registry(host: string, emit?: Emit): Promise<Registry>
  /** What the repositories of the embedded registry hold. */
  registryFacts(): Promise<RegistryFacts>
  openImage(image: Pick<ImageRecord, 'digest' | 'mediaType' | 'size'>): Promise<Image>
}
