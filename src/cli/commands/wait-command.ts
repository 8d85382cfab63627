import { type WaitCondition, waitContainer } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import { parsePositive } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'

interface Options {
  readonly condition: (typeof conditions)[number]
  readonly timeout?: number
}

/** The first two are Docker's and Podman's words for the same. */
const conditions = [
  ...(['not-running', 'stopped', 'exited', 'next-exit', 'removed', 'created'] as const),
  ...(['running', 'paused', 'healthy', 'unhealthy'] as const),
]

export function define(context: Context): Command {
  return new Command('wait')
    .description('Wait until containers end and print their exit codes')
    .argument('<container...>')
    .option('--condition <condition>', 'wait for something else', {
      ...{ choices: conditions, default: 'exited' },
    })
    .option('--timeout <seconds>', 'fail when the condition is not met by then', parsePositive)
    .examples('strake wait job', 'strake wait --condition healthy --timeout 60 web')
    .action(async (names: readonly string[], { condition, timeout }: Options) => {
      const engine = await context.engine()
      await forEachName(context, names, async (name) =>
        String(
          await waitContainer(engine, name, {
            condition: typed(condition),
            timeout,
            signal: context.signal,
          }),
        ),
      )
    })
}

function typed(condition: Options['condition']): WaitCondition {
  return condition === 'not-running' || condition === 'stopped' ? 'exited' : condition
}
