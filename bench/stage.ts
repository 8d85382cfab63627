import type { BuildContext } from './context.ts'
import type { Execution } from './measure.ts'
import type { TestRegistry } from './registry.ts'
import { type Compression, run, type Tool } from './tools/tool.ts'

export interface Props {
  readonly context: BuildContext
  /** A tar archive of the root of the base image. */
  readonly base: string
  /** Where this tool pushes to; no other tool does. */
  readonly registry: TestRegistry
  readonly received: ReceivedImage
}

/** One and the same image for every tool, made when it is first asked for. */
export interface ReceivedImage {
  /** An archive that `load` reads. */
  archive(): Promise<string>
  /** A name that `pull` takes. */
  name(): Promise<string>
}

type Content = 'nothing known' | 'nothing' | 'base' | 'app' | 'loaded' | 'pulled'

/**
 * A tool, and what is known to be in its store. The functions bring it into the state
 * that a row begins with, doing as little as they can: none of it is measured.
 */
export class Stage {
  readonly tool: Tool
  readonly props: Props
  #holds: Content = 'nothing known'
  /** The revision of the context that `app` was built from; undefined when it was not built here. */
  #revision: number | undefined
  /** Layers of the store were compressed, which a tool may remember. */
  #compressed = false
  #pushed = false
  #container = false

  constructor(tool: Tool, props: Props) {
    this.tool = tool
    this.props = props
  }

  /** The name that `push` uses. */
  get pushName(): string {
    return `${this.props.registry.host}/app:1`
  }

  /** Nothing in the store. */
  async empty(): Promise<void> {
    if (this.#holds === 'nothing') return
    await this.tool.reset()
    this.#forget('nothing')
  }

  /** Only the base image in the store, and nothing remembered of any build. */
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

  /** `docker build` of the context, as `app` and under `names`: what rows measure and others need. */
  async build(...names: readonly string[]): Promise<Execution> {
    const context = await this.props.context.prepare()
    const tags = ['app', ...names].flatMap((name) => ['-t', name])
    const execution = await run(this.tool, ['build', '-q', ...tags, context])
    this.#holds = 'app'
    this.#revision = this.props.context.revision
    return execution
  }

  /** `app` was built, from some revision of the context. */
  async withApp(): Promise<void> {
    if (this.#revision !== undefined) return
    await this.withBase()
    await this.build()
  }

  /** `app` was built from the context as it is. */
  async upToDate(): Promise<void> {
    await this.withApp()
    if (this.#revision !== this.props.context.revision) await this.build()
  }

  /** `app` is there, no layer of it was ever compressed, and the registry is empty. */
  async uncompressed(compression: Compression): Promise<void> {
    this.tool.pushArguments(this.pushName, compression)
    if (this.#compressed) await this.fresh()
    await this.withApp()
    await this.props.registry.clear()
    this.#pushed = false
    await run(this.tool, ['tag', 'app', this.pushName])
  }

  async push(compression: Compression): Promise<Execution> {
    const execution = await run(this.tool, this.tool.pushArguments(this.pushName, compression))
    this.#compressed = true
    this.#pushed = compression === 'gzip'
    return execution
  }

  /** Nothing was built, and the registry is empty. */
  async beforeBuildAndPush(): Promise<void> {
    await this.props.context.prepare()
    await this.fresh()
    await this.props.registry.clear()
    this.#pushed = false
  }

  /** One command after the other; the image has its name from the first on. */
  async buildAndPush(): Promise<Execution> {
    const built = await this.build(this.pushName)
    const pushed = await this.push('gzip')
    return {
      ...pushed,
      milliseconds: built.milliseconds + pushed.milliseconds,
      peakBytes: Math.max(built.peakBytes, pushed.peakBytes),
    }
  }

  /** `app` was pushed, from some revision of the context. */
  async withPushed(): Promise<void> {
    if (this.#pushed) return
    await this.withApp()
    await run(this.tool, ['tag', 'app', this.pushName])
    await this.props.registry.clear()
    await this.push('gzip')
  }

  /** `app` was pushed, and built again after one file of the context changed. */
  async changedSincePush(): Promise<void> {
    await this.withPushed()
    await this.props.context.change()
    await this.build()
    await run(this.tool, ['tag', 'app', this.pushName])
  }

  /** The container `bench` is running. */
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

  /** Reads the archive into an empty store; afterwards `app` is there and nothing else. */
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

  /** Says that what was done last did not succeed, so that nothing is known any more. */
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
