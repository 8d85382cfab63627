import { StrakeError } from '#oci'

/** Returns the mode of a file after `--chmod`. */
export type ModeChange = (mode: number, isDirectory: boolean) => number

/**
 * Reads `--chmod`: octal (`644`, `0755`) or symbolic (`u=rwX,go=rX`, `+x`). An
 * omitted user means `a`. Throws `INVALID`.
 */
export function parseModeChange(text: string): ModeChange {
  if (isOctal(text)) {
    const mode = Number.parseInt(text, 8)
    return () => mode
  }
  const clauses = text.split(',').map(parseClause)
  if (clauses.some((clause) => clause === undefined)) {
    throw new StrakeError(
      'INVALID',
      `Cannot use --chmod=${text}: it is neither an octal mode up to 7777 nor a symbolic one`,
      { remedy: 'write for example --chmod=755 or --chmod=u=rwX,go=rX' },
    )
  }
  return (mode, isDirectory) =>
    clauses.reduce((changed, clause) => clause?.(changed, isDirectory) ?? changed, mode)
}

/**
 * Returns the mode of directories that a copy makes, as in Docker: the permission
 * bits of an octal `--chmod`, or `undefined` for a symbolic one.
 */
export function madeDirectoryMode(text: string): number | undefined {
  return isOctal(text) ? Number.parseInt(text, 8) & 0o777 : undefined
}

function isOctal(text: string): boolean {
  return /^[0-7]{1,5}$/.test(text) && Number.parseInt(text, 8) <= 0o7777
}

const allClasses = 'ugo'
const shift: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 }

/** Parses `[ugoa]*([-+=]([rwxXst]*|[ugo]))+`, the syntax of chmod(1). */
function parseClause(clause: string): ModeChange | undefined {
  const match = /^([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$/.exec(clause)
  if (match === null) return undefined
  const [, who = '', actions = ''] = match
  const classes = who === '' || who.includes('a') ? allClasses : who
  const changes = [...actions.matchAll(/([-+=])([rwxXst]+|[ugo])?/g)].map(
    ([, operator = '', permissions = '']) => changeOf(classes, operator, permissions),
  )
  return (mode, isDirectory) => changes.reduce((now, change) => change(now, isDirectory), mode)
}

function changeOf(classes: string, operator: string, permissions: string): ModeChange {
  return (mode, isDirectory) => {
    let bits = 0
    let covered = 0
    for (const name of classes) {
      const at = shift[name] ?? 0
      bits |= classBits(permissions, mode, isDirectory) << at
      covered |= 0o7 << at
      if (name === 'u') covered |= 0o4000
      if (name === 'g') covered |= 0o2000
      if (permissions.includes('s') && name === 'u') bits |= 0o4000
      if (permissions.includes('s') && name === 'g') bits |= 0o2000
    }
    if (permissions.includes('t')) bits |= 0o1000
    if (classes === allClasses) covered |= 0o1000
    if (operator === '+') return mode | bits
    return operator === '-' ? mode & ~bits : (mode & ~covered) | bits
  }
}

function classBits(permissions: string, mode: number, isDirectory: boolean): number {
  if (/^[ugo]$/.test(permissions)) return (mode >> (shift[permissions] ?? 0)) & 0o7
  let bits = 0
  if (permissions.includes('r')) bits |= 0o4
  if (permissions.includes('w')) bits |= 0o2
  if (permissions.includes('x')) bits |= 0o1
  // X sets x only on directories and on files that have an x.
  if (permissions.includes('X') && (isDirectory || (mode & 0o111) !== 0)) bits |= 0o1
  return bits
}
