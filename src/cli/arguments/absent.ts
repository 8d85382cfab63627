/** Commands of Docker that strake lacks, each with a replacement; empty if there is none. */
const absent: Readonly<Record<string, string>> = {
  commit: 'strake export NAME | strake import - IMAGE',
  compose: '',
  config: '',
  context: 'strake --root DIR, which is another store',
  diff: '',
  events: '',
  manifest: '',
  network: 'strake run --network bridge, host or none',
  node: '',
  plugin: '',
  port: 'strake ps, which lists published ports',
  rename: '',
  search: '',
  secret: '',
  service: '',
  stack: '',
  stats: '',
  swarm: '',
  top: 'strake exec NAME ps',
  update: '',
  volume: 'strake run -v NAME:/path, which makes the volume',
}

/** Returns the replacement for a command that only Docker has; `undefined` for an unknown word. */
export function findSubstitute(name: string): string | undefined {
  return Object.hasOwn(absent, name) ? absent[name] : undefined
}
