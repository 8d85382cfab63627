import type { DirectoryStore } from '#content'
import type { Digest, Platform } from '#oci'
import type { Records } from '#records'
import type { Runtime } from '#runtime'
import type { Snapshotter } from '#snapshot'
import type { Emit } from '#stream'
import type { CacheSource } from './cache/source.ts'
import type { ContextArchive, DockerfileText, ReceivedContext } from './contexts/build-input.ts'
import type { BuildAnnotation } from './export/annotations.ts'
import type { ConfigEdits } from './export/config-edits.ts'
import type { BuildLock } from './lock/lock.ts'
import type { NamedContext } from './model/contexts.ts'
import type { DeviceFinder } from './model/devices.ts'
import type { NetworkMode } from './model/graph.ts'
import type { SshAgent } from './model/mounts.ts'
import type { Grant, LogLimits, RunLimits, RunSettings } from './model/run-settings.ts'
import type { SourcePolicy } from './model/source-policy.ts'
import type { BaseImage, LayoutImage } from './plan/base-images.ts'
import type { ShellPlace } from './shell-place.ts'
import type { StepListener } from './solve/solve-plans.ts'
import type { Downloads } from './source/http.ts'
import type { HttpServices } from './source/services.ts'
import type { FailedStep, NetworkProvider } from './step/workspace.ts'

/** The services of a build. The engine gives the same services to all builds. */
export interface BuildServices {
  readonly store: DirectoryStore
  readonly records: Pick<Records, 'cache' | 'leases' | 'layers'>
  /** Directory of the files that builds keep for later builds. It may be removed at any time. */
  readonly cacheFiles: string
  /** Directory of cache mounts. A step locks the directory of a cache mount while it uses it. */
  readonly cacheMounts: string
  readonly snapshots: Snapshotter
  /** Called at the first RUN that is not cached. */
  readonly runtime: () => Promise<Runtime>
  /** Finds or pulls a base image. Then its manifest, configuration and layers are in the store. */
  readonly resolveImage: ImageResolver
  /** Without it, RUN has no devices. */
  readonly devices?: DeviceFinder | undefined
  /** Without it, RUN has no network. */
  readonly network?: NetworkProvider | undefined
  /** Directory for bundles. A build removes the files that it writes there. */
  readonly run: string
  /**
   * Directory for large files, on the disk of the store. A build removes the files that it
   * writes there.
   */
  readonly scratch: string
  /** Directory of compiled seccomp filters, if any are kept. */
  readonly filters?: string | undefined
  /** For ADD. The default is the services of this process. */
  readonly http?: Partial<HttpServices> | undefined
}

export interface ResolveOptions {
  readonly platform: Platform
  /** Ask the registry even when the image is in the store. */
  readonly pull: boolean
  /** Absent for an image of the store or of a registry. */
  readonly layout?: LayoutImage | undefined
  /** The manifest that the image must have, whatever its name means now. */
  readonly digest?: Digest | undefined
  /** True when only the store may be asked. */
  readonly isOffline?: boolean | undefined
  readonly emit: Emit
  readonly signal?: AbortSignal | undefined
}

export type ImageResolver = (reference: string, options: ResolveOptions) => Promise<BaseImage>

/** How the packages of a result are listed. */
export interface SbomRequest {
  /** An image that does it by BuildKit's protocol. Default: the built-in scanner. */
  readonly generator?: string | undefined
  /** The absolute path of an installed syft, in place of the built-in scanner. */
  readonly program?: string | undefined
  /** Variables for the image, with `BUILDKIT_SCAN_` before their names. */
  readonly parameters: Readonly<Record<string, string>>
  /** The version of this program, for the document. */
  readonly version: string
}

export interface BuildOptions {
  readonly services: BuildServices
  /**
   * The directory or archive that files are copied from, or the URL of a git repository,
   * of an archive or of a Dockerfile. Without it, the context is empty.
   */
  readonly context?: string | ContextArchive | ReceivedContext | undefined
  /**
   * A path or an HTTP URL, or the text itself. In an archive the path is relative to its root. The
   * default is `Dockerfile` in the context.
   */
  readonly dockerfile?: string | DockerfileText | undefined
  /** Replacements of stages and images, by name. */
  readonly contexts?: ReadonlyMap<string, NamedContext> | undefined
  /** Stage name or index. The default is the last stage. */
  readonly target?: string | undefined
  readonly buildArgs?: Readonly<Record<string, string>> | undefined
  /** The text of an ignore file in place of that of the context. */
  readonly ignoreText?: string | undefined
  /** Uses only base images that are in the store. */
  readonly pullsNothing?: boolean | undefined
  readonly edits?: ConfigEdits | undefined
  /** Labels for the image. They replace labels of the Dockerfile. */
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** Annotations of the manifests. The caller writes those of an index. */
  readonly annotations?: readonly BuildAnnotation[] | undefined
  /** The build makes an image for each. The default is the platform of the machine. */
  readonly platforms?: readonly Platform[] | undefined
  /** Run every step again. The results are still added to the cache. */
  readonly noCache?: boolean | undefined
  /** Caches of other machines. Their layers are fetched when they are needed. */
  readonly cacheSources?: Promise<readonly CacheSource[]> | undefined
  /** Called with the result of every step while others run. It may be called again for a step. */
  readonly onStep?: StepListener | undefined
  /**
   * Describes the steps for caches that BuildKit reads. This reads the files of contexts again: `all`
   * of them, or none of a large directory.
   */
  readonly forBuildkit?: 'none' | 'small' | 'all' | undefined
  /** False when no output needs the layers of the result. The default is true. */
  readonly keepsResult?: boolean | undefined
  /** Writes the results of steps into the configuration of the image. */
  readonly inlineCache?: boolean | undefined
  /** Names of stages whose steps run again. */
  readonly noCacheStages?: readonly string[] | undefined
  readonly pull?: boolean | undefined
  /** Network of every RUN that names none. The default is `default`. */
  readonly network?: NetworkMode | undefined
  /** Values for RUN `--mount=type=secret`, by ID. */
  readonly secrets?: ReadonlyMap<string, Uint8Array> | undefined
  /** SSH agents for RUN `--mount=type=ssh`, by ID. */
  readonly agents?: ReadonlyMap<string, SshAgent> | undefined
  /** Permissions beyond the sandbox of the build. */
  readonly allow?: readonly Grant[] | undefined
  /** Settings of the containers of RUN. */
  readonly runSettings?: RunSettings | undefined
  readonly runLimits?: RunLimits | undefined
  /** How much output of RUN is shown. The default is BuildKit's: 2 MiB, and 200 KiB a second. */
  readonly logLimits?: Partial<LogLimits> | undefined
  /** Rules for images, URLs, repositories and contexts. */
  readonly sourcePolicy?: SourcePolicy | undefined
  /** The only versions of images, repositories and files of other machines that the build uses. */
  readonly lock?: BuildLock | undefined
  /** Use no network: not for images, contexts and ADD, and not in RUN. */
  readonly offline?: boolean | undefined
  /** What the context was checked out from, in BuildKit's words, for the provenance. */
  readonly checkout?: Readonly<Record<string, string>> | undefined
  /** The default is `any`. */
  readonly downloads?: Downloads | undefined
  /** Seconds since 1970. The build argument SOURCE_DATE_EPOCH sets it too. */
  readonly epoch?: number | undefined
  /** The default is `epoch`, which is reproducible. `now` keeps times, as Docker does. */
  readonly timestamp?: 'epoch' | 'now' | undefined
  /** Lists the packages of the result. */
  readonly sbom?: SbomRequest | undefined
  /** Number of steps that run at the same time. The default is the number of processors. */
  readonly concurrency?: number | undefined
  /** Print for every step that is not cached why it is not. */
  readonly explain?: boolean | undefined
  /** For `openBuildShell`: plan a shell in place of the target. */
  readonly shellAt?: ShellPlace | undefined
  /** Called when an instruction has failed and all other steps have ended. The build fails afterwards. */
  readonly onFailedStep?: ((step: FailedStep) => Promise<void>) | undefined
  readonly emit?: Emit | undefined
  readonly signal?: AbortSignal | undefined
}
