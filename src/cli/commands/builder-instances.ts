import { rowTypes } from '#docker/columns/row-types'
import { type Builder, buildxVersion, describeBuilder } from '#engine/host/builder'
import { version } from '#engine/host/version'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { formatKind, printListing } from '../format.ts'

/**
 * Adds the commands of buildx that manage builders. There is one builder, and every name means it,
 * so that scripts which make one of their own work.
 */
export function addBuilderInstances(builder: Command, context: Context): void {
  builder.addCommand(defineList(context))
  builder.addCommand(defineInspect(context))
  builder.addCommand(defineCreate(context))
  builder
    .command('use')
    .description('Accepted for scripts: there is one builder, and every name means it')
    .argument('[name]')
    .option('--builder <name>', '', { hidden: true })
    .option('--default', '', { hidden: true })
    .option('--global', '', { hidden: true })
    .examples('strake buildx use default')
    .action(() => {})
  builder
    .command('rm')
    .description('Accepted for scripts: the builder stays, and so does its cache')
    .argument('[names...]')
    .option('--all-inactive', '', { hidden: true })
    .option('--builder <name>', '', { hidden: true })
    .option('-f, --force', '', { hidden: true })
    .option('--keep-daemon', '', { hidden: true })
    .option('--keep-state', '', { hidden: true })
    .option('--timeout <duration>', '', { hidden: true })
    .examples('strake buildx rm mine')
    .action(() => {})
  builder
    .command('stop')
    .description('Accepted for scripts: there is no daemon to stop')
    .argument('[name]')
    .option('--builder <name>', '', { hidden: true })
    .examples('strake buildx stop')
    .action(() => {})
  builder
    .command('version')
    .description('Show the release of buildx whose commands are here')
    .examples('strake buildx version')
    .action(() => context.out.write(`strake/buildx ${buildxVersion} strake-${version}\n`))
}

function defineList(context: Context): Command {
  return new Command('ls')
    .description('Show the builder and its platforms')
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .option('--no-trunc', 'all platforms')
    .option('--timeout <duration>', '', { hidden: true })
    .examples('strake buildx ls')
    .action(async ({ format, trunc }: { readonly format?: string; readonly trunc: boolean }) => {
      const builder = describeBuilder()
      if (formatKind(format) === 'json' || format === '{{json .}}') {
        context.out.write(`${JSON.stringify(documentOf(builder))}\n`)
        return
      }
      const { platforms } = builder
      const shown = trunc && platforms.length > 4 ? [...platforms.slice(0, 4), '…'] : platforms
      const node = { Status: 'running', Buildkit: version, Platforms: shown.join(', ') }
      const rows = [
        { Name: 'default*', DriverEndpoint: 'docker', Status: '', Buildkit: '', Platforms: '' },
        { Name: ' \\_ default', DriverEndpoint: ' \\_ default', ...node },
      ]
      const columns = [
        { title: 'NAME/NODE', key: 'Name' },
        { title: 'DRIVER/ENDPOINT', key: 'DriverEndpoint' },
        { title: 'STATUS', key: 'Status' },
        { title: 'BUILDKIT', key: 'Buildkit' },
        { title: 'PLATFORMS', key: 'Platforms' },
      ] as const
      await printListing(context.out, { type: rowTypes.builder, columns, rows }, format)
    })
}

/** The builder in the JSON of buildx. */
function documentOf({ name, platforms }: Builder): unknown {
  const node = {
    Name: name,
    Endpoint: name,
    Status: 'running',
    Version: version,
    Platforms: platforms,
  }
  return { Name: name, Driver: 'docker', Dynamic: false, Current: true, Nodes: [node] }
}

function defineInspect(context: Context): Command {
  return new Command('inspect')
    .description('Show the builder')
    .argument('[name]', 'any name: there is one builder')
    .option('--bootstrap', '', { hidden: true })
    .option('--builder <name>', '', { hidden: true })
    .option('--timeout <duration>', '', { hidden: true })
    .examples('strake buildx inspect')
    .action((name?: string) => {
      const { name: own, platforms } = describeBuilder()
      const lines = [
        `Name:   ${name ?? own}`,
        'Driver: docker',
        '',
        'Nodes:',
        `Name:             ${own}`,
        `Endpoint:         ${own}`,
        'Status:           running',
        `BuildKit version: ${version}`,
        `Platforms:        ${platforms.join(', ')}`,
      ]
      context.out.write(lines.map((line) => `${line}\n`).join(''))
    })
}

interface CreateOptions {
  readonly driver?: string
  readonly name?: string
}

/** The drivers whose builders do what the one builder does. */
const drivers = ['docker', 'docker-container']

function defineCreate(context: Context): Command {
  return new Command('create')
    .description('Accepted for scripts: prints the name, which means the one builder')
    .argument('[endpoint]')
    .option('--append', '', { hidden: true })
    .option('--bootstrap', '', { hidden: true })
    .option('--buildkitd-config <file>', '', { hidden: true })
    .option('--buildkitd-flags <flags>', '', { hidden: true })
    .option('--driver <name>', 'docker or docker-container')
    .option('--driver-opt <options>', '', { hidden: true, read: collect })
    .option('--leave', '', { hidden: true })
    .option('--name <name>', 'the name to print')
    .option('--node <name>', '', { hidden: true })
    .option('--platform <platforms>', '', { hidden: true, read: collect })
    .option('--timeout <duration>', '', { hidden: true })
    .option('--use', '', { hidden: true })
    .examples('strake buildx create --name mine --use')
    .action(
      (endpoint: string | undefined, { driver = 'docker', name = 'default' }: CreateOptions) => {
        const isRemote = endpoint !== undefined && /:\/\//.test(endpoint)
        if (isRemote || !drivers.includes(driver)) {
          const what = isRemote ? endpoint : `the driver ${driver}`
          throw new StrakeError('UNSUPPORTED', `Cannot build with ${what}: the builder is strake`, {
            remedy: `use one of the drivers ${drivers.join(', ')}`,
          })
        }
        context.out.write(`${name}\n`)
      },
    )
}
