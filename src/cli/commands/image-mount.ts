import type { MountedImage } from '#engine/mount/mount-image'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'

interface MountOptions {
  readonly all?: true
  readonly format?: string
}

export function defineMount(context: Context): Command {
  return new Command('mount')
    .description(
      'Mount the files of images read-only and print the paths; without images list them',
    )
    .argument('[image...]')
    .option('-a, --all', 'every image')
    .option('--format <format>', 'json for a list of documents', { choices: ['json'] })
    .notes(
      'Only root can read below the paths. The mounts stay until image unmount or a reboot.',
      'A link in an image may lead to files of this machine: programs follow it there.',
    )
    .examples('ls $(strake image mount alpine)/etc', 'strake image mount')
    .action(async (names: readonly string[], options: MountOptions) => {
      refuseBoth(names, options)
      const { listMountedImages, mountImage } = await import('#engine/mount/mount-image')
      const engine = await context.engine()
      const wanted = options.all ? await allImages(context) : names
      const mounted: MountedImage[] = []
      await forEachName(context, wanted, async (name) => {
        mounted.push(await mountImage(engine, name, { signal: context.signal }))
        return undefined
      })
      const isList = wanted.length === 0 && options.all === undefined
      const shown = isList ? listMountedImages(engine) : mounted
      if (options.format === 'json') printJson(context, shown)
      else if (names.length === 1) for (const { path } of shown) context.out.write(`${path}\n`)
      else printTable(context, shown)
    })
}

interface UnmountOptions {
  readonly all?: true
  readonly force?: true
}

export function defineUnmount(context: Context): Command {
  return new Command('unmount')
    .description('Unmount images that image mount has mounted')
    .argument('[image...]')
    .option('-a, --all', 'every mounted image')
    .option('-f, --force', 'also while a process uses the files')
    .examples('strake image unmount alpine', 'strake image unmount --all')
    .action(async (names: readonly string[], options: UnmountOptions) => {
      refuseBoth(names, options)
      if (names.length === 0 && !options.all) {
        throw new StrakeError('INVALID', 'Cannot unmount: no image is named', {
          remedy: 'name images, or add --all',
        })
      }
      const { listMountedImages, unmountImage } = await import('#engine/mount/mount-image')
      const engine = await context.engine()
      const wanted = options.all ? listMountedImages(engine).map(({ id }) => id) : names
      await forEachName(context, wanted, (name) => unmountImage(engine, name, options))
    })
}

function refuseBoth(names: readonly string[], { all }: { readonly all?: true }): void {
  if (all === undefined || names.length === 0) return
  throw new StrakeError('INVALID', 'Cannot use --all together with names of images')
}

async function allImages(context: Context): Promise<readonly string[]> {
  const { listImages } = await import('#engine/image/images')
  const images = await listImages(await context.engine(), { all: true })
  return [...new Set(images.map(({ id }) => id))]
}

/** Podman's documents. */
function printJson({ out }: Context, mounted: readonly MountedImage[]): void {
  const documents = mounted.map(({ id, names, path }) => ({
    id: id.replace(/^\w+:/, ''),
    Names: names,
    Repositories: names,
    mountpoint: path,
  }))
  out.write(`${JSON.stringify(documents, null, 1)}\n`)
}

/** Two columns without titles, as Podman prints them. */
function printTable({ out }: Context, mounted: readonly MountedImage[]): void {
  const lines = mounted.map(({ id, names: [name = id], path }) => ({ name, path }))
  const width = Math.max(...lines.map(({ name }) => name.length))
  out.write(lines.map(({ name, path }) => `${name.padEnd(width)}  ${path}\n`).join(''))
}
