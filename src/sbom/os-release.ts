/** The distribution of a tree: `debian` and `12`. */
export interface Distribution {
  readonly id: string
  readonly version: string | undefined
}

/** Reads `/etc/os-release`. Returns `undefined` for a text without an ID. */
export function readOsRelease(text: string): Distribution | undefined {
  const values = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^([A-Z_]+)=(.*)$/.exec(line.trim()) ?? []
    if (name !== undefined) values.set(name, value.replace(/^(["'])(.*)\1$/, '$2'))
  }
  const id = values.get('ID')
  if (id === undefined || !/^[a-z0-9._-]{1,100}$/.test(id)) return undefined
  const version = values.get('VERSION_ID')
  return { id, version: version === '' ? undefined : version }
}

export const osReleasePaths: readonly string[] = ['etc/os-release', 'usr/lib/os-release']
