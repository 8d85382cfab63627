import type { ImageDifference, Verified } from '#engine/reproduce/verify'
import { printable } from '../text.ts'

/** One line for every difference, and a last line that says whether there are any. */
export function formatVerified(verified: Verified): string {
  return [...notesOf(verified), ...resultOf(verified)].map((line) => `${line}\n`).join('')
}

function notesOf({ image, versions, hasSameDockerfile }: Verified): readonly string[] {
  const name = printable(image)
  return [
    ...(versions === 'present' ? [] : [`${name} was built again ${origins[versions]}`]),
    ...(hasSameDockerfile ? [] : [`The Dockerfile is not the one in the provenance of ${name}`]),
  ]
}

const origins = {
  provenance: 'with the parameters and versions of its provenance',
  lock: 'with the versions of the lock file',
} as const

function resultOf({ image, after, differences }: Verified): readonly string[] {
  if (differences.length === 0) return [`${printable(image)} is the same: ${after}`]
  const count = differences.length === 1 ? '1 difference' : `${differences.length} differences`
  return [...differences.map(describe), `${printable(image)} has ${count}`]
}

function describe({ path, attribute, before, after }: ImageDifference): string {
  const what = attribute === 'value' ? printable(path) : `${printable(path)}: ${attribute}`
  if (attribute === 'existence') {
    const [type, which] = before === undefined ? [after, 'rebuilt'] : [before, 'original']
    return `${printable(path)}: ${type} only in the ${which} image`
  }
  return `${what} ${show(before)} -> ${show(after)}`
}

function show(value: string | undefined): string {
  return value === undefined ? '(absent)' : printable(value)
}
