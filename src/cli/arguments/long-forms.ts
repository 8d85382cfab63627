import type { Command } from './command.ts'

/** Docker's long forms: `image ls` is `images`, `container rm` is `rm`. */
export const longForms: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  image: {
    build: 'build',
    history: 'history',
    import: 'import',
    inspect: 'inspect',
    list: 'images',
    load: 'load',
    ls: 'images',
    pull: 'pull',
    push: 'push',
    remove: 'rmi',
    rm: 'rmi',
    save: 'save',
    tag: 'tag',
  },
  container: {
    attach: 'attach',
    commit: 'commit',
    cp: 'cp',
    create: 'create',
    diff: 'diff',
    exec: 'exec',
    export: 'export',
    inspect: 'inspect',
    kill: 'kill',
    list: 'ps',
    logs: 'logs',
    ls: 'ps',
    pause: 'pause',
    port: 'port',
    ps: 'ps',
    remove: 'rm',
    rename: 'rename',
    restart: 'restart',
    rm: 'rm',
    run: 'run',
    start: 'start',
    stats: 'stats',
    stop: 'stop',
    top: 'top',
    unpause: 'unpause',
    update: 'update',
    wait: 'wait',
  },
  builder: { build: 'build' },
  system: { events: 'events', info: 'info' },
}

/** Rewrites a long form to the short one: `['image', 'ls', '-q']` to `['images', '-q']`. */
export function shorten(argv: readonly string[]): readonly string[] {
  const [typedFirst, second, ...rest] = argv
  const first = typedFirst === 'buildx' ? 'builder' : typedFirst
  const short = first && second ? longForms[first]?.[second] : undefined
  if (first === 'volume' || first === 'network') return [first, ...shortenVerb(second), ...rest]
  if (first === 'image' && second === 'umount') return [first, 'unmount', ...rest]
  if (short === undefined) return first === undefined ? argv : [first, ...argv.slice(1)]
  const typed = (first === 'image' || first === 'container') && short === 'inspect'
  return typed ? [short, '--type', first, ...rest] : [short, ...rest]
}

/** Groups whose verbs have no short form of their own: `volume list` is `volume ls`. */
function shortenVerb(verb: string | undefined): readonly string[] {
  if (verb === undefined) return []
  return [verb === 'list' ? 'ls' : verb === 'remove' ? 'rm' : verb]
}

/** Synonyms, which the help of a group omits. */
const synonyms = new Set(['list', 'remove'])

/** Adds the long forms of a group, such as `image ls`, to its help. */
export function addLongForms(command: Command): void {
  for (const [name, short] of Object.entries(longForms[command.name] ?? {})) {
    if (synonyms.has(name)) continue
    command.command(name).description(`the same as strake ${short}`)
  }
}
