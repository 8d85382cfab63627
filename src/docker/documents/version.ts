import type { InspectDocument } from './document.ts'

/** The versions of this program and of its runtime. */
export interface Versions {
  readonly Version: string
  readonly Bun: string
  readonly Os: string
  readonly Arch: string
}

/**
 * The document that `docker version --format json` prints. One program is client and
 * server, so that both have its version; no API is served, so that none has a version.
 */
export function versionDocument({ Version, Bun, Os, Arch }: Versions): InspectDocument {
  return {
    Client: { Version, Os, Arch, Context: 'default' },
    Server: {
      Platform: { Name: 'strake' },
      Version,
      Os,
      Arch,
      Components: [
        { Name: 'Engine', Version, Details: { Os, Arch } },
        { Name: 'Bun', Version: Bun },
      ],
    },
  }
}
