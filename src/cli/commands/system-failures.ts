import type { Output } from '../render/output.ts'

/**
 * Keeps a server running when a promise that nobody awaits fails: it is the failure of one request,
 * which is reported. Everything that lasts is in the store, so there is no state to lose.
 */
export function surviveFailures(err: Output): void {
  const report = (error: unknown): void => err.write(describeProblem(error))
  process.on('unhandledRejection', report)
  process.on('uncaughtException', report)
}

/** Describes the failure of one request in one line, whatever the client has sent. */
export function describeRequest(error: unknown, { method, url }: Request): string {
  return oneLine(`${method} ${new URL(url).pathname}: ${messageOf(error)}`)
}

/** Describes a failure that belongs to no request, with the place in the program. */
function describeProblem(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return oneLine(
    `a request failed: ${messageOf(error)} (${stack.split('\n').slice(1, 3).join(' ')})`,
  )
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** Control characters would write lines of their own into the journal. */
function oneLine(text: string): string {
  return `${text.replaceAll(/[\0-\x1f\x7f-\x9f]+/g, ' ').slice(0, 2000)}\n`
}
