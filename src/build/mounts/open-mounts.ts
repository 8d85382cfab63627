import type { RootMount } from '#runtime'
import type { RunOp } from '../model/graph.ts'
import type { RunMount, TmpfsMount } from '../model/mounts.ts'
import type { FileState } from '../model/state.ts'
import type { StepContext } from '../step/workspace.ts'
import { openBind } from './bind.ts'
import { openCache } from './cache.ts'
import type { MountContext } from './context.ts'
import { openSecret } from './secret.ts'
import { openAgent } from './ssh.ts'

/** The open mounts of a RUN. Disposing them releases everything. */
export interface OpenMounts extends AsyncDisposable {
  readonly mounts: readonly RootMount[]
  /** `NAME=value`. These replace variables of the Dockerfile. */
  readonly env: readonly string[]
  /** `NAME=value`. Variables of the Dockerfile replace these. */
  readonly usualEnv: readonly string[]
}

type Opened = Pick<OpenMounts, 'mounts'> & Partial<Pick<OpenMounts, 'env' | 'usualEnv'>>

/** Opens the mounts of a RUN. `directory` is for this step alone. */
export async function openMounts(
  op: RunOp,
  inputs: readonly FileState[],
  { context, directory }: { readonly context: StepContext; readonly directory: string },
): Promise<OpenMounts> {
  await using stack = new AsyncDisposableStack()
  const opened: Opened[] = []
  for (const mount of op.mounts ?? []) {
    opened.push(await open(mount, inputs, { ...context, directory, stack }))
  }
  const taken = stack.move()
  return {
    mounts: opened.flatMap((each) => each.mounts),
    env: opened.flatMap((each) => each.env ?? []),
    usualEnv: opened.flatMap((each) => each.usualEnv ?? []).slice(0, 1),
    [Symbol.asyncDispose]: () => taken.disposeAsync(),
  }
}

async function open(
  mount: RunMount,
  inputs: readonly FileState[],
  context: MountContext,
): Promise<Opened> {
  switch (mount.kind) {
    case 'bind':
      return { mounts: [await openBind(mount, inputs, context)] }
    case 'cache':
      return { mounts: [await openCache(mount, inputs, context)] }
    case 'tmpfs':
      return { mounts: [memory(mount)] }
    case 'secret':
      return openSecret(mount, context)
    case 'ssh': {
      const agent = await openAgent(mount, context)
      if (agent === undefined) return { mounts: [] }
      return { mounts: [agent], usualEnv: [`SSH_AUTH_SOCK=${mount.target}`] }
    }
  }
}

/** Programs can run from a tmpfs mount, as in Docker. */
function memory({ target, size }: TmpfsMount): RootMount {
  const options = ['exec', ...(size === undefined ? [] : [`size=${size}`])]
  return { type: 'tmpfs', source: 'tmpfs', destination: target, point: 'directory', options }
}
