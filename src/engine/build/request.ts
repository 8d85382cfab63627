import type {
  BuildAnnotation,
  ConfigEdits,
  ContextArchive,
  DockerfileText,
  FailedStep,
  Grant,
  NamedContext,
  ReceivedContext,
  RunLimits,
  RunSettings,
} from '#build'
import type { Platform } from '#oci'
import type { Emit } from '#stream'
import type { AttestationOptions } from '../attest/options.ts'
import type { CacheExport, CacheImport } from '../cache/cache-options.ts'
import type { LockRequest } from '../lock/lock-file.ts'
import type { BuildOutput } from '../output/build-output.ts'
import type { AgentSource } from './agents.ts'
import type { SecretSource } from './secrets.ts'

/** A request for `build`. */
export interface BuildRequest {
  /** The ID of the record of the build. Default: a new one. */
  readonly id?: string | undefined
  /**
   * The directory or archive with the files of the build, or the URL of a repository, an
   * archive or a Dockerfile. Default: no files.
   */
  readonly context?: string | ContextArchive | ReceivedContext | undefined
  /** Replacements for stages and images, by name. */
  readonly contexts?: ReadonlyMap<string, NamedContext> | undefined
  readonly names?: readonly string[] | undefined
  /** Path of the Dockerfile, or its text. Default: `Dockerfile` of the context. */
  readonly dockerfile?: string | DockerfileText | undefined
  readonly target?: string | undefined
  readonly buildArgs?: ReadonlyMap<string, string> | undefined
  readonly labels?: ReadonlyMap<string, string> | undefined
  readonly noCache?: boolean | undefined
  /** Caches that are read. Those of other machines come after the store's own. */
  readonly cacheFrom?: readonly CacheImport[] | undefined
  /** Caches that are written after the build. */
  readonly cacheTo?: readonly CacheExport[] | undefined
  /** Names of stages whose steps run again. */
  readonly noCacheStages?: readonly string[] | undefined
  /**
   * What the context was checked out from, for the provenance: `source`, `revision`, and
   * `localdir:NAME` for the path of a context in it. Default: read from a directory.
   */
  readonly checkout?: Readonly<Record<string, string>> | undefined
  /** Permissions that RUN of the Dockerfile may use. */
  readonly allow?: readonly Grant[] | undefined
  readonly runSettings?: RunSettings | undefined
  readonly runLimits?: RunLimits | undefined
  readonly annotations?: readonly BuildAnnotation[] | undefined
  /** Claims about the result that are stored with it. Default: none. */
  readonly attestations?: AttestationOptions | undefined
  /** The file of BuildKit's source policy. Default: `EXPERIMENTAL_BUILDKIT_SOURCE_POLICY`. */
  readonly sourcePolicyFile?: string | undefined
  /** A policy in the parsed form of BuildKit's JSON. Rules of the file come after its rules. */
  readonly sourcePolicy?: unknown
  readonly lock?: LockRequest | undefined
  /** Uses the store alone: no registry, no web server, and no network in RUN. */
  readonly offline?: boolean | undefined
  /** True: newer versions of base images. `never`: only base images of the store. */
  readonly pull?: boolean | 'never' | undefined
  /** The most steps that run at a time. Default: the number of processors. */
  readonly jobs?: number | undefined
  /** The text of an ignore file in place of that of the context. */
  readonly ignoreText?: string | undefined
  /** Changes of the configuration after the last step. */
  readonly edits?: ConfigEdits | undefined
  /** The build makes an image for each, and an index for several. Default: this machine. */
  readonly platforms?: readonly Platform[] | undefined
  /**
   * The network of RUN; `default` is the bridge of containers, and `proxy` only a proxy that
   * records what commands download.
   */
  readonly network?: 'default' | 'none' | 'host' | 'proxy' | undefined
  /** Where ADD may download from: `any` unless given. */
  readonly downloads?: 'any' | 'public' | undefined
  readonly secrets?: readonly SecretSource[] | undefined
  readonly agents?: readonly AgentSource[] | undefined
  /** Where the result is written. Default: the image is stored under its names. */
  readonly outputs?: readonly BuildOutput[] | undefined
  readonly imageIdFile?: string | undefined
  /** A file for the metadata of the build: Docker's JSON document. */
  readonly metadataFile?: string | undefined
  /** The time of files and image; a number is seconds since 1970. Default: a reproducible time. */
  readonly timestamp?: 'now' | number | undefined
  readonly explain?: boolean | undefined
  /** Opens a shell in the container of a RUN that fails, with the terminal of this process. */
  readonly debugOnFailure?: boolean | undefined
  /** Called before a shell opens in a step, or after it: the shell needs the whole terminal. */
  readonly onShell?: ((place: FailedStep['place'] | 'after', name: string) => void) | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}
