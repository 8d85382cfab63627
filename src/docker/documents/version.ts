import type { InspectDocument } from './document.ts'

/** The versions of this program and of its runtime. */
export interface Versions {
  readonly Version: string
  readonly Bun: string
  readonly Os: string
  readonly Arch: string
  /** The newest and the oldest version of the API that `system serve` speaks: `1.56`. */
  readonly apiVersion: string
  readonly minApiVersion: string
}

/**
 * The document that `docker version --format json` prints. One program is client and
 * server, so that both have its version, and the version of the API that it serves.
 */
export function versionDocument(versions: Versions): InspectDocument {
  const { Version, Bun, Os, Arch, apiVersion: ApiVersion, minApiVersion } = versions
  return {
    Client: { Version, ApiVersion, DefaultAPIVersion: ApiVersion, Os, Arch, Context: 'default' },
    Server: {
      Platform: { Name: 'strake' },
      Version,
      ApiVersion,
      MinAPIVersion: minApiVersion,
      Os,
      Arch,
      Components: [
        { Name: 'Engine', Version, Details: { Os, Arch } },
        { Name: 'Bun', Version: Bun },
      ],
    },
  }
}
