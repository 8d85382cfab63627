import { removeContainer } from '#engine/container/container'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'

interface Options {
  readonly force?: true
  readonly link?: true
  readonly volumes?: true
}

export function define(context: Context): Command {
  return new Command('rm')
    .description('Remove containers and what they wrote')
    .argument('[container...]')
    .option('-f, --force', 'remove running containers too, and ignore absent ones')
    .option('-l, --link', '', { hidden: true })
    .option('-v, --volumes', 'remove their anonymous volumes too')
    .examples('strake rm -f web')
    .action(async (names: readonly string[], options: Options) => {
      if (options.link) throw noLinks()
      // With --force an empty list is no failure, as in `rm -f $(strake ps -aq)`.
      if (names.length === 0 && !options.force) throw noContainer()
      const engine = await context.engine()
      await forEachName(context, names, async (name) => {
        const found = await removeContainer(engine, name, {
          force: options.force === true,
          volumes: options.volumes === true,
        })
        return found ? name : undefined
      })
    })
}

function noLinks(): StrakeError {
  return new StrakeError('UNSUPPORTED', 'Cannot use rm --link: a link ends with its container', {
    remedy: 'leave --link out to remove the container itself',
  })
}

function noContainer(): StrakeError {
  return new StrakeError('INVALID', "Cannot run 'strake rm': <container> is missing", {
    remedy: 'strake rm --help',
  })
}
