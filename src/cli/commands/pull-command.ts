import type { Engine } from '#engine/engine'
import { type Pulled, type PullOptions, pull } from '#engine/image/pull'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import { collectList } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { renderTransfers } from '../render/transfers.ts'

interface Options {
  readonly allPlatforms?: true
  readonly allTags?: true
  readonly platform?: readonly string[]
  readonly quiet?: true
}

export function define(context: Context): Command {
  return new Command('pull')
    .description('Fetch an image from a registry')
    .argument('<name[:tag|@digest]>')
    .option('--all-platforms', 'every platform of a multi-platform image, with attestations')
    .option('-a, --all-tags', 'every tag of the repository')
    .option(
      '--platform <platform>',
      'os/architecture[/variant] to choose, also several; default: this machine',
      collectList,
    )
    .option('-q, --quiet', 'print only the name')
    .examples(
      'strake pull localhost:5000/app:1.0',
      'strake pull --platform linux/amd64,linux/arm64 localhost:5000/app',
    )
    .action(async (name: string, options: Options) => {
      const renderer = renderTransfers(context.err)
      const wanted = {
        emit: options.quiet ? () => {} : renderer.emit,
        signal: context.signal,
        platforms: platformsOf(options),
      }
      try {
        for await (const pulled of pullAll(await context.engine(), name, wanted, options)) {
          renderer.finish()
          print(context, pulled, options)
        }
      } finally {
        renderer.finish()
      }
    })
}

function platformsOf({ allPlatforms, platform }: Options): PullOptions['platforms'] {
  if (!allPlatforms) return platform
  if (platform === undefined) return 'all'
  throw new StrakeError('INVALID', 'Cannot use --all-platforms with --platform: use one of them')
}

async function* pullAll(
  engine: Engine,
  name: string,
  wanted: PullOptions,
  { allTags }: Options,
): AsyncGenerator<Pulled> {
  if (!allTags) return yield await pull(engine, name, wanted)
  const { pullTags } = await import('#engine/pull/pull-tags')
  yield* pullTags(engine, name, wanted)
}

function print(context: Context, pulled: Pulled, { quiet }: Options): void {
  if (!quiet) {
    const status = pulled.upToDate ? 'Image is up to date for' : 'Downloaded newer image for'
    context.out.write(`Digest: ${pulled.digest}\nStatus: ${status} ${pulled.familiarName}\n`)
  }
  context.out.write(`${pulled.name}\n`)
}
