import type { Platform } from '#oci'
import { isMerged, localCopy, madeCopy, usedPath } from '../buildkit/copy-action.ts'
import { inlineFileAction, workdirAction } from '../buildkit/file-operation.ts'
import { downloadName } from '../buildkit/remote-source.ts'
import { type AddOp, type CopyOp, type FilesFrom, mainContext, type RunOp } from '../model/graph.ts'
import type { RunMount } from '../model/mounts.ts'
import type { Provenance, ProvenanceStep } from '../model/provenance.ts'
import { gitMaterial } from '../source/git-url.ts'

/** A step in the JSON form of BuildKit's low-level build definition. */
export interface BuildStep {
  /** `step0`, `step1`… */
  readonly id: string
  readonly op: object
  /** `step0:0`: the first output of a step. */
  readonly inputs: readonly string[]
}

export interface BuildSteps {
  readonly steps: readonly BuildStep[]
  /** The ID of each step of the provenance, in its order. The empty file system has none. */
  readonly ids: readonly (string | undefined)[]
}

/**
 * Describes steps as BuildKit does. Contexts, URLs and repositories are inputs of our
 * operations; here each is a step of its own before the step that uses it.
 */
export function buildSteps({ steps, materials }: Provenance): BuildSteps {
  const made: BuildStep[] = []
  const ids: (string | undefined)[] = []
  const sources = new Map<string, string>()
  const add = (op: object, inputs: readonly string[]): string => {
    const id = `step${made.length}`
    made.push({ id, op, inputs: inputs.map((input) => `${input}:0`) })
    return id
  }
  const source = (identifier: string, attrs?: object): string => {
    const key = JSON.stringify([identifier, attrs])
    const known =
      sources.get(key) ?? add({ Op: { source: { identifier, ...(attrs && { attrs }) } } }, [])
    sources.set(key, known)
    return known
  }
  for (const step of steps) {
    const inputs = step.inputs.map((index) => ids[index])
    ids.push(describe(step, { inputs, add, source, materials }))
  }
  return { steps: made, ids }
}

interface Describing {
  /** The IDs of the inputs. Absent for the empty file system. */
  readonly inputs: readonly (string | undefined)[]
  readonly add: (op: object, inputs: readonly string[]) => string
  readonly source: (identifier: string, attrs?: object) => string
  readonly materials: Provenance['materials']
}

function describe({ op }: ProvenanceStep, context: Describing): string | undefined {
  switch (op.kind) {
    case 'scratch':
      return undefined
    case 'image': {
      const found = context.materials.find(
        (each) => each.kind === 'image' && each.digest === op.manifest,
      )
      const name = found?.kind === 'image' ? found.reference : ''
      const pinned = name.includes('@') || name === '' ? name : `${name}@${op.manifest}`
      const identifier = `docker-image://${pinned}`
      return context.add({ Op: { source: { identifier } }, platform: goPlatform(op.platform) }, [])
    }
    case 'run':
      return describeRun(op, context)
    case 'copy':
      return describeFiles(op, [], context)
    case 'add':
      return describeFiles(op, remoteSources(op, context), context)
    case 'workdir': {
      const [base] = context.inputs
      const action = { mkdir: workdirAction(op, base !== undefined) }
      return fileStep([{ action }], base, context)
    }
  }
}

function goPlatform({ architecture, os, variant }: Platform): object {
  return { Architecture: architecture, OS: os, ...(variant !== undefined && { Variant: variant }) }
}

function sourceOf(from: FilesFrom, { inputs, source }: Describing): string | undefined {
  if ('input' in from) return inputs[from.input]
  return source(`local://${from.context}`)
}

/** The sources of ADD on other machines: the ID of the step that has it, and the path in it. */
function remoteSources(op: AddOp, { source }: Describing): readonly MadeSource[] {
  const downloads = op.urls.map((url) => {
    const name = downloadName(url) ?? '__unnamed__'
    return { from: source(url, { 'http.filename': name }), path: `/${name}` }
  })
  const repositories = (op.repositories ?? []).map((each) => {
    const { url } = gitMaterial(each, '')
    const identifier = `git://${url.replace(/^[a-z]+:\/\//, '')}`
    return { from: source(identifier, { 'git.fullurl': each.remote }), path: '/' }
  })
  return [...downloads, ...repositories]
}

/** Files that a step of their own makes. */
interface MadeSource {
  readonly from: string
  /** Absolute. */
  readonly path: string
}

/** COPY and ADD: one action for every source. */
function describeFiles(
  op: CopyOp | AddOp,
  remote: readonly MadeSource[],
  context: Describing,
): string {
  const [base] = context.inputs
  const isAlone = isMerged(op) && base !== undefined
  const below = isAlone ? undefined : base
  const made = ({ from, path }: MadeSource): FileAction => ({
    action: { copy: madeCopy(op, path, below !== undefined) },
    from,
  })
  const files = op.sources.map((each): FileAction => {
    if (each.kind === 'path') {
      const from = op.kind === 'add' ? { context: mainContext } : op.from
      const copy = localCopy(op, usedPath(op, each.path), below !== undefined)
      return { action: { copy }, from: sourceOf(from, context) }
    }
    const mkfile = inlineFileAction(each.name, each.content)
    const from = fileStep([{ action: { mkfile } }], undefined, context)
    return made({ from, path: `/${each.name}` })
  })
  const copied = fileStep([...files, ...remote.map(made)], below, context)
  if (!isAlone) return copied
  return context.add({ Op: { merge: { inputs: [{ input: 0 }, { input: 1 }] } } }, [base, copied])
}

interface FileAction {
  readonly action: object
  /** The ID of the step that has the files. */
  readonly from?: string | undefined
}

/** Input -1 stands for the empty file system. Each action changes the output of the one before. */
function fileStep(
  actions: readonly FileAction[],
  base: string | undefined,
  { add }: Pick<Describing, 'add'>,
): string {
  const inputs = [...new Set([base, ...actions.map(({ from }) => from)])].flatMap((id) => id ?? [])
  const index = (id: string | undefined): number => (id === undefined ? -1 : inputs.indexOf(id))
  const file = {
    actions: actions.map(({ action, from }, at) => ({
      input: at === 0 ? index(base) : inputs.length + at - 1,
      secondaryInput: index(from),
      output: at === actions.length - 1 ? 0 : -1,
      Action: action,
    })),
  }
  return add({ Op: { file } }, inputs)
}

const networks = { default: 0, host: 1, none: 2 } as const

function describeRun(op: RunOp, context: Describing): string {
  const { script } = op
  const name = script?.path.split('/').at(-1) ?? ''
  const file = script && inlineFileAction(name, script.content, 0o755)
  const written = file && fileStep([{ action: { mkfile: file } }], undefined, context)
  const inputs = [...context.inputs, written].flatMap((input) => input ?? [])
  const index = (input: string | undefined): number =>
    input === undefined ? -1 : inputs.indexOf(input)
  const meta = {
    args: op.argv,
    env: op.env,
    cwd: op.cwd,
    ...(op.user !== '' && { user: op.user }),
    ...(op.hostname !== undefined && { hostname: op.hostname }),
    ...(op.settings?.hosts && {
      extraHosts: op.settings.hosts.map(({ name, ip }) => ({ Host: name, IP: ip })),
    }),
    removeMountStubsRecursive: true,
  }
  const mounts = [
    { input: index(context.inputs[0]), dest: '/', output: 0 },
    ...(written === undefined ? [] : [{ input: index(written), dest: '/dev/pipes/', output: -1 }]),
    ...(op.mounts ?? [])
      .filter((mount) => mount.target !== undefined)
      .map((mount) => describeMount(mount, (at) => index(context.inputs[at]))),
  ]
  const exec = {
    meta,
    mounts,
    // BuildKit's description of a step has no mode for its own proxy either.
    network: networks[op.network === 'proxy' ? 'default' : op.network],
    ...(op.security === 'insecure' && { security: 1 }),
    ...secretVariables(op),
    ...(op.devices && {
      cdiDevices: op.devices.map(({ name, isRequired }) => ({ name, optional: !isRequired })),
    }),
  }
  return context.add({ Op: { exec } }, inputs)
}

function secretVariables({ mounts = [] }: RunOp): object {
  const found = mounts.flatMap((mount) =>
    mount.kind === 'secret' && mount.env !== undefined
      ? [{ ID: mount.id, name: mount.env, optional: !mount.isRequired }]
      : [],
  )
  return found.length === 0 ? {} : { secretenv: found }
}

const sharing = { shared: 0, private: 1, locked: 2 } as const

/** The numbers are those of BuildKit's types of mounts. */
function describeMount(mount: RunMount, index: (input: number) => number): object {
  const { target: dest } = mount
  switch (mount.kind) {
    case 'bind':
      return {
        input: index(mount.input),
        ...(mount.source !== '' && { selector: `/${mount.source}` }),
        dest,
        output: -1,
        readonly: mount.readOnly,
      }
    case 'secret':
    case 'ssh': {
      const { id: ID, uid, gid, mode, isRequired } = mount
      const options = { ID, uid, gid, mode, optional: !isRequired }
      return mount.kind === 'secret'
        ? { input: -1, dest, output: -1, mountType: 1, secretOpt: options }
        : { input: -1, dest, output: -1, mountType: 2, SSHOpt: options }
    }
    case 'cache':
      return {
        input: mount.input === undefined ? -1 : index(mount.input),
        dest,
        output: -1,
        readonly: mount.readOnly,
        mountType: 3,
        cacheOpt: { ID: mount.id, sharing: sharing[mount.sharing] },
      }
    case 'tmpfs':
      return {
        input: -1,
        dest,
        output: -1,
        mountType: 4,
        ...(mount.size !== undefined && { TmpfsOpt: { size: mount.size } }),
      }
  }
}
