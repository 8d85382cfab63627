import { type Annotations, formatPlatform, normalizePlatform, type Platform } from '#oci'

/** The documents that an annotation is written to. */
export type AnnotationPlace = 'manifest' | 'manifest-descriptor' | 'index' | 'index-descriptor'

/** An annotation of the user (`--annotation`). */
export interface BuildAnnotation {
  readonly places: readonly AnnotationPlace[]
  /** Only for the image of this platform. Absent for all images. */
  readonly platform?: Platform | undefined
  readonly key: string
  readonly value: string
}

/** Returns the annotations for a document, sorted by key, or `undefined` for none. */
export function annotationsFor(
  annotations: readonly BuildAnnotation[],
  place: AnnotationPlace,
  platform?: Platform,
): Annotations | undefined {
  const nameOf = (each: Platform): string => formatPlatform(normalizePlatform(each))
  const found = annotations.filter(
    (each) =>
      each.places.includes(place) &&
      (each.platform === undefined ||
        (platform !== undefined && nameOf(each.platform) === nameOf(platform))),
  )
  if (found.length === 0) return undefined
  const pairs = found.map(({ key, value }) => [key, value] as const)
  return Object.fromEntries([...new Map(pairs)].sort(([a], [b]) => (a < b ? -1 : 1)))
}
