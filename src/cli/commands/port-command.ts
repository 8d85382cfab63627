import { portLines } from '#docker/columns/port-lines'
import { publishedPorts } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'

export function define(context: Context): Command {
  return new Command('port')
    .description('Show the published ports of a container')
    .argument('<container>')
    .argument('[port]')
    .examples('strake port web', 'strake port web 80/tcp')
    .action(async (name: string, port: string | undefined) => {
      const published = await publishedPorts(await context.engine(), name)
      const lines = portLines(name, published, port)
      context.out.write(lines.map((line) => `${line}\n`).join(''))
    })
}
