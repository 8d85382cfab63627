import { serveRegistry } from '#engine/registry/serve'
import { Command } from '../arguments/command.ts'
import { collect, parseWhole } from '../arguments/values.ts'
import type { Context } from '../context.ts'

interface Options {
  readonly host: string
  readonly port: number
  readonly storage?: string
  readonly readOnly?: true
  readonly sparse?: true
  readonly allowHost?: readonly string[]
  readonly accessLog?: true
}

export function define(context: Context): Command {
  const command = new Command('registry').description('Serve a registry')
  command
    .command('serve')
    .description('Serve the OCI distribution API until interrupted')
    .option('--host <address>', 'address to listen on', {
      default: '127.0.0.1',
      empty: 'refused',
    })
    .option('-p, --port <port>', 'port to listen on; 0 picks one', {
      read: parseWhole,
      default: 5000,
    })
    .option('--storage <directory>', 'where repositories are kept; in the store unless given', {
      empty: 'refused',
    })
    .option('--read-only', 'refuse pushes and deletes')
    .option('--sparse', 'accept indexes and images of which some parts are missing')
    .option('--allow-host <name>', 'answer to this host name too (can be repeated)', collect)
    .option('--access-log', 'write a line of JSON to standard error for every request')
    .examples(
      'strake registry serve --port 5000 &',
      'strake tag app localhost:5000/app && strake push localhost:5000/app',
    )
    .action(async (options: Options) => {
      await using server = await serveRegistry(await context.engine(), {
        hostname: options.host,
        port: options.port,
        storage: options.storage,
        readOnly: options.readOnly,
        sparse: options.sparse,
        allowedHosts: options.allowHost,
        onRequest:
          options.accessLog && ((entry) => context.err.write(`${JSON.stringify(entry)}\n`)),
      })
      context.out.write(`Serving ${server.storage} on ${server.url}\n`)
      await new Promise<void>((resolve) => {
        if (context.signal.aborted) resolve()
        context.signal.addEventListener('abort', () => resolve())
      })
    })
  return command
}
