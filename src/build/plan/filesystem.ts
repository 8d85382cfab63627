import { posix } from 'node:path'
import {
  type AddInstruction,
  type CopyInstruction,
  hasSubstitution,
  type Instruction,
  relativeWorkdir,
  type WorkdirInstruction,
  withoutPasswords,
} from '#dockerfile'
import {
  type CopyFields,
  createVertex,
  mainContext,
  type Op,
  type SourceSpec,
} from '../model/graph.ts'
import { splitUserinfo } from '../source/http-credentials.ts'
import { planSources } from './add-sources.ts'
import { checkIgnored } from './checks.ts'
import { historyComment, layerSuffix } from './history.ts'
import { planRun } from './plan-run.ts'
import type { Expander, StageState } from './stage.ts'
import { type FilesystemContext, refuse, type Step } from './step.ts'

type FilesystemInstruction = Extract<Instruction, { kind: 'RUN' | 'COPY' | 'ADD' | 'WORKDIR' }>

/** Plans an instruction that may make a layer: adds a vertex and a line of history to the stage. */
export async function planFilesystem(
  stage: StageState,
  instruction: FilesystemInstruction,
  expand: Expander,
  context: FilesystemContext,
): Promise<void> {
  const { op, line, inputs = [] } = await planStep(stage, instruction, expand, context)
  const name = context.nameStep(withoutPasswords(instruction.text, 'xxxxx@'))
  const vertex = createVertex(op, [stage.vertex, ...inputs], {
    name,
    range: instruction.range,
    args: stage.argumentNames(),
  })
  stage.vertex = vertex
  stage.addHistory({ entry: { created_by: line, comment: historyComment }, vertex })
}

async function planStep(
  stage: StageState,
  instruction: FilesystemInstruction,
  expand: Expander,
  context: FilesystemContext,
): Promise<Step> {
  switch (instruction.kind) {
    case 'RUN':
      return planRun(stage, instruction, expand, context)
    case 'COPY':
      return planCopy(stage, instruction, expand, context)
    case 'ADD':
      return planAdd(stage, instruction, expand, context)
    case 'WORKDIR':
      return planWorkdir(stage, instruction, expand, context)
  }
}

/** The most bytes of a path that Linux takes, with the NUL byte at its end. */
const longestPath = 4096

function planWorkdir(
  stage: StageState,
  instruction: WorkdirInstruction,
  expand: Expander,
  context: FilesystemContext,
): Step {
  const { path, range } = instruction
  const { warn } = context
  const written = expand.one(path)
  // A path without variables and quotes is checked when the file is parsed.
  const isChecked = !stage.hasWorkdir && hasSubstitution(path)
  if (isChecked && !posix.isAbsolute(written)) {
    warn('WorkdirRelativePath', relativeWorkdir(written), range)
  }
  stage.hasWorkdir = true
  const workdir = posix.resolve('/', stage.workdir, written)
  if (Buffer.byteLength(workdir) >= longestPath) {
    throw refuse(context, instruction, `the path has more than ${longestPath - 1} bytes`)
  }
  // BuildKit keeps an absolute path as it is written, also with `/.` or a slash at its end.
  stage.config.WorkingDir = posix.isAbsolute(written) ? written : workdir
  const line = `WORKDIR ${stage.config.WorkingDir}`
  return { op: { kind: 'workdir', path: workdir, user: stage.user }, line }
}

async function planCopy(
  stage: StageState,
  copy: CopyInstruction,
  expand: Expander,
  context: FilesystemContext,
): Promise<Step> {
  const { fields, written } = copyFields(stage, copy, expand, context)
  const from =
    copy.from === undefined ? { context: mainContext } : await context.resolveFrom(copy.from, copy)
  if (copy.from === undefined) checkIgnored(copy, fields.sources, context)
  const op: Op = {
    kind: 'copy',
    ...fields,
    from: 'vertex' in from ? { input: 1 } : { context: from.context },
    parents: copy.parents,
  }
  const line = ['COPY', ...copyFlags(copy, fields), ...written].join(' ') + layerSuffix
  return { op, line, inputs: 'vertex' in from ? [from.vertex] : [] }
}

function planAdd(
  stage: StageState,
  add: AddInstruction,
  expand: Expander,
  context: FilesystemContext,
): Step {
  const { fields, written } = copyFields(stage, add, expand, context)
  const { local, ...remote } = planSources(add, fields, expand, context)
  checkIgnored(add, local, context)
  const op: Op = {
    kind: 'add',
    ...fields,
    sources: local,
    ...remote,
    unpack: add.unpack === undefined ? 'auto' : add.unpack ? 'always' : 'never',
  }
  const shown = written.map((word) => splitUserinfo(word).url)
  const line = ['ADD', ...copyFlags(add, fields), ...shown].join(' ') + layerSuffix
  return { op, line }
}

function copyFields(
  stage: StageState,
  copy: CopyInstruction | AddInstruction,
  expand: Expander,
  context: FilesystemContext,
): { fields: CopyFields; written: string[] } {
  const sources = copy.sources.map((source): SourceSpec => {
    if (source.kind === 'path') return { kind: 'path', path: expand.one(source.path) }
    const { name, content, expand: isExpanded } = source.heredoc
    const file = name.split('/').at(-1) || 'file'
    return { kind: 'inline', name: file, content: isExpanded ? expand.raw(content) : content }
  })
  const destination = expand.one(copy.destination)
  const isDirectory = /(?:^|\/)\.{0,2}$/.test(destination)
  if (sources.length > 1 && !isDirectory) {
    const reason = `${copy.kind} with several sources needs a directory as its destination`
    throw refuse(context, copy, reason, { remedy: `end the destination with a slash` })
  }
  const chown = copy.chown === undefined ? undefined : expand.one(copy.chown)
  if (copy.link && chown !== undefined && !isNumericOwner(chown)) {
    const reason = `--chown=${chown} names a user or group, but --link has no image with names`
    throw refuse(context, copy, reason, { remedy: 'use a numeric UID[:GID], or omit --link' })
  }
  const written = sources.map((each) => (each.kind === 'path' ? each.path : `<<${each.name}`))
  return {
    fields: {
      sources,
      destination: posix.resolve('/', stage.workdir, destination),
      intoDirectory: isDirectory,
      ...(chown !== undefined && { chown }),
      ...(copy.chmod !== undefined && { chmod: expand.one(copy.chmod) }),
      exclude: copy.exclude.map((pattern) => expand.one(pattern)),
      link: copy.link,
    },
    written: [...written, destination],
  }
}

/** True when an owner is the same in every image. */
function isNumericOwner(spec: string): boolean {
  return /^\d{1,10}(?::\d{1,10})?$/.test(spec)
}

/** The options that BuildKit writes into the history. */
function copyFlags(copy: CopyInstruction | AddInstruction, fields: CopyFields): string[] {
  return [
    ...(copy.kind === 'COPY' && copy.parents ? ['--parents'] : []),
    ...(fields.chown === undefined ? [] : [`--chown=${fields.chown}`]),
    ...(fields.chmod === undefined ? [] : [`--chmod=${fields.chmod}`]),
  ]
}
