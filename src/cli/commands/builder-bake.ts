import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PlannedTarget, planBake } from '#docker/bake/bake-plan'
import { buildWords, textOf } from '#docker/bake/bake-words'
import { readBakeFiles } from '#docker/bake/read-bake'
import { Command } from '../arguments/command.ts'
import { parseCommand, runParsed } from '../arguments/parse-command.ts'
import { collect, parseAssignments } from '../arguments/values.ts'
import type { Context } from '../context.ts'

interface Options {
  readonly allow?: readonly string[]
  readonly call?: string
  readonly check?: true
  readonly file?: readonly string[]
  readonly load?: true
  readonly metadataFile?: string
  readonly cache: boolean
  readonly print?: true
  readonly progress?: string
  readonly provenance?: string
  readonly pull?: true
  readonly push?: true
  readonly sbom?: string
  readonly set?: readonly string[]
  readonly var?: readonly string[]
}

/** `bake`: builds the targets of a file, each with `build`. */
export function defineBake(context: Context): Command {
  return new Command('bake')
    .description('Build the targets of a bake file in JSON, or the services of a Compose file')
    .argument('[targets...]', 'targets and groups; default: the group or target default')
    .option('--allow <right>', 'a right that the builds need', collect)
    .option('--builder <name>', '', { hidden: true })
    .option('--call <method>', 'build, check, outline or targets')
    .option('--check', 'check the Dockerfiles, and build nothing')
    .option('-f, --file <file>', 'a file in JSON, or a Compose file (can be repeated)', collect)
    .option('--load', 'accepted for compatibility; results are in the store')
    .option('--metadata-file <file>', 'write digests and names of all targets into a file')
    .option('--no-cache', 'run every step again')
    .option('--print', 'print the targets and build nothing')
    .option('--progress <kind>', 'how to show progress')
    .option('--provenance <spec>', 'a provenance for every target')
    .option('--pull', 'look for newer base images')
    .option('--push', 'push every target')
    .option('--sbom <spec>', 'a list of packages for every target')
    .option('--set <change>', 'TARGET.KEY=VALUE; * means every target (can be repeated)', collect)
    .option('--var <name=value>', 'a variable of the file (can be repeated)', collect)
    .notes('HCL is not read. docker buildx bake --print writes it as JSON.')
    .examples('strake buildx bake --print', 'strake buildx bake --set *.args.VERSION=2 app')
    .action((names: readonly string[], options: Options) => bake(context, names, options))
}

async function bake(context: Context, names: readonly string[], options: Options): Promise<void> {
  const env = { ...process.env, ...Object.fromEntries(parseAssignments(options.var, process.env)) }
  const file = await readBakeFiles(options.file ?? [], env)
  const planned = planBake(file, { names, changes: options.set ?? [] })
  if (options.print) {
    context.out.write(`${JSON.stringify(documentOf(planned), undefined, 2)}\n`)
    return
  }
  const { run } = await context.engine()
  mkdirSync(run, { recursive: true, mode: 0o700 })
  const directory = mkdtempSync(join(run, 'bake-'))
  try {
    const metadata: Record<string, unknown> = {}
    for (const { name, target } of planned) {
      const inline = textOf(target, 'dockerfile-inline')
      const dockerfile = inline === undefined ? undefined : join(directory, 'Dockerfile')
      if (dockerfile !== undefined) writeFileSync(dockerfile, inline ?? '')
      const result = join(directory, 'metadata.json')
      const shared = sharedWords(options)
      const more = options.metadataFile === undefined ? [] : [`--metadata-file=${result}`]
      await build(context, [...shared, ...more, ...buildWords(target, dockerfile)])
      if (options.metadataFile !== undefined) {
        metadata[name] = JSON.parse(readFileSync(result, 'utf8'))
      }
    }
    if (options.metadataFile !== undefined) {
      writeFileSync(options.metadataFile, `${JSON.stringify(metadata, undefined, 2)}\n`)
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

async function build(context: Context, words: readonly string[]): Promise<void> {
  const { define } = await import('./build-command.ts')
  await runParsed(parseCommand(define(context), words))
}

/** The options that hold for every target. */
function sharedWords(options: Options): readonly string[] {
  const { allow = [], call, check, progress, provenance, pull, push, sbom } = options
  return [
    ...allow.map((right) => `--allow=${right}`),
    ...(call === undefined ? [] : [`--call=${call}`]),
    ...(check ? ['--check'] : []),
    ...(options.cache ? [] : ['--no-cache']),
    ...(progress === undefined ? [] : [`--progress=${progress}`]),
    ...(provenance === undefined ? [] : [`--provenance=${provenance}`]),
    ...(pull ? ['--pull'] : []),
    ...(push ? ['--push'] : []),
    ...(sbom === undefined ? [] : [`--sbom=${sbom}`]),
  ]
}

/** The targets as `buildx bake --print` writes them. */
function documentOf(planned: readonly PlannedTarget[]): unknown {
  const targets = planned.map(({ name, target }) => [
    name,
    { context: '.', dockerfile: 'Dockerfile', ...target },
  ])
  const names = planned.map(({ name }) => name)
  return { group: { default: { targets: names } }, target: Object.fromEntries(targets) }
}
