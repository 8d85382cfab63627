import { probeContainerHealth } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { printable } from '../render/text.ts'

export function define(context: Context): Command {
  return new Command('healthcheck')
    .description('Check the health of a container')
    .addCommand(defineRun(context))
}

/** Podman's words and exit codes: a script reads the status, and nothing for success. */
function defineRun(context: Context): Command {
  return new Command('run')
    .description('Run the health check of a running container once, and record the result')
    .argument('<container>')
    .notes(
      'Prints nothing and exits with 0 if the check succeeds. Otherwise prints the health of the',
      'container, which is starting, healthy or unhealthy, and exits with 1. An error is 125.',
    )
    .examples('strake healthcheck run web')
    .action(async (name: string) => {
      const { exitCode, status, output } = await probeContainerHealth(await context.engine(), name)
      if (exitCode === 0) return
      const lines = output.trimEnd().split('\n')
      context.err.write(lines.map((line) => `${printable(line)}\n`).join(''))
      context.out.write(`${status}\n`)
      context.exitCode = 1
    })
}
