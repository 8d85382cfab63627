import { type ContainerSize, inspectDocument, parseInspectType } from '#docker/documents/inspect'
import type { Engine } from '#engine/engine'
import { type Inspected, inspect } from '#engine/inspect'
import { isStrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { type InspectedDocument, printInspected } from '../inspected.ts'

type ContainerDetails = Extract<Inspected, { kind: 'container' }>['container']

interface Options {
  readonly format?: string
  readonly platform?: string
  readonly type?: string
  readonly size?: true
}

export function define(context: Context): Command {
  return new Command('inspect')
    .description('Show everything known about containers, images, networks and volumes, as JSON')
    .argument('<name...>', 'names or IDs')
    .option('-f, --format <format>', 'json for one line, or a Go template')
    .option('--platform <platform>', 'this platform of a multi-platform image')
    .option('--type <type>', 'container, image, network or volume')
    .option('-s, --size', 'show the sizes of containers too; those of images are always shown')
    .examples('strake inspect --type image debian')
    .action(async (names: readonly string[], options: Options) => {
      parseInspectType(options.type)
      const engine = await context.engine()
      await printInspected(context, names, {
        format: options.format,
        find: (name) => findObject(engine, name, options),
      })
    })
}

/** Finds a container, else an image, else a network, else a volume, as Docker does. Throws `NOT_FOUND`. */
async function findObject(
  engine: Engine,
  name: string,
  { type, platform, size }: Options,
): Promise<InspectedDocument> {
  const kind = parseInspectType(type)
  if (kind === 'network') return findNetwork(engine, name)
  if (kind === 'volume') return findVolume(engine, name)
  try {
    const found = await inspect(engine, name, { kind, platform })
    return size && found.kind === 'container'
      ? inspectDocument(found, await sizeOf(engine, found.container))
      : inspectDocument(found)
  } catch (error) {
    if (kind !== undefined || platform !== undefined || !isStrakeError(error, 'NOT_FOUND'))
      throw error
    return await findOther(engine, name, error)
  }
}

/** Throws `absent` if neither a network nor a volume has the name. */
async function findOther(
  engine: Engine,
  name: string,
  absent: unknown,
): Promise<InspectedDocument> {
  for (const find of [findNetwork, findVolume]) {
    try {
      return await find(engine, name)
    } catch (error) {
      if (!isStrakeError(error, 'NOT_FOUND')) throw error
    }
  }
  throw absent
}

async function findNetwork(engine: Engine, name: string): Promise<InspectedDocument> {
  const { inspectNetwork } = await import('#engine/network/networks')
  const { networkInspectDocument } = await import('#docker/documents/network')
  return { kind: 'network', document: networkInspectDocument(await inspectNetwork(engine, name)) }
}

async function findVolume(engine: Engine, name: string): Promise<InspectedDocument> {
  const { inspectVolume } = await import('#engine/volume/volumes')
  const { volumeDocument } = await import('#docker/documents/volume')
  return { kind: 'volume', document: volumeDocument(inspectVolume(engine, name)) }
}

async function sizeOf(engine: Engine, { id, settings }: ContainerDetails): Promise<ContainerSize> {
  const { containerSize } = await import('#engine/usage/disk-usage')
  return await containerSize(engine, { id, imageId: settings.image.id ?? '' })
}
