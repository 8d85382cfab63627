import { posix } from 'node:path'
import {
  type RunMount as AstMount,
  expandMount,
  Problem,
  parseBoolean,
  parseSize,
  type RunInstruction,
} from '#dockerfile'
import { neededFiles, refusalOfPlace, withoutFiles } from '#runtime/kernel-places'
import { contextFiles } from '../model/contexts.ts'
import { mainContext, type Vertex } from '../model/graph.ts'
import type { CacheMount, RunMount } from '../model/mounts.ts'
import type { Expander, StageState } from './stage.ts'
import { type FilesystemContext, refuse } from './step.ts'

export interface PlannedMounts {
  readonly mounts: readonly RunMount[]
  /** The sources of the mounts. The first of them is input 1 of the step. */
  readonly inputs: readonly Vertex[]
}

/** Plans the mounts of a RUN. Throws `DockerfileError`. */
export async function planMounts(
  stage: StageState,
  run: RunInstruction,
  expand: Expander,
  context: FilesystemContext,
): Promise<PlannedMounts> {
  const planner = new MountPlanner(stage, run, context)
  for (const mount of run.mounts) await planner.add(planner.expand(mount, expand))
  return planner
}

class MountPlanner implements PlannedMounts {
  readonly mounts: RunMount[] = []
  readonly inputs: Vertex[] = []
  readonly #stage: StageState
  readonly #run: RunInstruction
  readonly #context: FilesystemContext

  constructor(stage: StageState, run: RunInstruction, context: FilesystemContext) {
    this.#stage = stage
    this.#run = run
    this.#context = context
  }

  expand(mount: AstMount, expander: Expander): AstMount {
    try {
      return expandMount(mount, (value) => expander.one(value))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      throw refuse(this.#context, this.#run, error.message)
    }
  }

  async add({ type, options }: AstMount): Promise<void> {
    const { source = '', from } = options
    const path = posix.join('/', source).slice(1)
    switch (type) {
      case 'bind':
        this.mounts.push({
          kind: 'bind',
          input: this.#inputOf(await this.#filesOf(from, path)),
          source: path,
          target: this.#target(options['target'], undefined),
          readOnly: isReadOnly(options, true),
        })
        return
      case 'cache':
        this.mounts.push(await this.#cache(options, path))
        return
      case 'tmpfs': {
        const size = options['size'] === undefined ? undefined : parseSize(options['size'])
        const target = this.#target(options['target'], 'directory')
        this.mounts.push({ kind: 'tmpfs', target, ...(size && { size }) })
        return
      }
      case 'secret':
        this.mounts.push(this.#secret(options))
        return
      case 'ssh':
        this.mounts.push(this.#ssh(options))
    }
  }

  async #cache(options: AstMount['options'], source: string): Promise<CacheMount> {
    const { target = '', from, sharing = 'shared' } = options
    const namespace = this.#context.buildArgs.get('BUILDKIT_CACHE_MOUNT_NS') ?? ''
    const input = from === undefined ? undefined : this.#inputOf(await this.#filesOf(from, source))
    return {
      kind: 'cache',
      id: `${namespace}/${options['id'] || posix.normalize(target)}`,
      sharing: sharingOf(sharing),
      ...(input !== undefined && { input }),
      source,
      target: this.#target(target, 'directory'),
      readOnly: isReadOnly(options, false),
      ...ownership(options, 0o755),
    }
  }

  #secret(options: AstMount['options']): RunMount {
    const { env, target } = options
    const id = options['source'] || options['id'] || posix.basename(target ?? env ?? '')
    const file = env === undefined ? (target ?? `/run/secrets/${posix.basename(id)}`) : target
    return {
      kind: 'secret',
      id,
      ...(file !== undefined && { target: this.#target(file, 'file') }),
      ...(env !== undefined && { env }),
      isRequired: isSet(options['required']),
      ...ownership(options, 0o400),
    }
  }

  #ssh(options: AstMount['options']): RunMount {
    if (options['source'] !== undefined) {
      throw refuse(this.#context, this.#run, 'RUN --mount=type=ssh does not support source')
    }
    const count = this.mounts.filter(({ kind }) => kind === 'ssh').length
    return {
      kind: 'ssh',
      id: options['id'] || 'default',
      target: this.#target(options['target'] ?? `/run/buildkit/ssh_agent.${count}`, 'file'),
      isRequired: isSet(options['required']),
      ...ownership(options, 0o600),
    }
  }

  /** `point` is absent if only the source shows whether it is a file. A new directory is empty. */
  #target(target = '', point: 'file' | 'directory' | undefined): string {
    const path = posix.resolve('/', this.#stage.workdir, target)
    if (path === '/') throw refuse(this.#context, this.#run, `invalid mount target '${target}'`)
    const needed = point === 'directory' ? neededFiles(path) : undefined
    const refusal = refusalOfPlace(path, point) ?? (needed && withoutFiles[needed])
    if (refusal === undefined) return path
    throw refuse(this.#context, this.#run, `RUN --mount cannot have target ${path}: ${refusal}`)
  }

  #inputOf(vertex: Vertex): number {
    const known = this.inputs.findIndex(({ digest }) => digest === vertex.digest)
    // Input 0 is the file system that the step changes.
    return known === -1 ? this.inputs.push(vertex) : known + 1
  }

  /** A mount of the build context gets a copy of the files that it names. */
  async #filesOf(from: string | undefined, path: string): Promise<Vertex> {
    const source = from === undefined ? undefined : await this.#context.resolveFrom(from, this.#run)
    if (source !== undefined && 'vertex' in source) return source.vertex
    const { context = mainContext } = source ?? {}
    const shown = context === mainContext ? 'the build context' : context
    const name = `[internal] load ${path === '' ? '.' : path} of ${shown} for RUN`
    return contextFiles(context, path, { name, range: this.#run.range })
  }
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && parseBoolean(value.toLowerCase()) === true
}

function isReadOnly({ readonly, readwrite }: AstMount['options'], usual: boolean): boolean {
  if (readonly !== undefined) return isSet(readonly)
  return readwrite === undefined ? usual : !isSet(readwrite)
}

function sharingOf(text: string): CacheMount['sharing'] {
  const sharing = text.toLowerCase()
  return sharing === 'private' || sharing === 'locked' ? sharing : 'shared'
}

function ownership(
  { uid, gid, mode }: AstMount['options'],
  usual: number,
): Pick<CacheMount, 'uid' | 'gid' | 'mode'> {
  return {
    uid: Number(uid ?? 0),
    gid: Number(gid ?? 0),
    mode: mode === undefined ? usual : Number.parseInt(mode, 8) & 0o7777,
  }
}
