import type { DirectoryStore } from '#content'
import type { Platform } from '#oci'
import type { Records } from '#records'
import type { Runtime } from '#runtime'
import type { Snapshotter } from '#snapshot'
import type { Emit } from '#stream'
import type { NetworkMode } from './model/graph.ts'
import type { SshAgent } from './model/mounts.ts'
import type { BaseImage } from './plan/base-images.ts'
import type { ContextArchive } from './source/build-input.ts'
import type { Downloads } from './source/http.ts'
import type { HttpServices } from './source/services.ts'
import type { NetworkProvider } from './step/workspace.ts'

/** What a build is made with; the engine gives the same to all of them. */
export interface BuildServices {
  readonly store: DirectoryStore
  readonly records: Pick<Records, 'cache' | 'leases' | 'layers'>
  /** Directory of what builds remember in files; it may be removed at any time. */
  readonly memory: string
  /** Directory of what RUN --mount=type=cache keeps. Who holds the lock of one below it uses it. */
  readonly cacheMounts: string
  readonly snapshots: Snapshotter
  /** Asked for at the first RUN that is not cached. */
  readonly runtime: () => Promise<Runtime>
  /** Finds a base image or pulls it; its manifest, configuration and layers are then in the store. */
  readonly resolveImage: ImageResolver
  /** RUN has no network without it. */
  readonly network?: NetworkProvider | undefined
  /** Directory for bundles; what a build puts there it removes. */
  readonly run: string
  /** Directory on the disk of the store for what may be large; what a build puts there it removes. */
  readonly scratch: string
  /** Directory of compiled seccomp filters, if any are kept. */
  readonly filters?: string | undefined
  /** For ADD; those of this process unless given. */
  readonly http?: Partial<HttpServices> | undefined
}

export interface ResolveOptions {
  readonly platform: Platform
  /** Ask the registry even when the image is here. */
  readonly pull: boolean
  readonly emit: Emit
  readonly signal?: AbortSignal | undefined
}

export type ImageResolver = (reference: string, options: ResolveOptions) => Promise<BaseImage>

export interface BuildOptions {
  readonly services: BuildServices
  /** The directory or archive files are copied from; without one, nothing can be. */
  readonly context?: string | ContextArchive | undefined
  /**
   * A path, in an archive relative to its top, or the text itself; `Dockerfile` in
   * the context unless given.
   */
  readonly dockerfile?: string | { readonly text: string } | undefined
  /** Stage name or index; the last stage unless given. */
  readonly target?: string
  readonly buildArgs?: Readonly<Record<string, string>>
  /** Added to the image, over the Dockerfile's. */
  readonly labels?: Readonly<Record<string, string>>
  /** The machine's own unless given. */
  readonly platform?: Platform
  /** Do every step anew; results are remembered all the same. */
  readonly noCache?: boolean
  readonly pull?: boolean
  /** Network of RUNs that name none; `default` unless given. */
  readonly network?: NetworkMode
  /** Values for RUN `--mount=type=secret`, by ID. */
  readonly secrets?: ReadonlyMap<string, Uint8Array> | undefined
  /** SSH agents for RUN `--mount=type=ssh`, by ID. */
  readonly agents?: ReadonlyMap<string, SshAgent> | undefined
  /** What a Dockerfile may ask for that reaches beyond its sandbox. */
  readonly allow?: readonly 'network.host'[]
  /** `any` unless given. */
  readonly downloads?: Downloads | undefined
  /** Seconds since 1970; also given by the build argument SOURCE_DATE_EPOCH. */
  readonly epoch?: number
  /** `epoch` (reproducible) unless given; `now` keeps times, as Docker does. */
  readonly timestamp?: 'epoch' | 'now'
  /** Steps at the same time; as many as there are processors unless given. */
  readonly concurrency?: number
  /** Says for every step that is not cached why it is not. */
  readonly explain?: boolean
  readonly emit?: Emit
  readonly signal?: AbortSignal
}
