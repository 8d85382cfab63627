import type { DirectoryStore } from '#content'
import type { Digest } from '#oci'
import type { Lease, Records } from '#records'
import type { Runtime } from '#runtime'
import type { ActiveSnapshot, SnapshotView } from '#snapshot'
import type { Emit } from '#stream'
import type { TarListing } from '#tar'
import type { BuildContexts } from '../files/build-context.ts'
import type { ContextSources } from '../files/context-sources.ts'
import type { LookupTree } from '../files/tree.ts'
import type { DockerfileSource } from '../model/error.ts'
import type { NetworkMode, Vertex } from '../model/graph.ts'
import type { SshAgent } from '../model/mounts.ts'
import type { FileState } from '../model/state.ts'
import type { Downloads } from '../source/http.ts'
import type { HttpServices } from '../source/services.ts'
import type { Times } from '../times/times.ts'
import type { SpareTime } from './spare-time.ts'

/** A network for the process of one RUN; disposing it takes the network down. */
export interface StepNetwork extends AsyncDisposable {
  /** The namespace to join; absent for the host's, and for an empty one. */
  readonly netnsPath?: string
  /** The text of `/etc/resolv.conf`. */
  readonly resolvConf: string
  /** The text of `/etc/hosts`. */
  readonly hosts: string
}

/** A step that needs a network. */
export interface NetworkRequest {
  readonly mode: NetworkMode
  readonly stepId: string
  /** The step's own name in `/etc/hosts`. */
  readonly hostname: string
}

/** Attaches a step to a network; what it means is the engine's business. */
export type NetworkProvider = (request: NetworkRequest) => Promise<StepNetwork>

/** Makes states visible, when and only when somebody must look at one. */
export interface Filesystems {
  /** A read-only mount; `undefined` for the empty filesystem. */
  view(state: FileState): Promise<SnapshotView | undefined>
  /** A writable mount above the state. */
  prepare(state: FileState): Promise<ActiveSnapshot>
  /** Where things are in the state; layers that only add are not unpacked for it. */
  lookup(state: FileState): Promise<LookupTree & AsyncDisposable>
}

/** What the steps of a build work with. */
export interface StepServices {
  readonly store: DirectoryStore
  readonly cache: Records['cache']
  readonly lease: Pick<Lease, 'hold'>
  readonly filesystems: Filesystems
  /** What is in layers that were just made, by diff ID; each goes when the layer is unpacked. */
  readonly listings: Map<Digest, TarListing>
  readonly runtime: () => Promise<Runtime>
  /** Directory of compiled seccomp filters, if any are kept. */
  readonly filters: string | undefined
  /** RUN has no network without it. */
  readonly network: NetworkProvider | undefined
  readonly http: HttpServices
}

/** What is known before the first step. */
export interface BuildFacts {
  /** Names context and Dockerfile, so that a build can be compared with the one before. */
  readonly project: string
  readonly source: DockerfileSource
  readonly times: Times
  /** Proxy settings for RUN; in no key and in no image. */
  readonly proxies: readonly string[]
  readonly noCache: boolean
  readonly explain: boolean
  /** Where ADD may download from. */
  readonly downloads: Downloads
  /** Values that RUN may see, by ID; in no key and in no image. */
  readonly secrets: ReadonlyMap<string, Uint8Array>
  /** By ID. */
  readonly agents: ReadonlyMap<string, SshAgent>
  /** What every COPY and ADD takes from build contexts. */
  readonly sources: ContextSources
}

/** Directories for what steps write beside their layers. */
export interface BuildPlaces {
  /** Of what builds remember in files. */
  readonly memory: string
  /** Of cache mounts, which builds share. */
  readonly cacheMounts: string
  /** Of this build alone, usually in memory; removed at its end. */
  readonly directory: string
  /** Another one on the disk of the store, for what may be large; made when it is first asked for. */
  readonly scratch: () => Promise<string>
}

/** What the steps of one build share. */
export interface Workspace {
  readonly services: StepServices
  readonly facts: BuildFacts
  readonly contexts: BuildContexts
  readonly places: BuildPlaces
  readonly spare: SpareTime
  readonly emit: Emit
}

/** What an operation is given beside its inputs. */
export interface StepContext extends Workspace {
  readonly vertex: Vertex
  readonly signal: AbortSignal
}

/** The same place of the same project, whatever it says there now. */
export function definitionOf({ facts, vertex }: StepContext): string {
  const { name, range } = vertex
  const place = range === undefined ? name : `line ${range.start.line}`
  const step = name.startsWith('[internal]') ? name : (/^\[[^\]]*\]/.exec(name)?.[0] ?? place)
  return `${facts.project} ${step}`
}
