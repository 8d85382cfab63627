import type { RunConfig } from '#oci'

/** Changes of the configuration of an image after the last step. */
export interface ConfigEdits {
  readonly env: ReadonlyMap<string, string>
  readonly removedEnv: readonly string[]
  readonly removedLabels: readonly string[]
}

/** Labels of the user replace labels of the Dockerfile, and edits are made last. */
export function editConfig(
  config: RunConfig,
  labels: Readonly<Record<string, string>> = {},
  edits?: ConfigEdits,
): RunConfig {
  const labelled =
    Object.keys(labels).length === 0
      ? config
      : { ...config, Labels: { ...config.Labels, ...labels } }
  if (edits === undefined) return labelled
  const { env, removedEnv, removedLabels } = edits
  const changed = { ...labelled }
  if (env.size + removedEnv.length > 0) {
    const lines = (config.Env ?? []).map((line) => [line.split('=', 1)[0] ?? '', line] as const)
    const all = new Map([
      ...lines,
      ...[...env].map(([name, value]) => [name, `${name}=${value}`] as const),
    ])
    for (const name of removedEnv) all.delete(name)
    changed.Env = [...all.values()]
  }
  if (removedLabels.length > 0) {
    const kept = Object.entries(labelled.Labels ?? {}).filter(
      ([key]) => !removedLabels.includes(key),
    )
    changed.Labels = Object.fromEntries(kept)
  }
  return changed
}
