import type { AnnotationPlace, BuildAnnotation } from '#build'
import { StrakeError } from '#oci'
import type { BuildOutput } from './build-output.ts'

/** The documents that an output writes. */
interface Documents {
  readonly isIndex: boolean
  /** The descriptor of the image or index is in the `index.json` of a layout or in a metadata file. */
  readonly isListed: boolean
}

/**
 * Refuses annotations for documents that no output writes: those of one output, and those of the
 * whole build. Throws `INVALID`.
 */
export function checkAnnotations(
  outputs: readonly BuildOutput[],
  { isIndex, hasMetadata, annotations }: Checked,
): void {
  const made = outputs.flatMap((output): readonly (Documents & { own: typeof annotations })[] => {
    if (!('form' in output)) return []
    const isListed = hasMetadata || output.kind !== 'image'
    return [{ isIndex, isListed, own: output.form.annotations }]
  })
  for (const { own = [], ...documents } of made) {
    for (const annotation of own) refuseUnwritten(annotation, [documents])
  }
  for (const annotation of annotations ?? []) refuseUnwritten(annotation, made)
}

interface Checked {
  readonly isIndex: boolean
  /** Whether a metadata file has the descriptor of the image or index. */
  readonly hasMetadata: boolean
  readonly annotations: readonly BuildAnnotation[] | undefined
}

function refuseUnwritten({ places, key }: BuildAnnotation, all: readonly Documents[]): void {
  if (places.some((place) => all.some((documents) => isWritten(place, documents)))) return
  const isIndex = all.some((each) => each.isIndex)
  const image = all.length === 0 ? 'the result' : `an image${isIndex ? '' : ' of one platform'}`
  const reason = `${image} has no ${places.join(' and no ')}`
  throw new StrakeError('INVALID', `Cannot write the annotation ${key}: ${reason}`, {
    remedy: 'annotate the manifest: --annotation manifest:KEY=VALUE',
  })
}

function isWritten(place: AnnotationPlace, { isIndex, isListed }: Documents): boolean {
  switch (place) {
    case 'manifest':
      return true
    case 'index':
      return isIndex
    case 'manifest-descriptor':
      return isIndex || isListed
    case 'index-descriptor':
      return isIndex && isListed
  }
}
