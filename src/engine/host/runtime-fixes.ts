interface Fix {
  readonly cve: string
  /** First fixed version of each release line, oldest line first. */
  readonly since: readonly string[]
}

const fixes: Readonly<Record<'crun' | 'runc', readonly Fix[]>> = {
  runc: [
    { cve: 'CVE-2019-5736', since: ['1.0.0'] },
    { cve: 'CVE-2024-21626 (leaked descriptors)', since: ['1.1.12'] },
    {
      cve: 'CVE-2025-31133, -52565 and -52881 (masked paths and console)',
      since: ['1.2.8', '1.3.3', '1.4.0'],
    },
  ],
  crun: [{ cve: 'CVE-2019-5736', since: ['0.10.6'] }],
}

/** Returns known holes of a runtime of this version. Its distribution may have backported a fix. */
export function missingFixes(name: 'crun' | 'runc', version: string): readonly string[] {
  return fixes[name].filter(({ since }) => !isFixed(version, since)).map(({ cve }) => cve)
}

/** True for a version at or after the fix of its own line, and for a line after every named one. */
function isFixed(version: string, since: readonly string[]): boolean {
  const own = since.find((fixed) => line(fixed) === line(version))
  if (own !== undefined) return compare(version, own) >= 0
  const newest = since.at(-1) ?? '0'
  return compare(version, newest) >= 0
}

function line(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}

function compare(one: string, other: string): number {
  const parts = (text: string): number[] => (text.match(/\d+/g) ?? []).slice(0, 3).map(Number)
  const [a, b] = [parts(one), parts(other)]
  for (let index = 0; index < 3; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
