/** Commands of Docker that strake lacks, each with a replacement; empty if there is none. */
const absent: Readonly<Record<string, string>> = {
  checkpoint: '',
  config: '',
  context: 'strake --root DIR, which is another store',
  manifest: '',
  node: '',
  plugin: '',
  secret: '',
  service: '',
  stack: '',
  swarm: '',
  trust: '',
}

/** Returns the replacement for a command that only Docker has; `undefined` for an unknown word. */
export function findSubstitute(name: string): string | undefined {
  return Object.hasOwn(absent, name) ? absent[name] : undefined
}

/** Options of Docker that strake lacks. For these, a name that is spelt like them is no help. */
const absentOptions: ReadonlySet<string> = new Set([
  '--cache-from',
  '--details',
  '--link',
  '--network-alias',
  '--squash',
])

/** Returns whether only Docker has this option. */
export function isAbsentOption(flag: string): boolean {
  return absentOptions.has(flag)
}
