import type { Emit } from '#stream'
import type { Engine } from '../engine.ts'
import type { CacheExport, CacheImport } from './cache-options.ts'
import { layoutPlace } from './layout-place.ts'
import { manifestPlace } from './manifest-place.ts'
import type { OpenPlace } from './place.ts'
import { registryPlace } from './registry-place.ts'

/** Opens the place of a cache. Sends no request. */
export async function openPlace(
  engine: Engine,
  request: CacheImport | Exclude<CacheExport, { kind: 'inline' }>,
  { emit }: { readonly emit: Emit },
): Promise<OpenPlace> {
  const document = 'form' in request ? request.form.document : undefined
  switch (request.kind) {
    case 'local':
      return { place: manifestPlace(layoutPlace(request), document) }
    case 'given':
      return { place: request.open(document) }
    case 's3': {
      const { s3Place } = await import('./objects/s3-place.ts')
      return { place: s3Place(engine, request) }
    }
    case 'azblob': {
      const { azurePlace } = await import('./objects/azure-place.ts')
      return { place: azurePlace(engine, request) }
    }
    case 'gha': {
      const { actionsPlace } = await import('./objects/actions-place.ts')
      return { place: actionsPlace(engine, request) }
    }
    case 'registry': {
      const { mountFrom, ...place } = await registryPlace(engine, request, emit)
      return { place: manifestPlace(place, document), mountFrom }
    }
  }
}
