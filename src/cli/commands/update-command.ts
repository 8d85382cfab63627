import { parseRestart } from '#docker/flags/limits'
import { updateContainer } from '#engine/container/update'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import { addUpdatableLimits, type LimitFlags, readLimits } from '../arguments/limit-options.ts'
import { addRefusedOptions } from '../arguments/refused-options.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'
import { printable } from '../render/text.ts'

interface Options extends LimitFlags {
  readonly restart?: string
}

export function define(context: Context): Command {
  const command = new Command('update')
    .description('Change the limits and the restart policy of containers')
    .argument('<container...>')
    .option('--restart <policy>', 'no, on-failure[:count], always or unless-stopped')
    .examples('strake update --memory 512m --restart always web')
  addRefusedOptions(command, ['--cpu-rt-period', '--cpu-rt-runtime', '--kernel-memory'])
  return addUpdatableLimits(command).action(async (names: readonly string[], options: Options) => {
    refuseNothing(options)
    const resources = await readLimits(options)
    const restart = options.restart === undefined ? undefined : parseRestart(options.restart)
    const engine = await context.engine()
    await forEachName(context, names, async (name) => {
      await updateContainer(engine, name, {
        resources,
        restart,
        emit: (event) => {
          if (event.type !== 'warning') return
          context.err.write(`WARN: ${printable(event.message)}\n`)
        },
      })
      return name
    })
  })
}

function refuseNothing(options: Options): void {
  if (Object.values(options).some((value) => value !== undefined)) return
  throw new StrakeError('INVALID', 'Cannot update a container: no option says what to change', {
    remedy: 'see strake update --help',
  })
}
