import type { BuildParameters } from '../model/provenance.ts'

/** The options of a build under BuildKit's names, and whether all are there. */
export interface RequestArguments {
  readonly args: Readonly<Record<string, string>>
  readonly isComplete: boolean
}

/** Build arguments and labels may have private values, so they are there only on request. */
export function requestArguments(
  parameters: BuildParameters,
  withValues: boolean,
): RequestArguments {
  const { buildArgs, labels, contexts, network, runSettings = {}, noCacheStages } = parameters
  const { hosts = [], rlimits = [], shmSize } = runSettings
  const values = [
    ...Object.entries(buildArgs).map(([name, value]) => [`build-arg:${name}`, value]),
    ...Object.entries(labels).map(([name, value]) => [`label:${name}`, value]),
  ]
  const others = [
    ...Object.entries(contexts).map(([name, source]) => [`context:${name}`, source]),
    ...(hosts.length > 0 ? [['add-hosts', hosts.map((h) => `${h.name}=${h.ip}`).join(',')]] : []),
    ...(network === 'default' ? [] : [['force-network-mode', network]]),
    ...(parameters.noCache ? [['no-cache', '']] : []),
    ...(!parameters.noCache && noCacheStages.length > 0
      ? [['no-cache', noCacheStages.join(',')]]
      : []),
    ...(shmSize === undefined ? [] : [['shm-size', String(shmSize)]]),
    ...(parameters.target === undefined ? [] : [['target', parameters.target]]),
    ...(rlimits.length > 0 ? [['ulimit', rlimits.map(formatLimit).join(',')]] : []),
  ]
  const all = [...(withValues ? values : []), ...others]
  const sorted = all.toSorted(([a = ''], [b = '']) => (a < b ? -1 : 1))
  return { args: Object.fromEntries(sorted), isComplete: withValues || values.length === 0 }
}

type Limit = NonNullable<NonNullable<BuildParameters['runSettings']>['rlimits']>[number]

function formatLimit({ type, soft, hard }: Limit): string {
  return `${type.replace(/^RLIMIT_/, '').toLowerCase()}=${soft}:${hard}`
}
