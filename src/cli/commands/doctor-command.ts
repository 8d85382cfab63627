import { examine } from '#engine/host/doctor'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { formatKind, openDocumentWriter, printDocument } from '../format.ts'

const marks = { ok: 'ok', warning: 'warn', failure: 'FAIL' } as const

export function define(context: Context): Command {
  return new Command('doctor')
    .description('Check this machine and name what to repair')
    .option('--format <format>', 'json for one line, or a Go template for each finding')
    .examples('strake doctor')
    .action(async (options: { readonly format?: string }) => {
      const findings = await examine(await context.engineOrProblem())
      if (findings.some(({ state }) => state === 'failure')) context.exitCode = 1
      if (formatKind(options.format) === 'json') {
        return printDocument(context.out, findings, 'json')
      }
      const write = await openDocumentWriter(context.out, options.format)
      if (write !== undefined) return findings.forEach(write)
      for (const { state, subject, message, remedy } of findings) {
        context.out.write(`${marks[state].padEnd(5)} ${subject}: ${message}\n`)
        if (remedy !== undefined) context.out.write(`      try: ${remedy}\n`)
      }
    })
}
