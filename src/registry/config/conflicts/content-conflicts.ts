import type { RegistryConfig } from '../config.ts'
import type { Conflict } from './conflict.ts'

/** The longest time that timers of the runtime know, in milliseconds: longer ones end at once. */
const longest = 2_147_483_647

/** Returns the faults between keys about content. */
export function contentConflicts(config: RegistryConfig): readonly Conflict[] {
  return [
    ...oddTimers(config),
    ...repeatedUpstreams(config),
    ...openPasswords(config),
    ...unknownMirror(config),
    ...emptyKeeps(config),
    ...unclearQuotas(config),
  ]
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

/** A file that describes a server is copied and shown. */
function openPasswords({ proxy, storage }: RegistryConfig): readonly Conflict[] {
  const upstreams = (proxy?.upstreams ?? []).flatMap(({ url = '' }, index) => {
    if (!url.includes('@')) return []
    const host = url.replace(/^.*@/, '').replace(/\/$/, '')
    const message = `credentials must not be in the URL; the server uses those of strake login ${host}`
    return [{ path: ['proxy', 'upstreams', index, 'url'], message }]
  })
  if (!/^[a-z]+:\/\/[^/?#]*:[^/?#]*@/.test(storage?.database?.url ?? '')) return upstreams
  const message =
    'a password must not be in the URL; put the URL into the file of urlFile, or into STRAKE_REGISTRY_DATABASE'
  return [...upstreams, { path: ['storage', 'database', 'url'], message }]
}

function unknownMirror({ proxy }: RegistryConfig): readonly Conflict[] {
  const { mirror, upstreams = [] } = proxy ?? {}
  if (mirror === undefined || upstreams.some(({ name }) => name === mirror)) return []
  return [{ path: ['proxy', 'mirror'], message: 'no upstream of proxy.upstreams has this name' }]
}

/** A rule that keeps nothing removes every tag that it is about. */
function emptyKeeps({ retention = [] }: RegistryConfig): readonly Conflict[] {
  const message = 'expected newestPushed, newestPulled, pushedWithin or pulledWithin'
  return retention.flatMap(({ keep }, index) =>
    Object.keys(keep).length > 0 ? [] : [{ path: ['retention', index, 'keep'], message }],
  )
}

function unclearQuotas({ quotas = [] }: RegistryConfig): readonly Conflict[] {
  return quotas.flatMap(({ prefix, eachUser }, index) => {
    const message = 'a quota is either for a prefix or for each user'
    const isBoth = eachUser === true && prefix !== undefined
    return isBoth ? [{ path: ['quotas', index, 'eachUser'], message }] : []
  })
}
