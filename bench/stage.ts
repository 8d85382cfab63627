import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BuildContext } from './context.ts'
import type { Execution } from './measure.ts'
import type { TestRegistry } from './registry.ts'
import { type Compression, removeListed, run, type Tool } from './tools/tool.ts'

export interface Props {
  readonly context: BuildContext
  /** A tar archive of the root of the base image. */
  readonly base: string
  /** The registry that only this tool pushes to. */
  readonly registry: TestRegistry
  readonly received: ReceivedImage
}

/** The same image for every tool, made at the first call. */
export interface ReceivedImage {
  /** An archive that `load` reads. */
  archive(): Promise<string>
  /** A name that `pull` takes. */
  name(): Promise<string>
}

type Content = 'nothing known' | 'nothing' | 'base' | 'app' | 'loaded' | 'pulled'

/**
 * A tool and the known state of its store. The functions make the state that a row starts
 * with, unmeasured and with the least work.
 */
export class Stage {
  readonly tool: Tool
  readonly props: Props
  #holds: Content = 'nothing known'
  /** The revision of the context of `app`; undefined when `app` was not built here. */
  #revision: number | undefined
  /** Layers of the store were compressed once. A tool may remember the result. */
  #compressed = false
  #pushed = false
  #container = false

  constructor(tool: Tool, props: Props) {
    this.tool = tool
    this.props = props
  }

  /** The name for `push`. */
  get pushName(): string {
    return `${this.props.registry.host}/app:1`
  }

  /** A directory for small files of rows, made at the first call. */
  async scratch(): Promise<string> {
    const directory = join(dirname(this.tool.store), 'scratch')
    await mkdir(directory, { recursive: true })
    return directory
  }

  /** Makes the store empty. */
  async empty(): Promise<void> {
    if (this.#holds === 'nothing') return
    await this.tool.reset()
    this.#forget('nothing')
  }

  /** Makes a store with only the base image, and no build cache. */
  async fresh(): Promise<void> {
    if (this.#holds !== 'nothing') await this.tool.reset()
    this.#forget('base')
    await run(this.tool, ['import', '--change', 'CMD ["bash"]', this.props.base, 'base'])
    await run(this.tool, ['run', '--rm', 'base', 'true'])
  }

  async withBase(): Promise<void> {
    if (this.#holds === 'base' || this.#revision !== undefined) return
    await this.fresh()
  }

  /** Builds the context as `app` and under `names`: rows measure it, and other rows need it. */
  async build(...names: readonly string[]): Promise<Execution> {
    const context = await this.props.context.prepare()
    const tags = ['app', ...names].flatMap((name) => ['-t', name])
    const execution = await run(this.tool, ['build', '-q', ...tags, context])
    this.#holds = 'app'
    this.#revision = this.props.context.revision
    return execution
  }

  /** Makes sure that `app` was built from some revision of the context. */
  async withApp(): Promise<void> {
    if (this.#revision !== undefined) return
    await this.withBase()
    await this.build()
  }

  /** Makes sure that `app` was built from the current context. */
  async upToDate(): Promise<void> {
    await this.withApp()
    if (this.#revision !== this.props.context.revision) await this.build()
  }

  /** Makes sure that `app` exists, that no layer of it was ever compressed, and that the registry is empty. */
  async uncompressed(compression: Compression): Promise<void> {
    this.tool.pushArguments(this.pushName, compression)
    if (this.#compressed) await this.fresh()
    await this.withApp()
    await this.clearRegistry()
    await run(this.tool, ['tag', 'app', this.pushName])
  }

  async push(compression: Compression): Promise<Execution> {
    const execution = await run(this.tool, this.tool.pushArguments(this.pushName, compression))
    this.#compressed = true
    this.#pushed = compression === 'gzip'
    return execution
  }

  /** Makes sure that nothing was built and that the registry is empty. */
  async beforeBuildAndPush(): Promise<void> {
    await this.props.context.prepare()
    await this.fresh()
    await this.clearRegistry()
  }

  /** Runs build and push in turn. The image has its name from the build on. */
  async buildAndPush(): Promise<Execution> {
    const built = await this.build(this.pushName)
    const pushed = await this.push('gzip')
    return {
      ...pushed,
      milliseconds: built.milliseconds + pushed.milliseconds,
      peakBytes: Math.max(built.peakBytes, pushed.peakBytes),
    }
  }

  /** Makes sure that `app` was pushed, from some revision of the context. */
  async withPushed(): Promise<void> {
    if (this.#pushed) return
    await this.withApp()
    await run(this.tool, ['tag', 'app', this.pushName])
    await this.props.registry.clear()
    await this.push('gzip')
  }

  /** Makes sure that `app` was pushed, and built again after a change of one file. */
  async changedSincePush(): Promise<void> {
    await this.withPushed()
    await this.props.context.change()
    await this.build()
    await run(this.tool, ['tag', 'app', this.pushName])
  }

  /** Makes sure that the container `bench` runs. */
  async withContainer(): Promise<void> {
    if (this.#container) return
    await this.withBase()
    await run(this.tool, [
      'run',
      '-d',
      '--name',
      'bench',
      '--network',
      'none',
      'base',
      'sleep',
      '1d',
    ])
    this.#container = true
  }

  /** Removes every container. */
  async removeContainers(): Promise<void> {
    await removeListed(this.tool, ['ps', '--all', '--quiet'], ['rm', '--force'])
    this.#container = false
  }

  /** Removes everything that was pushed. */
  async clearRegistry(): Promise<void> {
    await this.props.registry.clear()
    this.#pushed = false
  }

  /** Loads the archive into an empty store, which then holds only `app`. */
  async load(): Promise<Execution> {
    const execution = await run(this.tool, ['load', '-i', await this.props.received.archive()])
    this.#forget('loaded')
    return execution
  }

  async withLoaded(): Promise<void> {
    if (this.#holds === 'loaded') return
    await this.empty()
    await this.load()
  }

  /** Pulls into an empty store. */
  async pull(): Promise<Execution> {
    const name = await this.props.received.name()
    const execution = await run(this.tool, this.tool.pullArguments(name))
    this.#forget('pulled')
    return execution
  }

  async removeLoaded(): Promise<Execution> {
    const execution = await run(this.tool, ['rmi', 'app'])
    this.#forget('nothing')
    return execution
  }

  /** Forgets the known state after a failure. */
  lose(): void {
    this.#forget('nothing known')
  }

  #forget(holds: Content): void {
    this.#holds = holds
    this.#revision = undefined
    this.#compressed = false
    this.#container = false
  }
}
