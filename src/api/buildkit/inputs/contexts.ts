import type { BuildRequest, Built, NamedContext } from '#engine/build/build'
import { GrpcError } from '#grpc'
import type { ContextSource } from '../options/sources.ts'
import type { PendingBuild } from '../pending-build.ts'
import { loadExclude } from './definition.ts'

/** The contexts of a build. Disposing them lets other builds use their directories. */
export interface OpenContexts extends AsyncDisposable {
  readonly context: BuildRequest['context']
  readonly contexts: ReadonlyMap<string, NamedContext>
}

/** Builds what another build uses. */
export type Evaluate = (input: PendingBuild) => Promise<Built>

/** Opens the contexts of a build. The files of a client travel when steps need them. */
export async function openContexts(
  pending: PendingBuild,
  evaluate: Evaluate,
): Promise<OpenContexts> {
  await using stack = new AsyncDisposableStack()
  const context = await openMain(pending, stack)
  const contexts = new Map<string, NamedContext>()
  for (const [name, source] of pending.sources.contexts) {
    contexts.set(name, await openNamed(name, source, { pending, stack, evaluate }))
  }
  const taken = stack.move()
  return { context, contexts, [Symbol.asyncDispose]: () => taken.disposeAsync() }
}

async function openMain(
  pending: PendingBuild,
  stack: AsyncDisposableStack,
): Promise<BuildRequest['context']> {
  const { context } = pending.sources
  if (context.kind === 'remote') return context.url
  if (context.kind === 'upload') {
    return { archive: pending.job.archive ?? pending.client.upload(context.path) }
  }
  const { name } = context
  const client = await pending.clientOf(name)
  const { path: directory } = stack.use(await client.keep(name, ''))
  const { exclude } = pending.definition
  const step = '[internal] load build context'
  return {
    directory,
    // The engine shows this step itself.
    receive: (paths) => receive(pending, { name, directory, paths, exclude, step }),
  }
}

interface OpenOptions {
  readonly pending: PendingBuild
  readonly stack: AsyncDisposableStack
  readonly evaluate: Evaluate
}

async function openNamed(
  name: string,
  source: ContextSource,
  { pending, stack, evaluate }: OpenOptions,
): Promise<NamedContext> {
  switch (source.kind) {
    case 'remote':
      return { kind: 'remote', url: source.url }
    case 'image':
      return { kind: 'image', reference: source.reference }
    case 'input': {
      const input = pending.inputs.get(source.name)
      if (input === undefined) {
        throw new GrpcError('INVALID_ARGUMENT', `Cannot use the context ${name}: it has no input`)
      }
      const { digest } = await evaluate(input)
      return { kind: 'image', reference: digest }
    }
    case 'layout':
      return {
        kind: 'layout',
        path: source.store,
        image: `@${source.digest}`,
        served: pending.client.layout(source.store, source.digest),
      }
    case 'local': {
      const client = await pending.clientOf(source.name)
      const key = `${name}-${source.sharedKey}`
      const { path } = stack.use(await client.keep(source.name, key))
      return { kind: 'directory', path, receive: () => receiveNamed(pending, name, source, path) }
    }
  }
}

async function receiveNamed(
  pending: PendingBuild,
  name: string,
  { name: directoryName }: Extract<ContextSource, { kind: 'local' }>,
  directory: string,
): Promise<void> {
  const { progress } = pending
  const exclude = await loadExclude(directoryName, `[context ${name}] load .dockerignore`, {
    ...pending,
    signal: pending.job.signal,
  })
  const step = `[context ${name}] load from client`
  await progress.step(step, () =>
    receive(pending, { name: directoryName, directory, paths: undefined, exclude, step }),
  )
}

interface Wanted {
  readonly name: string
  readonly directory: string
  readonly paths: readonly string[] | undefined
  readonly exclude: readonly string[]
  readonly step: string
}

async function receive(
  { progress, clientOf, job }: PendingBuild,
  { step, ...wanted }: Wanted,
): Promise<void> {
  const id = 'transferring context:'
  const client = await clientOf(wanted.name)
  let received = 0
  await client.receive({
    ...wanted,
    onProgress(current) {
      received = current
      progress.status({ step, id, current })
    },
    signal: job.signal,
  })
  progress.status({ step, id, current: received, done: true })
}
