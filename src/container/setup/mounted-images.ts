import type { Digest } from '#oci'
import type { Snapshotter } from '#snapshot'

/** Read-only mounts of images, until they are disposed. */
export class MountedImages implements AsyncDisposable {
  readonly #snapshots: Snapshotter
  readonly #views = new AsyncDisposableStack()

  constructor(snapshots: Snapshotter) {
    this.#snapshots = snapshots
  }

  /** Returns the path of the file system. */
  async mount(chainId: Digest): Promise<string> {
    return this.#views.use(await this.#snapshots.view(chainId)).root
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#views[Symbol.asyncDispose]()
  }
}
