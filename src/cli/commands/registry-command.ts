import { rowTypes } from '#docker/columns/row-types'
import { listRepositories, removeFromRegistry } from '#engine/registry/repositories'
import { serveRegistry } from '#engine/registry/serve'
import { Command } from '../arguments/command.ts'
import { collect, parsePort } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'
import { printListing } from '../format.ts'
import { formatSize } from '../render/units.ts'
import { defineCollect } from './registry-collect.ts'
import { defineTag } from './registry-tag.ts'

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
  const command = new Command('registry').description(
    'Serve a registry, and list or remove its repositories in the store',
  )
  command
    .command('serve')
    .description('Serve the OCI distribution API until interrupted')
    .option('--host <address>', 'address to listen on', {
      default: '127.0.0.1',
      empty: 'refused',
    })
    .option('-p, --port <port>', 'port to listen on; 0 for any free port', {
      read: parsePort,
      default: 5000,
    })
    .option('--storage <directory>', 'where repositories are stored; default: in the store', {
      empty: 'refused',
    })
    .option('--read-only', 'refuse pushes and deletes')
    .option('--sparse', 'accept indexes and images with missing parts')
    .option(
      '--allow-host <name>',
      'accept requests for this host name too (can be repeated)',
      collect,
    )
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
  command
    .command('ls')
    .description('List the repositories in the store')
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .examples('strake registry ls')
    .action(async ({ format }: { readonly format?: string }) => {
      const repositories = await listRepositories(await context.engine())
      const rows = repositories.flatMap(({ name, tags }) =>
        (tags.length === 0 ? ['<none>'] : tags).map((tag) => ({ Repository: name, Tag: tag })),
      )
      const columns = [
        { title: 'REPOSITORY', key: 'Repository' },
        { title: 'TAG', key: 'Tag' },
      ] as const
      await printListing(context.out, { type: rowTypes.repository, columns, rows }, format)
    })
  command
    .command('rm')
    .description('Remove repositories or single tags, and the content that nothing else uses')
    .argument('<repository[:tag]...>', 'with or without the address of the registry')
    .examples('strake registry rm app:1', 'strake registry rm localhost:5000/app')
    .action(async (names: readonly string[]) => {
      const engine = await context.engine()
      let freed = 0
      await forEachName(context, names, async (name) => {
        freed += await removeFromRegistry(engine, name)
        return `Removed: ${name}`
      })
      context.out.write(`Total reclaimed space: ${formatSize(freed)}\n`)
    })
  defineCollect(command, context)
  defineTag(command, context)
  return command
}
