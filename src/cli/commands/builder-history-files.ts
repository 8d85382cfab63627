import { buildFiles, buildHistory, buildLog, findBuild } from '#engine/history/history'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'

const build = 'an ID, the beginning of one, or ^1 for the build before the last'

/** Adds the commands of `history` that write or read files. */
export function addHistoryFiles(history: Command, context: Context): void {
  history.addCommand(defineExport(context))
  history.addCommand(defineImport(context))
  history.addCommand(defineOpen(context))
  history.addCommand(defineTrace(context))
}

interface ExportOptions {
  readonly all?: true
  readonly output?: string
}

function defineExport(context: Context): Command {
  return new Command('export')
    .description('Write records of builds into one file, as Docker Desktop reads them')
    .argument('[builds...]', 'IDs, or the beginnings of IDs; without any, the last build')
    .option('--all', 'all records')
    .option('--builder <name>', '', { hidden: true })
    .option('--finalize', '', { hidden: true })
    .option('-o, --output <file>', 'the file, instead of standard output')
    .examples('strake buildx history export -o last.dockerbuild')
    .action(async (builds: readonly string[], { all, output }: ExportOptions) => {
      if (all === true && builds.length > 0) {
        throw new StrakeError('INVALID', 'Cannot export builds: name them, or give --all')
      }
      if (output === undefined && context.out.isTerminal) {
        throw new StrakeError('INVALID', 'Cannot write to a terminal: an archive is not text', {
          remedy: 'name a file with --output, or write into a pipe',
        })
      }
      const engine = await context.engine()
      const wanted = builds.length === 0 ? [undefined] : builds
      const records =
        all === true
          ? await buildHistory(engine)
          : await Promise.all(wanted.map((each) => findBuild(engine, each)))
      const { exportBuilds } = await import('../build/history-bundle.ts')
      await exportBuilds(engine, records, { file: output, signal: context.signal })
    })
}

function defineImport(context: Context): Command {
  return new Command('import')
    .description('Add the records of a file that history export wrote')
    .option('--builder <name>', '', { hidden: true })
    .option('-f, --file <file>', 'the file, instead of standard input', collect)
    .examples('strake buildx history import -f last.dockerbuild')
    .action(async ({ file = ['-'] }: { readonly file?: readonly string[] }) => {
      const engine = await context.engine()
      const { importBuilds } = await import('../build/history-bundle.ts')
      for (const each of file) {
        const ids = await importBuilds(engine, each, context.signal)
        for (const id of ids) context.out.write(`${id}\n`)
      }
    })
}

function defineOpen(context: Context): Command {
  return new Command('open')
    .description('Print the files of a record: what was built, and its output')
    .argument('[build]', build)
    .option('--builder <name>', '', { hidden: true })
    .examples('strake buildx history open')
    .action(async (text: string | undefined) => {
      const engine = await context.engine()
      const { record, log } = buildFiles(engine.root, (await findBuild(engine, text)).id)
      context.out.write(`${record}\n${log}\n`)
    })
}

interface TraceOptions {
  readonly compare?: string
  readonly format: 'jaeger' | 'otlp'
}

function defineTrace(context: Context): Command {
  return new Command('trace')
    .description('Print the times of a build and its steps as a trace')
    .argument('[build]', build)
    .option('--builder <name>', '', { hidden: true })
    .option('--compare <build>', 'also print the trace of another build')
    .option('--format <format>', "jaeger, which Jaeger's page imports, or otlp for collectors", {
      choices: ['jaeger', 'otlp'],
      default: 'jaeger',
    })
    .examples('strake buildx history trace', 'strake buildx history trace ^1 --format otlp')
    .action(async (text: string | undefined, { compare, format }: TraceOptions) => {
      const engine = await context.engine()
      const { traceOf } = await import('#engine/history/spans')
      const { jaegerDocument, otlpDocument } = await import('#docker/documents/build/trace')
      const wanted = compare === undefined ? [text] : [text, compare]
      const records = await Promise.all(wanted.map((each) => findBuild(engine, each)))
      const traces = records.map((record) => traceOf(record, buildLog(engine, record)))
      const document = format === 'otlp' ? otlpDocument(traces) : jaegerDocument(traces)
      context.out.write(`${JSON.stringify(document, undefined, 2)}\n`)
    })
}
