import { resolve } from 'node:path'
import { rowTypes } from '#docker/columns/row-types'
import { listRepositories, removeFromRegistry } from '#engine/registry/repositories'
import type { RegistryOverrides } from '#engine/registry/serve-configured'
import { StrakeError } from '#oci'
import type { UpstreamConfig } from '#registry/config/content-config'
import { Command } from '../arguments/command.ts'
import { collect, parsePort } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'
import { printListing } from '../format.ts'
import { formatSize } from '../render/units.ts'
import { defineBackup } from './registry-backup.ts'
import { addRegistryCache } from './registry-cache.ts'
import { defineCheck } from './registry-check.ts'
import { defineCollect } from './registry-collect.ts'
import { addRegistryConfig } from './registry-config.ts'
import { defineTag } from './registry-tag.ts'
import { addRegistryTokens } from './registry-token.ts'
import { addRegistryUsers } from './registry-user.ts'

interface Options {
  readonly config?: string
  readonly host?: string
  readonly port?: number
  readonly storage?: string
  readonly readOnly?: true
  readonly sparse?: true
  readonly proxy?: readonly UpstreamConfig[]
  readonly mirror?: string
  readonly allowHost?: readonly string[]
  readonly accessLog?: true
  readonly auditLog?: string
  readonly anonymousPull?: true
  readonly open?: true
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsClientCa?: string
}

export function define(context: Context): Command {
  const command = new Command('registry').description(
    'Serve a registry, its users and rules, and list or remove its repositories in the store',
  )
  command.addCommand(defineServe(context))
  addRegistryUsers(command, context)
  addRegistryTokens(command, context)
  addRegistryCache(command, context)
  addRegistryConfig(command, context)
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
  defineBackup(command, context)
  defineCheck(command, context)
  defineCollect(command, context)
  defineTag(command, context)
  return command
}

function defineServe(context: Context): Command {
  return new Command('serve')
    .description('Serve the OCI distribution API until interrupted')
    .option('--config <file>', 'read all settings from a file; other options replace them', {
      empty: 'refused',
    })
    .option('--host <address>', 'address to listen on; default: 127.0.0.1', { empty: 'refused' })
    .option('-p, --port <port>', 'port to listen on; 0 for any free port; default: 5000', parsePort)
    .option('--storage <directory>', 'where repositories are stored; default: in the store', {
      empty: 'refused',
    })
    .option('--read-only', 'refuse pushes and deletes')
    .option('--sparse', 'accept indexes and images with missing parts')
    .option(
      '--proxy <[name=]host>',
      'cache this registry below its name, or below another (can be repeated)',
      readProxies,
    )
    .option('--mirror <name>', 'ask this cached registry for names without a prefix', {
      empty: 'refused',
    })
    .option('--anonymous-pull', 'let everybody pull, and only users push')
    .option('--open', 'serve everybody who reaches a public address, without users')
    .option(
      '--allow-host <name>',
      'accept requests for this host name too (can be repeated)',
      collect,
    )
    .option('--tls-cert <file>', 'serve over HTTPS with this certificate and its chain', {
      empty: 'refused',
    })
    .option('--tls-key <file>', 'the key of the certificate', { empty: 'refused' })
    .option(
      '--tls-client-ca <file>',
      'serve only clients with a certificate of these authorities',
      {
        empty: 'refused',
      },
    )
    .option('--access-log', 'write a line of JSON to standard error for every request')
    .option(
      '--audit-log <file>',
      'append a line of JSON for every push, pull, delete and refusal',
      {
        empty: 'refused',
      },
    )
    .examples(
      'strake registry serve --port 5000 &',
      'strake tag app localhost:5000/app && strake push localhost:5000/app',
      'strake registry serve --proxy docker.io --proxy ghcr.io --mirror docker.io',
    )
    .action(async (options: Options) => {
      const { config, storage, anonymousPull, open } = options
      const { serveConfiguredRegistry } = await import('#engine/registry/serve-configured')
      await using server = await serveConfiguredRegistry(() => context.engine(), {
        config,
        storage,
        anonymousPull,
        isOpen: open,
        overrides: overridesOf(options),
        writeLine: (line) => context.err.write(line),
        warn: (sentence) => context.err.write(`WARN: ${sentence}\n`),
      })
      context.out.write(`Serving ${server.storage} on ${server.url}\n`)
      await new Promise<void>((resolve) => {
        if (context.signal.aborted) resolve()
        context.signal.addEventListener('abort', () => resolve())
      })
    })
}

/** Returns the values of options, which replace those of the file. */
function overridesOf(options: Options): RegistryOverrides {
  const { host, port, allowHost: allowHosts, readOnly, sparse, accessLog, auditLog } = options
  const { tlsCert, tlsKey, tlsClientCa } = options
  return {
    listen: { host, port, allowHosts },
    tls: { cert: absolute(tlsCert), key: absolute(tlsKey), clientCa: absolute(tlsClientCa) },
    storage: { readOnly, sparse },
    proxy: { upstreams: options.proxy, mirror: options.mirror },
    log: {
      access: accessLog && 'stderr',
      audit: absolute(auditLog),
    },
  }
}

/** Reads `ghcr.io`, `hub=docker.io` or `lab=http://registry.lab:5000`. */
function readProxies(
  text: string,
  earlier: readonly UpstreamConfig[] = [],
): readonly UpstreamConfig[] {
  const [, name, scheme = '', host = ''] =
    /^(?:([^=/]+)=)?(https?:\/\/)?([^/=]+)\/?$/.exec(text) ?? []
  if (host === '') {
    throw new StrakeError('INVALID', `Cannot cache ${JSON.stringify(text)}: expected [NAME=]HOST`)
  }
  return [...earlier, { name: name ?? host, url: `${scheme || 'https://'}${host}` }]
}

function absolute(path: string | undefined): string | undefined {
  return path === undefined ? undefined : resolve(path)
}
