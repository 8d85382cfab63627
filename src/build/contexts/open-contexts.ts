import { cleanPath } from '#dockerfile'
import { StrakeError } from '#oci'
import type { BuildContext } from '../files/build-context.ts'
import type { NamedContext, NamedContexts } from '../model/contexts.ts'
import { inDependencyOrder, mainContext, type Vertex } from '../model/graph.ts'
import type { BuildOptions } from '../options.ts'
import { allowDirectory } from '../source/allowed.ts'
import {
  type ContextPlaces,
  type ContextRoot,
  openDirectoryRoot,
  openRemoteRoot,
} from './context-root.ts'
import { readIgnoreFile } from './definition.ts'
import { openBuildContext } from './open-context.ts'
import type { RemoteOptions } from './remote-context.ts'

export interface OpenContextsOptions {
  readonly contexts: NamedContexts
  readonly places: ContextPlaces
  readonly remote: Omit<RemoteOptions, 'directory'>
  /** Directory of cache files. */
  readonly cacheFiles: string
  /** The opened contexts by key, so that each is transferred once. */
  readonly roots: Map<string, Promise<ContextRoot>>
}

/** Opens the named contexts whose files `targets` use. `stack` closes them. */
export async function openNamedContexts(
  targets: readonly Vertex[],
  stack: DisposableStack,
  options: OpenContextsOptions,
): Promise<Map<string, BuildContext>> {
  const opened = new Map<string, BuildContext>()
  for (const key of namesOf(targets)) {
    const context = options.contexts.get(key)
    if (context === undefined) continue
    const root = await rootOf(key, context, options)
    const ignore = root.kind === 'directory' ? await readIgnoreFile(root) : undefined
    const name = `the build context ${key}`
    opened.set(
      key,
      stack.use(openBuildContext(root, { name, ignore, cacheFiles: options.cacheFiles })),
    )
  }
  return opened
}

/** Lets the client send the files of the main context that `targets` use, if there are any. */
export async function receiveMainContext(
  context: BuildOptions['context'],
  targets: readonly Vertex[],
): Promise<void> {
  if (typeof context !== 'object' || !('receive' in context)) return
  const sources = inDependencyOrder(...targets).flatMap(({ op }) =>
    op.kind === 'copy' && 'context' in op.from && op.from.context === mainContext ? op.sources : [],
  )
  const paths = sources.flatMap((source) => (source.kind === 'path' ? [source.path] : []))
  if (paths.length === 0) return
  const isWhole = paths.some((path) => cleanPath(`/${path}`) === '/')
  await context.receive(isWhole ? undefined : [...new Set(paths)])
}

/** The names of the contexts of files, without that of the main context. */
function namesOf(targets: readonly Vertex[]): ReadonlySet<string> {
  const names = new Set<string>()
  for (const { op } of inDependencyOrder(...targets)) {
    if (op.kind === 'copy' && 'context' in op.from) names.add(op.from.context)
  }
  names.delete(mainContext)
  return names
}

/** Opens a context of files, or returns the opened one. */
export function rootOf(
  key: string,
  context: NamedContext,
  options: Omit<OpenContextsOptions, 'cacheFiles'>,
): Promise<ContextRoot> {
  const opened = options.roots.get(key) ?? openRoot(key, context, options)
  options.roots.set(key, opened)
  return opened
}

async function openRoot(
  key: string,
  context: NamedContext,
  { places, remote }: Omit<OpenContextsOptions, 'cacheFiles'>,
): Promise<ContextRoot> {
  if (context.kind === 'directory') {
    allowDirectory(key, remote.sourcePolicy)
    await context.receive?.()
    return await openDirectoryRoot(context.path)
  }
  if (context.kind !== 'remote') throw new RangeError(`The context ${key} is an image`)
  const root = await openRemoteRoot(context.url, places, remote)
  if (root.kind !== 'nothing') return root
  throw new StrakeError('INVALID', `Cannot use ${root.project} as ${key}: it is not an archive`, {
    remedy: 'name an archive, a git repository or a directory',
  })
}
