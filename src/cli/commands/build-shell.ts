import { parseShellPlace } from '#docker/build/request'
import type { BuildRequest } from '#engine/build/build'
import { StrakeError } from '#oci'
import { isTerminal } from '#platform'
import type { Context } from '../context.ts'
import type { BuildRenderer } from '../render/build-renderer.ts'
import { printable } from '../render/text.ts'

/** Refuses a shell before the build starts if there is no terminal for it. Throws `INVALID`. */
export function requireTerminal({ out }: Pick<Context, 'out'>, flag: string): void {
  if (out.isTerminal && isTerminal(standardInput)) return
  throw new StrakeError(
    'INVALID',
    'Cannot open a shell: standard input and output must be a terminal',
    { remedy: `run the build in a terminal, or leave ${flag} out` },
  )
}

const standardInput = 0

/** Returns a function that gives the terminal to a shell. */
export function shellAnnouncer(
  { err }: Pick<Context, 'err'>,
  renderer: Pick<BuildRenderer, 'finish'>,
): NonNullable<BuildRequest['onShell']> {
  return (place, name) => {
    renderer.finish()
    err.write(`A shell ${place} ${printable(name)}; leave it with exit. Its changes are dropped.\n`)
  }
}

/** Opens a shell in a step of a stage, for `build --shell`. */
export async function openShell(
  context: Context,
  request: BuildRequest,
  { place, renderer }: { readonly place: string; readonly renderer: BuildRenderer },
): Promise<void> {
  const { buildShell } = await import('#engine/debug/shell')
  const shellAt = parseShellPlace(place)
  if (request.target !== undefined || (request.platforms?.length ?? 0) > 1) {
    throw new StrakeError(
      'INVALID',
      'Cannot open a shell: --shell names one stage of one platform',
      {
        remedy: 'leave --target out, and name one --platform',
      },
    )
  }
  const engine = await context.engine()
  const onShell = shellAnnouncer(context, renderer)
  const wanted = { ...request, emit: renderer.emit, signal: context.signal, onShell }
  await buildShell(engine, wanted, shellAt).finally(() => renderer.finish())
}
