import type { AgentSource, SecretSource } from '#engine/build/build'
import type { PendingBuild } from '../pending-build.ts'
import { wantedNames } from './wanted-names.ts'

/** Asks the client for the secrets that the build may use. Absent ones are left out. */
export async function readSecrets(pending: PendingBuild): Promise<readonly SecretSource[]> {
  const { secrets } = wantedNames(...textsOf(pending))
  const found = await Promise.all(
    secrets.map(async (id) => ({ id, value: await pending.client.secret(id) })),
  )
  return found.filter(({ value }) => value !== undefined)
}

/** The sockets of the agents of the client, while a build runs. */
export interface OpenAgents extends AsyncDisposable {
  readonly sources: readonly AgentSource[]
}

export async function openAgents(pending: PendingBuild): Promise<OpenAgents> {
  const { client } = pending
  await using stack = new AsyncDisposableStack()
  const sources: AgentSource[] = []
  for (const id of wantedNames(...textsOf(pending)).agents) {
    const agent = stack.use(await client.openAgent(id))
    // The client filters the requests itself.
    if (agent !== undefined) sources.push({ id, paths: [agent.path], isRaw: true })
  }
  const taken = stack.move()
  return { sources, [Symbol.asyncDispose]: () => taken.disposeAsync() }
}

function textsOf({ definition, sources }: PendingBuild): [string, readonly string[]] {
  const { dockerfile } = definition
  const { context, contexts } = sources
  const urls = [context, ...contexts.values()].flatMap((each) =>
    each.kind === 'remote' ? [each.url] : [],
  )
  return [typeof dockerfile === 'object' ? dockerfile.text : '', urls]
}
