import type { Emit } from '#stream'
import type { Context } from '../context.ts'
import { renderTransfers } from './transfers.ts'

/**
 * Shows a pull that `run` or `create` may need. Standard output stays the
 * container's, and in a pipe standard error does too unless something is fetched.
 */
export function pullRenderer({ err }: Context, quiet: boolean): { emit: Emit; finish(): void } {
  if (quiet) return { emit() {}, finish() {} }
  const renderer = renderTransfers(err)
  return {
    emit(event) {
      const isLocal = event.type === 'transfer' && event.action === 'unpack'
      if (err.canRedraw || !isLocal) renderer.emit(event)
    },
    finish: renderer.finish,
  }
}
