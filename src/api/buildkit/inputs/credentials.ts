import type { AgentSource, SecretSource } from '#engine/build/build'
import type { PendingBuild } from '../pending-build.ts'
import type { BuildClient } from './build-client.ts'
import { wantedNames } from './wanted-names.ts'

/** Asks the client for the secrets that the build may use. Absent ones are left out. */
export async function readSecrets(pending: PendingBuild): Promise<readonly SecretSource[]> {
  const [text, urls] = textsOf(pending)
  return await secretsFor(pending.client, { text, urls })
}

/** Asks for the secrets that a Dockerfile and the hosts in it and in URLs may need. */
export async function secretsFor(
  client: BuildClient,
  { text, urls }: { readonly text: string; readonly urls: readonly string[] },
): Promise<readonly SecretSource[]> {
  const { secrets } = wantedNames(text, urls)
  const found = await Promise.all(
    secrets.map(async (id) => ({ id, value: await client.secret(id) })),
  )
  return found.filter(({ value }) => value !== undefined)
}

/** The sockets of the agents of the client, while a build runs. */
export interface OpenAgents extends AsyncDisposable {
  readonly sources: readonly AgentSource[]
}

export async function openAgents(pending: PendingBuild): Promise<OpenAgents> {
  const [text, urls] = textsOf(pending)
  return await agentsFor(pending.client, { text, urls })
}

/** Opens the agents that a Dockerfile names, and that repositories in it and in URLs need. */
export async function agentsFor(
  client: BuildClient,
  { text, urls }: { readonly text: string; readonly urls: readonly string[] },
): Promise<OpenAgents> {
  await using stack = new AsyncDisposableStack()
  const sources: AgentSource[] = []
  for (const id of wantedNames(text, urls).agents) {
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
