import { parse } from '#dockerfile'

/** The secrets and agents that a build may ask its client for. */
export interface WantedNames {
  readonly secrets: readonly string[]
  readonly agents: readonly string[]
}

/**
 * Returns the IDs that a Dockerfile names, and those of passwords for the hosts in it and in `urls`.
 * A Dockerfile with mistakes is parsed as far as possible: the build reports them.
 */
export function wantedNames(text: string, urls: readonly string[]): WantedNames {
  const secrets = new Set<string>()
  const agents = new Set<string>()
  for (const { instructions } of parse(text).stages) {
    for (const instruction of instructions) {
      if (instruction.kind !== 'RUN') continue
      for (const { type, options } of instruction.mounts) {
        if (type === 'ssh') agents.add(options['id'] || 'default')
        if (type === 'secret') secrets.add(secretId(options))
      }
    }
  }
  const whole = [text, ...urls].join('\n')
  const hosts = new Set(Array.from(whole.matchAll(/https?:\/\/(?:[^/@\s]*@)?([\w.-]+)/g), hostOf))
  for (const host of [...hosts].slice(0, mostHosts)) {
    for (const kind of ['HTTP_AUTH_HEADER', 'HTTP_AUTH_TOKEN']) secrets.add(`${kind}_${host}`)
    for (const kind of ['GIT_AUTH_HEADER', 'GIT_AUTH_TOKEN']) secrets.add(`${kind}.${host}`)
  }
  if (hosts.size > 0) for (const name of ['GIT_AUTH_HEADER', 'GIT_AUTH_TOKEN']) secrets.add(name)
  // Repositories by SSH are read with the usual agent.
  if (/ssh:\/\/|\bgit@/.test(whole)) agents.add('default')
  return { secrets: [...secrets].filter((id) => id !== ''), agents: [...agents] }
}

/** The most hosts whose passwords are asked for. */
const mostHosts = 50

function hostOf([, host = '']: RegExpExecArray): string {
  return host
}

function secretId({ source, id, target, env }: Readonly<Record<string, string>>): string {
  return source || id || (target ?? env ?? '').split('/').at(-1) || ''
}
