import { portLines } from '#docker/columns/port-lines'
import { parsePublish } from '#docker/flags/publish-flag'
import { publishedPorts } from '#engine/container/container'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'

export function define(context: Context): Command {
  return new Command('port')
    .description('Show the published ports of a container, and change them while it runs')
    .argument('<container>')
    .argument('[port]')
    .examples('strake port web', 'strake port web 80/tcp', 'strake port add web 8443:443')
    .action(async (name: string, port: string | undefined) => {
      print(context, name, await publishedPorts(await context.engine(), name), port)
    })
    .addCommand(defineAdd(context))
    .addCommand(defineRemove(context))
}

function defineAdd(context: Context): Command {
  return new Command('add')
    .description('Publish ports of a container, running or not; established connections stay')
    .argument('<container>')
    .argument('<port...>', '[[address:]port:]port[/protocol], as with --publish of run')
    .examples('strake port add web 8443:443')
    .action(async (name: string, ports: readonly string[]) => {
      const requests = ports.flatMap(parsePublish)
      const { addPorts } = await import('#engine/network/ports')
      print(context, name, await addPorts(await context.engine(), name, requests, context.signal))
    })
}

function defineRemove(context: Context): Command {
  return new Command('rm')
    .description('End published ports of a container, running or not; established connections stay')
    .argument('<container>')
    .argument(
      '<port...>',
      '[[address:]port:]port[/protocol]; without a port of the host all of them',
    )
    .examples('strake port rm web 443', 'strake port rm web 8080:80')
    .action(async (name: string, ports: readonly string[]) => {
      const requests = ports.flatMap(parsePublish)
      const { removePorts } = await import('#engine/network/ports')
      print(context, name, await removePorts(await context.engine(), name, requests))
    })
}

function print(
  context: Context,
  name: string,
  ports: Parameters<typeof portLines>[1],
  wanted?: string | undefined,
): void {
  context.out.write(
    portLines(name, ports, wanted)
      .map((line) => `${line}\n`)
      .join(''),
  )
}
