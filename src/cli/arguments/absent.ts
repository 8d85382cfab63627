/** Commands of Docker that strake lacks, and what does the same today; empty where nothing does. */
const absent: Readonly<Record<string, string>> = {
  commit: 'strake export NAME | strake import - IMAGE',
  compose: '',
  config: '',
  context: 'strake --root DIR, which is another store',
  cp: 'strake exec NAME tar c PATH | tar x',
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

/** What to do instead of a command that only Docker has; `undefined` for a word it does not know either. */
export function findSubstitute(name: string): string | undefined {
  return Object.hasOwn(absent, name) ? absent[name] : undefined
}
