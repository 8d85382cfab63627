import type { Linted } from '#engine/dockerfile/lint'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import { collect, parseAssignments } from '../arguments/values.ts'
import type { Context } from '../context.ts'

export function define(context: Context): Command {
  const command = new Command('dockerfile').description('Check, format and edit Dockerfiles')
  command.addCommand(defineLint(context))
  command.addCommand(defineFormat(context))
  command.addCommand(definePrint(context))
  command.addCommand(defineServer(context))
  return command
}

interface LintOptions {
  readonly check?: string
  readonly diff?: true
  readonly failOn: 'warning' | 'error' | 'never'
  readonly fix?: true
  readonly format: 'text' | 'json' | 'sarif' | 'github'
}

function defineLint(context: Context): Command {
  return new Command('lint')
    .description('Check Dockerfiles without a build')
    .argument('[file...]', 'Dockerfiles; - for standard input; default Dockerfile')
    .option('--check <options>', 'replaces the check directive: skip=RULE,RULE;error=true')
    .option('--fix', 'rewrite what can be changed without changing what is built')
    .option('--diff', 'show what --fix would change, and change nothing')
    .option('--fail-on <severity>', 'what makes the exit code 1', {
      choices: ['warning', 'error', 'never'],
      default: 'warning',
    })
    .option('--format <format>', 'how to print problems; sarif and github are for CI services', {
      choices: ['text', 'json', 'sarif', 'github'],
      default: 'text',
    })
    .notes(
      'Base images are not looked up. A variable that only the base image may set counts as set.',
      '`strake build --check` checks with base images.',
    )
    .examples('strake dockerfile lint', 'strake dockerfile lint --fix --diff Dockerfile')
    .action(async (files: readonly string[], options: LintOptions) => {
      const { lintDockerfiles } = await import('#engine/dockerfile/lint')
      const { check, diff = false, fix = false } = options
      const linted = await lintDockerfiles({
        places: files.length === 0 ? ['Dockerfile'] : files,
        check,
        fix: fix || diff,
        signal: context.signal,
      })
      if (diff) await printDiff(context, linted)
      else if (fix) await writeChanged(context, linted)
      if (!diff) await printLinted(context, linted, options.format)
      const found = linted.flatMap(({ diagnostics }) => diagnostics)
      const isChanged = diff && linted.some(({ text, original }) => text !== original)
      if (options.failOn === 'never') return
      const fails = ({ severity }: (typeof found)[number]): boolean =>
        options.failOn === 'warning' || severity === 'error'
      if (found.some(fails) || isChanged) context.exitCode = 1
    })
}

async function printLinted(
  context: Context,
  linted: readonly Linted[],
  format: LintOptions['format'],
): Promise<void> {
  // The fixed text of standard input is on standard output.
  const output = linted.some(isPiped) ? context.err : context.out
  if (format === 'sarif') {
    const { formatSarif } = await import('#dockerfile/report/sarif')
    const { version } = await import('#engine/host/version')
    return output.write(formatSarif(linted, version))
  }
  const { formatGithub, formatJson, formatText } = await import('#dockerfile/report/formats')
  const write = { text: formatText, json: formatJson, github: formatGithub }[format]
  output.write(write(linted))
}

function isPiped({ name, text, original }: Changed): boolean {
  return name === '-' && text !== original
}

interface Changed {
  readonly name: string
  readonly original: string
  readonly text: string
}

interface FormatOptions {
  readonly check?: true
  readonly diff?: true
  readonly write?: true
}

function defineFormat(context: Context): Command {
  return new Command('fmt')
    .description('Print or write Dockerfiles in the usual layout')
    .argument('[file...]', 'Dockerfiles; - for standard input; default Dockerfile')
    .option('--check', 'name the files whose layout differs, and fail if there are any')
    .option('--diff', 'show what would change')
    .option('-w, --write', 'replace the files')
    .examples('strake dockerfile fmt --write', 'strake dockerfile fmt --check a/Dockerfile')
    .action(async (files: readonly string[], { check, diff, write }: FormatOptions) => {
      const { formatDockerfiles } = await import('#engine/dockerfile/format')
      const places = files.length === 0 ? ['Dockerfile'] : files
      if (places.length > 1 && !check && !diff && !write) {
        throw new StrakeError('INVALID', 'Cannot print several Dockerfiles: they would be joined', {
          remedy: 'write them with --write, or add --check or --diff',
        })
      }
      const formatted = await formatDockerfiles(places, context.signal)
      const changed = formatted.filter(({ text, original }) => text !== original)
      if (diff) await printDiff(context, formatted)
      if (check) {
        if (!diff) for (const { name } of changed) context.out.write(`${name}\n`)
        if (changed.length > 0) context.exitCode = 1
      } else if (write) await writeChanged(context, formatted)
      else if (!diff) for (const { text } of formatted) context.out.write(text)
    })
}

interface PrintOptions {
  readonly buildArg?: readonly string[]
  readonly file?: string
  readonly platform?: readonly string[]
}

function definePrint(context: Context): Command {
  return new Command('print')
    .description('Print a Dockerfile without extensions, as other builders read it')
    .argument('[context]', 'the directory of the build; default: this directory')
    .option('-f, --file <path>', 'the Dockerfile')
    .option('--build-arg <name[=value]>', 'a value for an ARG', collect)
    .option('--platform <platforms>', 'os/architecture of the result', collect)
    .notes(
      'A comment `# strake: extensions` above the first instruction enables INCLUDE, IF and',
      'COPY --optional.',
    )
    .examples('strake dockerfile print --build-arg DEBUG=1 .')
    .action(async (directory: string | undefined, options: PrintOptions) => {
      const { printDockerfile } = await import('#engine/dockerfile/print')
      const { parsePlatforms } = await import('#docker/build/request')
      const text = await printDockerfile({
        context: directory ?? '.',
        dockerfile: options.file,
        buildArgs: parseAssignments(options.buildArg, process.env),
        platforms: options.platform === undefined ? undefined : parsePlatforms(options.platform),
      })
      context.out.write(text)
    })
}

function defineServer(context: Context): Command {
  return new Command('lsp')
    .description('Serve an editor over standard input and output')
    .option('--stdio', 'accepted for editors that pass it; there is no other transport')
    .notes('The language server protocol 3.17: completion, hover, rename, fixes, layout.')
    .examples('strake dockerfile lsp')
    .action(async () => {
      const { serveLanguage } = await import('#engine/dockerfile/serve-language')
      context.exitCode = await serveLanguage(context.signal)
    })
}

async function printDiff(context: Context, files: readonly Changed[]): Promise<void> {
  const { unifiedDiff } = await import('#dockerfile/report/line-diff')
  for (const { name, original, text } of files) {
    context.out.write(unifiedDiff(original, text, name === '-' ? 'stdin' : name))
  }
}

async function writeChanged(context: Context, files: readonly Changed[]): Promise<void> {
  const { replaceDockerfile } = await import('#engine/dockerfile/dockerfile-file')
  for (const { name, original, text } of files) {
    if (name === '-') context.out.write(text)
    else if (text !== original) await replaceDockerfile(name, text)
  }
}
