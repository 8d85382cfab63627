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
  const { numbers, given, before } = readVersion(text)
  if (given.some((one) => one === 'any')) throw invalid(text)
  const version = { numbers, before }
  return constraint
    .split('||')
    .some((all) =>
      splitConditions(all).every(([operator, wanted]) => holds(version, operator, wanted)),
    )
}

function invalid(text: string): HclError {
  return new HclError(`${JSON.stringify(text)} is no version`)
}

type Part = 'given' | 'any'

function readVersion(text: string): Version & { readonly given: readonly Part[] } {
  const match = pattern.exec(text.trim())
  if (match === null) throw invalid(text)
  const parts = [match[1], match[2], match[3]]
  return {
    numbers: parts.map((part) => (part !== undefined && /^\d/.test(part) ? Number(part) : 0)),
    given: parts
      .filter((part) => part !== undefined)
      .map((part) => (/^\d/.test(part) ? 'given' : 'any')),
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
  const isSame = isSamePart(version, wanted, exactParts(wanted.given))
  switch (operator) {
    case '=':
      return isSame && (exactParts(wanted.given) < 3 || order === 0)
    case '!=':
      return !(isSame && (exactParts(wanted.given) < 3 || order === 0))
    case '>':
      return exactParts(wanted.given) < 3 ? order > 0 && !isSame : order > 0
    case '<':
      return order < 0
    case '>=':
    case '=>':
      return order >= 0
    case '<=':
    case '=<':
      return order <= 0 || (exactParts(wanted.given) < 3 && isSame)
    case '~':
    case '~>':
      return order >= 0 && isSamePart(version, wanted, Math.min(exactParts(wanted.given), 2))
    default:
      return order >= 0 && isSamePart(version, wanted, caretParts(wanted))
  }
}

/** How many numbers a version has before the first that may be any. */
function exactParts(given: readonly Part[]): number {
  const first = given.indexOf('any')
  return first === -1 ? given.length : first
}

/** `^` keeps everything up to the first number that is not 0. */
function caretParts({ numbers, given }: ReturnType<typeof readVersion>): number {
  const first = numbers.findIndex((one) => one !== 0)
  return Math.min(first === -1 ? 3 : first + 1, exactParts(given))
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
