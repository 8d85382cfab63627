import type { BuildRecord } from '#engine/history/history'

/** The document of `buildx history inspect`. Empty members are left out, as in buildx. */
export function buildRecordDocument(record: BuildRecord): object {
  const { startedAt, completedAt, steps, network, noCache } = record
  const pairs = (values: Readonly<Record<string, string>>): readonly object[] =>
    Object.entries(values)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([Name, Value]) => ({ Name, Value }))
  return {
    Name: record.name,
    Ref: record.id,
    ...present('Context', record.context),
    ...present('Dockerfile', record.dockerfile),
    ...present('Target', record.target),
    ...present('Platform', record.platforms),
    ...present('NamedContexts', pairs(record.contexts)),
    StartedAt: startedAt.toISOString(),
    CompletedAt: completedAt.toISOString(),
    // Nanoseconds, as in Go.
    Duration: (completedAt.getTime() - startedAt.getTime()) * 1e6,
    Status: record.status === 'error' ? 'failed' : record.status,
    ...(record.error !== undefined && { Error: { Message: record.error } }),
    NumCompletedSteps: steps.completed,
    NumTotalSteps: steps.total,
    NumCachedSteps: steps.cached,
    ...present('BuildArgs', pairs(record.buildArgs)),
    ...present('Labels', pairs(record.labels)),
    Config: { ...present('Network', network), ...(noCache && { NoCache: true }) },
    ...present(
      'Materials',
      record.materials.map(({ uri, digests }) => ({ URI: uri, Digests: digests })),
    ),
    ...present('Attachments', record.digest === undefined ? [] : [{ Digest: record.digest }]),
  }
}

/** The line of `buildx history ls --format json`. */
export function buildRecordLine(record: BuildRecord): object {
  const { id, name, status, steps, startedAt, completedAt } = record
  return {
    cached_steps: steps.cached,
    completed_at: completedAt.toISOString(),
    completed_steps: steps.completed,
    created_at: startedAt.toISOString(),
    name,
    ref: `default/default/${id}`,
    status: statusWord(status),
    total_steps: steps.total,
  }
}

/** The status as buildx writes it in a list. */
export function statusWord(status: BuildRecord['status']): string {
  return status === 'completed' ? 'Completed' : 'Error'
}

function present(name: string, value: string | readonly unknown[] | undefined): object {
  return value === undefined || value.length === 0 ? {} : { [name]: value }
}
