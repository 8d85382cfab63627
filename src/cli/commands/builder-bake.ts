import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { attestationText } from '#docker/bake/bake-entries'
import { listBake, readListChoice } from '#docker/bake/bake-list'
import { type BakePlan, linksOf, type PlannedTarget, planBake } from '#docker/bake/bake-plan'
import { printPlan } from '#docker/bake/bake-print'
import { type BakeTarget, listOfTexts, textsOf } from '#docker/bake/bake-target'
import { buildWords, textOf } from '#docker/bake/bake-words'
import { readBakeFiles } from '#docker/bake/read-bake'
import { Command } from '../arguments/command.ts'
import { parseCommand, runParsed } from '../arguments/parse-command.ts'
import { collect, parseAssignments } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { formatTable } from '../render/table.ts'

interface Options {
  readonly allow?: readonly string[]
  readonly call?: string
  readonly check?: true
  readonly file?: readonly string[]
  readonly list?: string
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
    .description(
      'Build the targets of a bake file in HCL or JSON, or the services of a Compose file',
    )
    .argument('[targets...]', 'targets and groups; default: the group or target default')
    .option('--allow <right>', 'a right that the builds need', collect)
    .option('--builder <name>', '', { hidden: true })
    .option('--call <method>', 'build, check, outline or targets')
    .option('--check', 'check the Dockerfiles, and build nothing')
    .option(
      '-f, --file <file>',
      'a file in HCL or JSON, or a Compose file (can be repeated)',
      collect,
    )
    .option(
      '--list <what>',
      'list targets or variables, and build nothing; ,format=json for scripts',
    )
    .option('--load', 'accepted for compatibility; results are in the store')
    .option('--metadata-file <file>', 'write digests and names of all targets into a file')
    .option('--no-cache', 'run every step again')
    .option('--print', 'print the targets and build nothing')
    .option('--progress <kind>', 'how to show progress')
    .option('--provenance <spec>', 'a provenance for every target')
    .option('--pull', 'look for newer base images')
    .option('--push', 'push every target')
    .option('--sbom <spec>', 'a list of packages for every target')
    .option('--set <change>', 'TARGET.KEY=VALUE, or += for a list (can be repeated)', collect)
    .option('--var <name=value>', 'a variable of the file (can be repeated)', collect)
    .examples('strake buildx bake --print', 'strake buildx bake --set *.args.VERSION=2 app')
    .action((names: readonly string[], options: Options) => bake(context, names, options))
}

async function bake(context: Context, names: readonly string[], options: Options): Promise<void> {
  const env = { ...process.env, ...Object.fromEntries(parseAssignments(options.var, process.env)) }
  const file = await readBakeFiles(options.file ?? [], env)
  if (options.list !== undefined) {
    const choice = readListChoice(options.list)
    const listed = listBake(file, choice)
    const isText = typeof listed === 'string'
    context.out.write(isText ? `${listed}\n` : formatTable(listed.header, listed.rows))
    return
  }
  const changes = [...(options.set ?? []), ...sharedChanges(options)]
  const plan = withEpoch(planBake(file, { names, changes, env: process.env }))
  if (options.print) {
    context.out.write(`${printPlan(plan)}\n`)
    return
  }
  await buildAll(context, plan.targets, options)
}

/** Builds take the time of the environment, unless a target has its own. */
function withEpoch(plan: BakePlan): BakePlan {
  const epoch = process.env['SOURCE_DATE_EPOCH']
  if (!epoch) return plan
  const targets = plan.targets.map((planned) => {
    const args = { SOURCE_DATE_EPOCH: epoch, ...textsOf(planned.target, 'args') }
    return { ...planned, target: { ...planned.target, args } }
  })
  return { ...plan, targets }
}

/** Options that are values of every target, so that `--print` shows them. */
function sharedChanges({
  cache,
  call,
  check,
  load,
  pull,
  push,
  sbom,
  provenance,
}: Options): readonly string[] {
  const method = call ?? (check ? 'check' : undefined)
  return [
    ...(push ? ['*.push=true'] : []),
    ...(load ? ['*.load=true'] : []),
    ...(method === undefined ? [] : [`*.call=${method}`]),
    ...(cache ? [] : ['*.no-cache=true']),
    ...(pull ? ['*.pull=true'] : []),
    ...(sbom === undefined ? [] : [`*.attest=${attestationText('sbom', sbom)}`]),
    ...(provenance === undefined ? [] : [`*.attest=${attestationText('provenance', provenance)}`]),
  ]
}

async function buildAll(
  context: Context,
  targets: readonly PlannedTarget[],
  options: Options,
): Promise<void> {
  const { run } = await context.engine()
  mkdirSync(run, { recursive: true, mode: 0o700 })
  const directory = mkdtempSync(join(run, 'bake-'))
  try {
    const metadata: Record<string, unknown> = {}
    const linked = new Set(targets.flatMap(({ target }) => linksOf(target)))
    const layouts = new Map([...linked].map((name) => [name, join(directory, `layout-${name}`)]))
    for (const planned of targets) {
      const { name, isLinked } = planned
      const target = withLayout(planned, layouts.get(name))
      const text = textOf(target, 'dockerfile-inline')
      const inline = text === undefined ? undefined : join(directory, 'Dockerfile')
      if (inline !== undefined) writeFileSync(inline, text ?? '')
      const result = join(directory, 'metadata.json')
      const isTold = options.metadataFile !== undefined && !isLinked
      const more = isTold ? [`--metadata-file=${result}`] : []
      await build(context, [
        ...sharedWords(options),
        ...more,
        ...buildWords(target, { inline, layouts }),
      ])
      if (isTold) metadata[name] = JSON.parse(readFileSync(result, 'utf8'))
    }
    if (options.metadataFile !== undefined) {
      writeFileSync(options.metadataFile, `${JSON.stringify(metadata, undefined, 2)}\n`)
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A target that others use as a context is also written where they find it. */
function withLayout({ target, isLinked }: PlannedTarget, layout: string | undefined): BakeTarget {
  if (layout === undefined) return target
  const own = isLinked ? [] : listOfTexts(target, 'output')
  const output = own.length === 0 && !isLinked ? ['type=image'] : own
  return { ...target, output: [...output, `type=oci,tar=false,dest=${layout}`] }
}

async function build(context: Context, words: readonly string[]): Promise<void> {
  const { define } = await import('./build-command.ts')
  await runParsed(parseCommand(define(context), words))
}

/** The options that hold for every target. */
function sharedWords({ allow = [], progress }: Options): readonly string[] {
  return [
    ...allow.map((right) => `--allow=${right}`),
    ...(progress === undefined ? [] : [`--progress=${progress}`]),
  ]
}
