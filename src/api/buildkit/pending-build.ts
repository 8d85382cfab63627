import type { Built } from '#engine/build/build'
import type { Engine } from '#engine/engine'
import type { Descriptor } from '#oci'
import type { BuildClient } from './inputs/build-client.ts'
import type { Definition } from './inputs/definition.ts'
import type { Job } from './jobs.ts'
import type { SolveRequest } from './messages/control.ts'
import type { Attributes } from './options/attributes.ts'
import type { FrontendOptions } from './options/frontend-options.ts'
import type { BuildSources } from './options/sources.ts'
import type { BuildProgress } from './progress/build-progress.ts'

/** A build whose Dockerfile was read, and whose steps run when its result is needed. */
export interface PendingBuild {
  readonly id: string
  readonly engine: Engine
  readonly job: Job
  /** What the client has said about the whole build. */
  readonly request: SolveRequest
  readonly attributes: Attributes
  readonly options: FrontendOptions
  readonly sources: BuildSources
  readonly definition: Definition
  /** The results of other builds that this one uses, by the names of inputs. */
  readonly inputs: ReadonlyMap<string, PendingBuild>
  readonly client: BuildClient
  /** Finds the client that serves a directory. */
  readonly clientOf: (directory: string) => Promise<BuildClient>
  readonly progress: BuildProgress
  /** The builds that may use the result: its own, and those that have it as an input. */
  readonly holders: Set<Job>
  /** The manifest of a cache that was written to a directory of the client. */
  cacheManifest?: Descriptor | undefined
  /** The result, once it was asked for without outputs. */
  evaluated: Promise<Built> | undefined
}
