import type { Emit } from '#stream'
import type { Context } from '../context.ts'
import { renderTransfers } from './transfers.ts'

/**
 * Shows a pull that `run` or `create` may need. It prints to standard error only,
 * and in a pipe only when something is downloaded.
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
