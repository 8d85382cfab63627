import { HclError } from '../hcl-error.ts'

/** A version of semver.org: three numbers, and what is behind `-`. */
interface Version {
  readonly numbers: readonly number[]
  readonly before: string
}

const pattern =
  /^v?(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$/

/**
 * Whether a version satisfies a constraint: `>=1.2, <2`, `~1.2`, `^1`, `1.x`, `1.2 - 1.4` and `||`.
 * A version with `-` satisfies only constraints that have one themselves. Throws `HclError`.
 */
export function satisfies(text: string, constraint: string): boolean {
  const version = readVersion(text)
  if (version.isPattern) throw invalid(text)
  return constraint
    .split('||')
    .some((all) =>
      splitConditions(all).every(([operator, wanted]) => holds(version, operator, wanted)),
    )
}

function invalid(text: string): HclError {
  return new HclError(`${JSON.stringify(text)} is no version`)
}

interface WrittenVersion extends Version {
  /** How many numbers come before the first that may be any. */
  readonly exact: number
  /** Whether a number is `x` or `*`. */
  readonly isPattern: boolean
}

function readVersion(text: string): WrittenVersion {
  const match = pattern.exec(text.trim())
  if (match === null) throw invalid(text)
  const parts = [match[1], match[2], match[3]]
  const isNumber = (part: string | undefined): boolean => part !== undefined && /^\d/.test(part)
  const first = parts.findIndex((part) => !isNumber(part))
  return {
    numbers: parts.map((part) => (isNumber(part) ? Number(part) : 0)),
    exact: first === -1 ? parts.length : first,
    isPattern: parts.some((part) => part !== undefined && !isNumber(part)),
    before: match[4] ?? '',
  }
}

function splitConditions(text: string): readonly (readonly [string, string])[] {
  const ranges = text.replaceAll(/(\S+)\s+-\s+(\S+)/g, '>=$1 <=$2')
  const conditions = [...ranges.matchAll(/(=>|=<|>=|<=|!=|~>|[=<>~^])?\s*([^\s,=<>!~^]+)/g)]
  if (conditions.length === 0) throw new HclError(`${JSON.stringify(text)} is no constraint`)
  return conditions.map(([, operator = '=', wanted = '']) => [operator, wanted])
}

function holds(version: Version, operator: string, text: string): boolean {
  const wanted = readVersion(text)
  if (version.before !== '' && wanted.before === '') return false
  const order = compare(version, wanted)
  const isSame = isSamePart(version, wanted, wanted.exact) && (wanted.exact < 3 || order === 0)
  switch (operator) {
    case '=':
      return isSame
    case '!=':
      return !isSame
    case '>':
      return order > 0 && !isSame
    case '<':
      return order < 0
    case '>=':
    case '=>':
      return order >= 0
    case '<=':
    case '=<':
      return order <= 0 || isSame
    case '~':
    case '~>':
      return order >= 0 && isSamePart(version, wanted, Math.min(wanted.exact, 2))
    default:
      return order >= 0 && isSamePart(version, wanted, caretParts(wanted))
  }
}

/** `^` keeps everything up to the first number that is not 0. */
function caretParts({ numbers, exact }: WrittenVersion): number {
  const first = numbers.findIndex((one) => one !== 0)
  return Math.min(first === -1 ? 3 : first + 1, exact)
}

function isSamePart(a: Version, b: Version, count: number): boolean {
  return a.numbers.slice(0, count).every((one, index) => one === b.numbers[index])
}

function compare(a: Version, b: Version): number {
  for (const [index, one] of a.numbers.entries()) {
    const other = b.numbers[index] ?? 0
    if (one !== other) return one - other
  }
  if (a.before === b.before) return 0
  if (a.before === '') return 1
  if (b.before === '') return -1
  return compareParts(a.before.split('.'), b.before.split('.'))
}

function compareParts(a: readonly string[], b: readonly string[]): number {
  for (const [index, one] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    if (one === other) continue
    const [isNumber, isOtherNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)]
    if (isNumber && isOtherNumber) return Number(one) - Number(other)
    if (isNumber !== isOtherNumber) return isNumber ? -1 : 1
    return one < other ? -1 : 1
  }
  return a.length - b.length
}
