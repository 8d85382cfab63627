import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'

/** `system dial-stdio`: how `docker -H ssh://HOST` reaches the API of another machine. */
export function defineDial(context: Context): Command {
  return new Command('dial-stdio')
    .description("Connect standard input and output to Docker's API")
    .notes(
      'docker -H ssh://HOST runs `docker system dial-stdio` on HOST. A link from docker to strake',
      'there is enough. Without a running server, the command serves its one connection itself.',
    )
    .examples("printf 'GET /_ping HTTP/1.0\\r\\n\\r\\n' | strake system dial-stdio")
    .action(async () => {
      const { dialStdio } = await import('#api/dial-stdio')
      await dialStdio(await context.engine(), context.signal)
    })
}
