import { commitContainer } from '#engine/build/commit'
import { Command } from '../arguments/command.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'

interface Options {
  readonly author?: string
  readonly change?: readonly string[]
  readonly message?: string
  readonly pause: boolean
}

export function define(context: Context): Command {
  return new Command('commit')
    .description('Make an image from the changes of a container')
    .argument('<container>')
    .argument('[name[:tag]]', 'the name of the image')
    .option('-a, --author <text>', 'the author of the image')
    .option(
      '-c, --change <instruction>',
      'apply a Dockerfile instruction such as CMD or ENV',
      collect,
    )
    .option('-m, --message <text>', 'the comment of the history entry')
    .option('-p, --pause', 'pause the container during the commit', { default: true })
    .option('--no-pause', 'let the container run during the commit')
    .notes('Volumes and other mounts are not part of the image.')
    .examples(`strake commit -c 'CMD ["serve"]' web shop:1`)
    .action(async (container: string, name: string | undefined, options: Options) => {
      const { author, change, message, pause } = options
      const { imageId } = await commitContainer(await context.engine(), container, {
        name,
        author,
        changes: change,
        message,
        pause,
        signal: context.signal,
      })
      context.out.write(`${imageId}\n`)
    })
}
