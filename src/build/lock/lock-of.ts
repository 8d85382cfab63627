import { parse } from '#dockerfile'
import { formatPlatform, formatReference, parseReference } from '#oci'
import type { Material, Provenance } from '../model/provenance.ts'
import type { BuildLock, LockedSource } from './lock.ts'
import { sortSources } from './lock-file.ts'

/** Returns the lock of what the images of a build were made of. */
export function lockOf(provenances: readonly Provenance[]): BuildLock {
  return {
    sources: sortSources(
      provenances.flatMap((provenance) => [
        ...frontendOf(provenance),
        ...provenance.materials.map(lockMaterial),
      ]),
    ),
  }
}

function frontendOf({ dockerfile, parameters }: Provenance): readonly LockedSource[] {
  const reference = frontendReference(
    parameters.buildArgs['BUILDKIT_SYNTAX'],
    parse(dockerfile.text).directives.syntax,
  )
  return reference === '' ? [] : [{ kind: 'frontend', reference }]
}

/** The first word names the frontend. The build argument replaces the directive. */
export function frontendReference(
  argument: string | undefined,
  directive: string | undefined,
): string {
  return (argument || directive || '').trim().split(/\s/, 1)[0] ?? ''
}

/** The canonical name of an image. An image of a layout has no canonical name. */
export function lockName(reference: string, isLocal: boolean): string {
  return isLocal ? reference : formatReference(parseReference(reference))
}

export function lockMaterial(material: Material): LockedSource {
  switch (material.kind) {
    case 'image': {
      const { platform, digest, isLocal } = material
      const reference = lockName(material.reference, isLocal)
      return { kind: 'image', reference, platform: formatPlatform(platform), digest }
    }
    case 'git':
      return { kind: 'git', url: material.url, commit: material.commit }
    case 'http':
      return {
        kind: material.isDownload ? 'download' : 'http',
        url: material.url,
        digest: material.digest,
      }
  }
}
