import type { Range } from '#dockerfile'
import type { Digest, Layer, Platform } from '#oci'
import type { DockerfileSource } from './error.ts'
import type { NetworkMode, Op } from './graph.ts'
import type { RunSettings } from './run-settings.ts'

/** Content of another place that a build used, and what identifies it. URLs have no passwords. */
export type Material = ImageMaterial | GitMaterial | HttpMaterial

export interface ImageMaterial {
  readonly kind: 'image'
  /** The name by which the Dockerfile or the user named the image. */
  readonly reference: string
  readonly platform: Platform
  /** The digest of the manifest for the platform. */
  readonly digest: Digest
  /** True for an image of an OCI image layout of this machine. */
  readonly isLocal: boolean
}

export interface GitMaterial {
  readonly kind: 'git'
  /** The URL, with `#` and the ref if there is one. */
  readonly url: string
  /** Hex. */
  readonly commit: string
}

export interface HttpMaterial {
  readonly kind: 'http'
  readonly url: string
  readonly digest: Digest
  /** When the server says that the file changed last, as it writes it. */
  readonly modified?: string | undefined
  /** True for a file that a command downloaded through the proxy. */
  readonly isDownload?: boolean
}

/** What a build used and what it was asked for, for one platform. It has no value of a secret. */
export interface Provenance {
  /** The platform of the result. */
  readonly platform: Platform
  /** The platform of the machine that built it. */
  readonly builder: Platform
  readonly dockerfile: DockerfileSource
  /** The main context when it is from another machine. */
  readonly context?: GitMaterial | HttpMaterial | undefined
  /**
   * What the context of this machine was checked out from, in BuildKit's words: `source`,
   * `revision`, and `localdir:NAME` for the path of a context in the repository.
   */
  readonly checkout: Readonly<Record<string, string>>
  /** The names of used contexts of this machine. Their files are identified by no digest. */
  readonly locals: readonly string[]
  /** Each once, images first, sorted by URL or reference. */
  readonly materials: readonly Material[]
  readonly parameters: BuildParameters
  readonly secrets: readonly UsedCredential[]
  readonly agents: readonly UsedCredential[]
  /** True when a RUN could reach a network. */
  readonly usesNetwork: boolean
  /** Each after its inputs. The last one is the result. */
  readonly steps: readonly ProvenanceStep[]
}

/** The options of a build that can change its result. */
export interface BuildParameters {
  readonly target?: string | undefined
  readonly buildArgs: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  /** The sources of named contexts, by name. */
  readonly contexts: Readonly<Record<string, string>>
  readonly network: NetworkMode
  readonly runSettings?: RunSettings | undefined
  readonly noCache: boolean
  readonly noCacheStages: readonly string[]
}

/** A secret or an SSH agent of a RUN. */
export interface UsedCredential {
  readonly id: string
  readonly isRequired: boolean
}

/** A step of a build, and the layers of its result. */
export interface ProvenanceStep {
  readonly digest: Digest
  readonly name: string
  readonly op: Op
  /** The indexes of the inputs in the list of steps. */
  readonly inputs: readonly number[]
  readonly range?: Range | undefined
  /** Bottom first. */
  readonly layers: readonly Layer[]
}
