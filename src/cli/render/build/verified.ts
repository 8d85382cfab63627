import type { ImageDifference, Verified } from '#engine/reproduce/verify'
import { printable } from '../text.ts'

/** One line for every difference, and a last line that says whether there are any. */
export function formatVerified({ image, after, differences }: Verified): string {
  if (differences.length === 0) return `${printable(image)} is the same: ${after}\n`
  const count = differences.length === 1 ? '1 difference' : `${differences.length} differences`
  const lines = [...differences.map(describe), `${printable(image)} has ${count}`]
  return lines.map((line) => `${line}\n`).join('')
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
