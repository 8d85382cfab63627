import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { findCompose, runClient } from './compose-program.ts'
import { describeRequest, surviveFailures } from './system-failures.ts'

/** `compose`: the installed Compose, with a server of its own for as long as it runs. */
export function define(context: Context): Command {
  return new Command('compose')
    .description('Run the installed Compose over this store')
    .argument('[words...]', 'the command line of Compose')
    .passThroughAll()
    .notes(
      'Needs docker-compose, or the plugin of the Docker CLI. Compose reaches this store over a',
      'socket that exists as long as the command runs. `strake compose help` shows its commands.',
    )
    .examples('strake compose up --detach --wait', 'strake compose down')
    .action(async (words: readonly string[]) => {
      const compose = findCompose()
      const { servePrivately } = await import('#api/private-server')
      const end = new AbortController()
      context.leaveSignals()
      surviveFailures(context.err)
      await using server = await servePrivately(await context.engine(), {
        signal: end.signal,
        onFailure: (error, request) => {
          if (context.debug) context.err.write(describeRequest(error, request))
        },
      })
      context.exitCode = await runClient([compose, ...words], server.socket)
      end.abort()
    })
}
