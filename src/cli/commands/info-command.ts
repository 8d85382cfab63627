import { infoLines } from '#docker/columns/info-lines'
import { infoDocument } from '#docker/documents/info'
import { describeEngine } from '#engine/info'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { openDocumentWriter } from '../format.ts'

export function define(context: Context): Command {
  return new Command('info')
    .description('Show the store, the runtime and the host, and why they were chosen')
    .option('-f, --format <format>', 'json for one line, or a Go template')
    .examples('strake info')
    .action(async (options: { readonly format?: string }) => {
      const write = await openDocumentWriter(context.out, options.format, { kind: 'info' })
      const engine = await context.engineOrProblem()
      if ('problem' in engine) context.exitCode = 1
      const description = await describeEngine(engine)
      if (write !== undefined) return write(infoDocument(description))
      for (const [title, value] of Object.entries(infoLines(description))) {
        const text = Array.isArray(value) ? value.join(`\n${' '.repeat(20)}`) : String(value)
        context.out.write(`${`${title}:`.padEnd(20)}${text}\n`)
      }
    })
}
