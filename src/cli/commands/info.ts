import { infoDocument } from '#docker/documents/info'
import { describeEngine } from '#engine/info'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { printDocument, wantsJson } from '../format.ts'

export function define(context: Context): Command {
  return new Command('info')
    .description('Show the store, the runtime and the host, and why they were chosen')
    .option('-f, --format <format>', 'json for one line')
    .examples('strake info')
    .action(async (options: { readonly format?: string }) => {
      const engine = await context.engineOrProblem()
      if ('problem' in engine) context.exitCode = 1
      const info = infoDocument(await describeEngine(engine))
      if (wantsJson(options.format)) return printDocument(context.out, info, 'json')
      for (const [title, value] of Object.entries(info)) {
        const text = Array.isArray(value) ? value.join(`\n${' '.repeat(20)}`) : String(value)
        context.out.write(`${`${title}:`.padEnd(20)}${text}\n`)
      }
    })
}
