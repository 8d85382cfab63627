import type { DirectoryStore } from '#content'
import type { Digest } from '#oci'
import type { Lease, Records } from '#records'
import type { Runtime } from '#runtime'
import type { ActiveSnapshot, SnapshotView } from '#snapshot'
import type { Emit } from '#stream'
import type { TarListing } from '#tar'
import type { ForeignResults } from '../buildkit/foreign-results.ts'
import type { PendingLayers } from '../cache/pending-layers.ts'
import type { CacheSource } from '../cache/source.ts'
import type { Explainer } from '../explain/explainer.ts'
import type { BuildContexts } from '../files/build-context.ts'
import type { ContextSources } from '../files/context-sources.ts'
import type { LookupTree } from '../files/tree.ts'
import type { BuildLock } from '../lock/lock.ts'
import type { DeviceFinder } from '../model/devices.ts'
import type { DockerfileSource } from '../model/error.ts'
import type { NetworkMode, Vertex } from '../model/graph.ts'
import type { SshAgent } from '../model/mounts.ts'
import type { Material } from '../model/provenance.ts'
import type { LogLimits, RunLimits, RunSettings } from '../model/run-settings.ts'
import type { SourcePolicy } from '../model/source-policy.ts'
import type { FileState, StateLayer } from '../model/state.ts'
import type { ForwardedRequest } from '../source/forward.ts'
import type { Downloads } from '../source/http.ts'
import type { HttpServices } from '../source/services.ts'
import type { Times } from '../times/times.ts'
import type { DeferredWork } from './deferred-work.ts'
import type { CacheKey } from './key.ts'

/** The network of one RUN. Disposing it removes the network. */
export interface StepNetwork extends AsyncDisposable {
  /** The namespace to join. Absent for the host's network and for an empty network. */
  readonly netnsPath?: string | undefined
  /** The text of `/etc/resolv.conf`. */
  readonly resolvConf: string
  /** The text of `/etc/hosts`. */
  readonly hosts: string
  /** The proxy that is the only way out, if the step has one. */
  readonly proxy?: StepProxy | undefined
}

export interface StepProxy {
  /** `NAME=value`. */
  readonly env: readonly string[]
  /** The certificate that programs must trust, as PEM. */
  readonly cert: string
}

/** A step that needs a network. */
export interface NetworkRequest {
  readonly mode: NetworkMode
  readonly stepId: string
  /** The name of the step in `/etc/hosts`. */
  readonly hostname: string
  /** More lines of `/etc/hosts`. */
  readonly hosts?: RunSettings['hosts']
  /** A directory for this step alone. */
  readonly directory: string
  /** Answers the requests of a step with the mode `proxy`. */
  readonly exchange?: ((request: ForwardedRequest) => Promise<Response>) | undefined
}

/** Attaches a step to a network. The engine implements it. */
export type NetworkProvider = (request: NetworkRequest) => Promise<StepNetwork>

/** Mounts states when a step first reads them. */
export interface Filesystems {
  /** A read-only mount. `undefined` for the empty file system. */
  view(state: FileState): Promise<SnapshotView | undefined>
  /** A writable mount above the state. */
  prepare(state: FileState): Promise<ActiveSnapshot>
  /** A tree for finding paths in the state. Layers that only add files are not unpacked for it. */
  lookup(state: FileState): Promise<LookupTree & AsyncDisposable>
}

/** The services of the steps of a build. */
export interface StepServices {
  readonly store: DirectoryStore
  readonly cache: Records['cache']
  readonly lease: Pick<Lease, 'hold'>
  readonly filesystems: Filesystems
  /** Layers of caches and base images that are not in the store yet. */
  readonly pending: PendingLayers
  /** The caches of other machines, for cache mounts. */
  readonly cacheSources: readonly CacheSource[]
  /** The listings of new layers, by diff ID. A listing is dropped when its layer is unpacked. */
  readonly listings: Map<Digest, TarListing>
  readonly runtime: () => Promise<Runtime>
  /** Directory of compiled seccomp filters, if any are kept. */
  readonly filters: string | undefined
  /** Without it, RUN has no devices. */
  readonly devices: DeviceFinder | undefined
  /** Without it, RUN has no network. */
  readonly network: NetworkProvider | undefined
  readonly http: HttpServices
}

/** Values that are known before the first step. */
export interface BuildFacts {
  /** Identifies context and Dockerfile, so that a build can be compared with the previous one. */
  readonly project: string
  readonly source: DockerfileSource
  readonly times: Times
  /** Proxy settings for RUN. They are not in any key or image. */
  readonly proxies: readonly string[]
  readonly noCache: boolean
  /** The vertices that run again, also without `noCache`. */
  readonly uncached: ReadonlySet<Digest>
  readonly runLimits: RunLimits
  readonly logLimits: LogLimits
  readonly explain: boolean
  /** True when no step runs. */
  readonly isPrediction: boolean
  readonly sourcePolicy: SourcePolicy | undefined
  /** The versions that ADD may use. Absent for any. */
  readonly lock: BuildLock | undefined
  /** True when steps use no network. */
  readonly isOffline: boolean
  /** The addresses that ADD may download from. */
  readonly downloads: Downloads
  /** Values for RUN, by ID. They are not in any key or image. */
  readonly secrets: ReadonlyMap<string, Uint8Array>
  /** The passwords of URLs in the Dockerfile, by URL without it. They are in no key or image. */
  readonly userinfo: ReadonlyMap<string, string>
  /** By ID. */
  readonly agents: ReadonlyMap<string, SshAgent>
  /** The sources of every COPY and ADD from build contexts. */
  readonly sources: ContextSources
}

/** Directories for files that steps write beside their layers. */
export interface BuildPlaces {
  /** For files that builds keep for later builds. */
  readonly cacheFiles: string
  /** For cache mounts, which builds share. */
  readonly cacheMounts: string
  /** For this build alone, usually in memory. It is removed at the end. */
  readonly directory: string
  /** For large files of this build, on the disk of the store. It is made at the first use. */
  readonly scratch: () => Promise<string>
}

/** The result of a step, for caches that other machines read. */
export interface StepTrace {
  /** The keys of the step, in hex: of its definition, then of its content. */
  readonly keys: readonly string[]
  /** Those of the keys whose parts are known. */
  readonly known: readonly CacheKey[]
  /** `null` when the step changed nothing. */
  readonly layer: StateLayer | null
}

/** A RUN that failed, with everything that its command had. Disposing it releases that. */
export interface FailedStep extends AsyncDisposable {
  /** Where the shell is: in the container of a RUN, or before an instruction about files. */
  readonly place: 'in' | 'before'
  /** The step or the instruction, for people. */
  readonly name: string
  /**
   * Runs a shell there, with the terminal of this process, and returns its exit code. `onOpen` is
   * called when the shell can start. Throws `NOT_FOUND` when the file system has no shell.
   */
  openShell(options: ShellOptions): Promise<number>
}

export interface ShellOptions {
  readonly onOpen: () => void
  readonly signal?: AbortSignal | undefined
}

/** The values that the steps of one build share. */
export interface Workspace {
  readonly services: StepServices
  readonly facts: BuildFacts
  readonly contexts: BuildContexts
  readonly places: BuildPlaces
  readonly deferred: DeferredWork
  /** The results in caches of BuildKit. Absent when no cache is one. */
  readonly foreign?: ForeignResults | undefined
  /** What steps took from other machines, by vertex. Steps add to it. */
  readonly materials: Map<Digest, readonly Material[]>
  readonly explainer: Explainer
  /** Takes the RUN that fails. Absent: its container is closed. */
  readonly failed?: FailedStep[] | undefined
  readonly emit: Emit
  /** Called with the result of every step. */
  readonly onResult?: ((vertex: Vertex, trace: StepTrace) => void) | undefined
}

/** The parameters of an operation beside its inputs. */
export interface StepContext extends Workspace {
  readonly vertex: Vertex
  readonly signal: AbortSignal
}

/** True when the result of a step is not taken from the cache. */
export function ignoresCache({ facts, vertex }: StepContext): boolean {
  return facts.noCache || facts.uncached.has(vertex.digest)
}

/** Identifies an instruction of a project by its place, whatever its text is now. */
export function definitionOf({ facts, vertex }: StepContext): string {
  const { name, range } = vertex
  const place = range === undefined ? name : `line ${range.start.line}`
  const step = name.startsWith('[internal]') ? name : (/^\[[^\]]*\]/.exec(name)?.[0] ?? place)
  return `${facts.project} ${step}`
}
