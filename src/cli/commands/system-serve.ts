import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'

interface Options {
  readonly host?: string
}

/** `system serve`: Docker's API, for programs that speak to a socket. */
export function defineServe(context: Context): Command {
  return new Command('serve')
    .description("Serve Docker's Engine API until interrupted")
    .option('-H, --host <address>', 'unix:///PATH; default: docker.sock in $STRAKE_RUN', {
      empty: 'refused',
    })
    .notes('Everyone who can write to the socket can become root on this machine.')
    .examples('strake system serve &', 'DOCKER_HOST=unix:///run/strake/docker.sock docker ps')
    .action(async ({ host }: Options) => {
      const { parseApiAddress, serveEngine } = await import('#api/serve')
      const { signal } = context
      await using server = await serveEngine(await context.engine(), {
        ...(host === undefined ? {} : parseApiAddress(host)),
        signal,
        onFailure: (error, { method, url }) => {
          const reason = error instanceof Error ? error.message : String(error)
          context.err.write(`${method} ${new URL(url).pathname}: ${reason}\n`)
        },
      })
      context.out.write(`Serving Docker's API on ${server.address}\n`)
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve()
        signal.addEventListener('abort', () => resolve())
      })
    })
}
