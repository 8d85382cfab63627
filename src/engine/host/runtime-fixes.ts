interface Fix {
  readonly cve: string
  /** First fixed version of each release line, oldest line first. */
  readonly since: readonly string[]
  /** The first version with the hole. Default: all before the fix. */
  readonly from?: string
}

const fixes: Readonly<Record<string, readonly Fix[]>> = {
  runc: [
    { cve: 'CVE-2019-5736', since: ['1.0.0-rc.7'] },
    { cve: 'CVE-2021-30465 (mounts through links)', since: ['1.0.0-rc.95'] },
    { cve: 'CVE-2022-29162 (inheritable capabilities)', since: ['1.1.2'] },
    { cve: 'CVE-2023-27561 and -28642 (masked paths)', since: ['1.1.5'] },
    { cve: 'CVE-2024-21626 (leaked descriptors)', since: ['1.1.12'] },
    { cve: 'CVE-2024-45310 (empty files on the host)', since: ['1.1.14', '1.2.0-rc.3'] },
    {
      cve: 'CVE-2025-31133, -52565 and -52881 (masked paths and console)',
      since: ['1.2.8', '1.3.3', '1.4.0-rc.3'],
    },
  ],
  crun: [
    { cve: 'CVE-2019-5736', since: ['0.10.6'] },
    { cve: 'CVE-2022-27650 (inheritable capabilities)', since: ['1.4.4'] },
    { cve: 'CVE-2025-24965 (files of the host, with krun)', since: ['1.20'] },
    { cve: 'CVE-2026-30892 (crun exec with user 1 is root)', since: ['1.27'], from: '1.19' },
  ],
  youki: [
    { cve: 'CVE-2025-27612 (inheritable capabilities)', since: ['0.5.3'] },
    { cve: 'CVE-2025-54867 (mounts through links)', since: ['0.5.5'] },
    { cve: 'CVE-2025-62161 and -62596 (masked paths)', since: ['0.5.7'] },
  ],
}

/** Returns known holes of a runtime of this version. Its distribution may have backported a fix. */
export function missingFixes(name: string, version: string): readonly string[] {
  const holes = (fixes[name] ?? []).filter(
    ({ since, from }) =>
      !isFixed(version, since) && (from === undefined || compare(version, from) >= 0),
  )
  return holes.map(({ cve }) => cve)
}

/** True for a version at or after the fix of its own line, and for a line after every named one. */
function isFixed(version: string, since: readonly string[]): boolean {
  const own = since.find((fixed) => line(fixed) === line(version))
  if (own !== undefined) return compare(version, own) >= 0
  const newest = since.at(-1) ?? '0'
  return compare(version, newest) >= 0
}

/** A release line: its first two numbers. */
function line(version: string): string {
  return version.split('.').slice(0, 2).join('.')
}

/** A candidate such as `1.3.0-rc.1` or Debian's `1.3.0~rc1` comes before its release. */
function compare(one: string, other: string): number {
  const [a, b] = [parts(one), parts(other)]
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** The three numbers of a release and the number of its candidate. The release counts as the last one. */
function parts(version: string): readonly number[] {
  const [, numbers = '', candidate] = /^v?([\d.]+)(?:[-~.]?rc[-.]?(\d+))?/.exec(version) ?? []
  const [major = 0, minor = 0, patch = 0] = numbers.split('.').map(Number)
  return [major, minor, patch, Number(candidate ?? Number.MAX_SAFE_INTEGER)]
}
