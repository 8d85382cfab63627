import type { RegistryConfig } from './config.ts'
import type { Conflict } from './conflict.ts'

/** The longest time that timers of the runtime know, in milliseconds: longer ones end at once. */
const longest = 2_147_483_647

/** Returns the faults between keys about content. */
export function contentConflicts(config: RegistryConfig): readonly Conflict[] {
  return [...oddTimers(config), ...repeatedUpstreams(config), ...unclearQuotas(config)]
}

function oddTimers({ collect, limits }: RegistryConfig): readonly Conflict[] {
  const message = 'expected 1s to 24d'
  const isOdd = (time: number | undefined): boolean =>
    time !== undefined && (time < 1000 || time > longest)
  return [
    ...(isOdd(collect?.interval) ? [{ path: ['collect', 'interval'], message }] : []),
    ...(isOdd(limits?.bodySilence) ? [{ path: ['limits', 'bodySilence'], message }] : []),
  ]
}

function repeatedUpstreams({ proxy }: RegistryConfig): readonly Conflict[] {
  const names = (proxy?.upstreams ?? []).map(({ name }) => name)
  return names.flatMap((name, index) => {
    const path = ['proxy', 'upstreams', index, 'name']
    return names.indexOf(name) < index
      ? [{ path, message: 'an earlier upstream has the same' }]
      : []
  })
}

function unclearQuotas({ quotas = [] }: RegistryConfig): readonly Conflict[] {
  return quotas.flatMap(({ prefix, eachUser }, index) => {
    const message = 'a quota is either for a prefix or for each user'
    const isBoth = eachUser === true && prefix !== undefined
    return isBoth ? [{ path: ['quotas', index, 'eachUser'], message }] : []
  })
}
