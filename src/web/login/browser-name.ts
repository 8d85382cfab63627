/** In this order: most browsers also name those that they descend from. */
const programs: readonly (readonly [RegExp, string])[] = [
  [/Edg\/(\d+)/, 'Edge'],
  [/OPR\/(\d+)/, 'Opera'],
  [/Firefox\/(\d+)/, 'Firefox'],
  [/Chrome\/(\d+)/, 'Chrome'],
  [/Version\/(\d+)\S* (?:Mobile\/\S+ )?Safari\//, 'Safari'],
]

const systems: readonly (readonly [RegExp, string])[] = [
  [/Android/, 'Android'],
  [/iPhone|iPad/, 'iOS'],
  [/Windows/, 'Windows'],
  [/Mac OS X|Macintosh/, 'macOS'],
  [/Linux|X11/, 'Linux'],
]

/** Returns a name such as `Firefox 131 on Linux` for a `User-Agent` header. */
export function browserName(userAgent: string | null): string {
  const text = (userAgent ?? '').slice(0, 512)
  const system = systems.find(([pattern]) => pattern.test(text))?.[1]
  for (const [pattern, name] of programs) {
    const match = pattern.exec(text)
    if (match !== null) return `${name} ${match[1]}${system === undefined ? '' : ` on ${system}`}`
  }
  return 'Browser'
}
