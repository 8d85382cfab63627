import type { RunOptions } from '#engine/container/run'
import { Command } from '../arguments/command.ts'
import { addContainerOptions, type ContainerFlags } from '../arguments/container-options.ts'
import type { Context } from '../context.ts'
import { endWith } from '../detach.ts'
import { pullRenderer } from '../render/pull-status.ts'

interface Options extends ContainerFlags {
  readonly detach?: true
  readonly detachKeys?: string
}

export function define(context: Context): Command {
  return addContainerOptions(new Command('run'))
    .description('Run a command in a new container')
    .option('-d, --detach', 'print the container ID and leave the container running')
    .option('--detach-keys <keys>', 'keys that leave the container running; default: ctrl-p,ctrl-q')
    .examples('strake run --rm -it debian bash', 'strake run -d --name web -p 8080:80 site')
    .action(async (image: string, command: readonly string[], options: Options) => {
      const { launch } = await import('#engine/container/launch')
      const launched = launch({
        tty: options.tty === true,
        interactive: options.interactive === true,
        detached: options.detach === true,
        here: options.rm === true,
      })
      const request = await readRequest(image, command, options).catch(async (error) => {
        await launched.monitor.abandon()
        throw error
      })
      const renderer = pullRenderer(context, options.quiet === true)
      const engine = await context.engine()
      const { run, runDetached } = await import('#engine/container/run')
      if (options.detach) {
        const { emit } = renderer
        const { signal } = context
        const { id } = await runDetached(engine, { ...request, launched, emit, signal })
        renderer.finish()
        context.out.write(`${id}\n`)
        return
      }
      const status = await run(engine, {
        ...request,
        launched,
        emit: renderer.emit,
        detachKeys: options.detachKeys,
        onSignals: context.leaveSignals,
        signal: context.signal,
      })
      renderer.finish()
      endWith(context, status)
    })
}

/** Reads the flags while the monitor starts. */
async function readRequest(
  image: string,
  command: readonly string[],
  options: Options,
): Promise<RunOptions> {
  const { readContainerFlags } = await import('../arguments/container-flags.ts')
  return await readContainerFlags(image, command, options)
}
