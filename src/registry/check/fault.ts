import type { Digest } from '#oci'

/** What a check found wrong. */
export interface RegistryFault {
  readonly repository: string
  readonly kind: 'manifest' | 'blob' | 'tag'
  /** Of the content, or of the manifest that the tag names. */
  readonly digest: Digest
  readonly tag?: string | undefined
  /**
   * `absent`: the store does not have the content. `damaged`: its bytes are others. `invalid`: the
   * manifest cannot be read. `incomplete`: the repository does not hold what the manifest or tag
   * names. `mismatch`: the record of the manifest says something else than the manifest.
   */
  readonly problem: 'absent' | 'damaged' | 'invalid' | 'incomplete' | 'mismatch'
  /** What a manifest names that is not there. */
  readonly missing?: Digest | undefined
  readonly isRepaired: boolean
}

/** What a check has seen. */
export interface CheckSummary {
  readonly repositories: number
  readonly manifests: number
  readonly blobs: number
  readonly tags: number
  /** Proved bytes. Content of several repositories is proved once. */
  readonly bytes: number
}
