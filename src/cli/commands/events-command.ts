import { eventLine } from '#docker/columns/event-line'
import { eventDocument } from '#docker/documents/event'
import { parseEventFilters } from '#docker/filters/event-filters'
import { parseTime } from '#docker/flags/time'
import { watchEvents } from '#engine/events/watch-events'
import { Command } from '../arguments/command.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { openDocumentWriter } from '../format.ts'
import { printable } from '../render/text.ts'
import { untilAborted } from '../until-aborted.ts'

interface Options {
  readonly filter?: readonly string[]
  readonly format?: string
  readonly since?: string
  readonly until?: string
}

export function define(context: Context): Command {
  return new Command('events')
    .description('Show the events of the store from all processes, in order')
    .option(
      '-f, --filter <condition>',
      'container=NAME, event=ACTION, image=NAME, label=KEY[=VALUE], network=NAME, type=TYPE, volume=NAME',
      collect,
    )
    .option('--format <format>', 'json for one object per line, or a Go template')
    .option('--since <time>', 'begin with recorded events: RFC 3339, seconds since 1970, or an age')
    .option('--until <time>', 'end at this time; same forms as --since')
    .notes('The store keeps the latest 4,096 events for at most a week.')
    .examples('strake events --since 1h --until 0s', 'strake events --filter type=container')
    .action(async (options: Options) => {
      const { out, signal } = context
      const write = await openDocumentWriter(out, options.format, { kind: 'event' })
      const time = (flag: string, text: string | undefined): number | undefined =>
        text === undefined ? undefined : parseTime(flag, text).getTime()
      const query = {
        filter: parseEventFilters(options.filter ?? []),
        since: time('--since', options.since),
        until: time('--until', options.until),
        signal,
      }
      for await (const event of watchEvents(await context.engine(), query)) {
        if (write !== undefined) write(eventDocument(event))
        else out.write(`${printable(eventLine(event))}\n`)
        await untilAborted(out.drained(), signal)
      }
    })
}
