/** One attribute that two images do not have in common. */
export interface ImageDifference {
  /** Where it is: in a layer, in the configuration, or in the manifest. */
  readonly part: 'file' | 'config' | 'manifest'
  /** A path of the file system, or the names of members with dots between them. */
  readonly path: string
  /** For a file: `content`, `mode`, `owner`… For a document it is `value`. */
  readonly attribute: string
  /** Absent where only the other image has it. */
  readonly before?: string | undefined
  readonly after?: string | undefined
}

/** Attributes by name. */
export type Facts = Readonly<Record<string, string>>

/** Returns the differences of two sets of attributes, in the order of their names. */
export function compareFacts(
  part: ImageDifference['part'],
  path: string,
  before: Facts,
  after: Facts,
): readonly ImageDifference[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names
    .filter((name) => before[name] !== after[name])
    .sort()
    .map((attribute) => ({
      part,
      path,
      attribute,
      before: before[attribute],
      after: after[attribute],
    }))
}
