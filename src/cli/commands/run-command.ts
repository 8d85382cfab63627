import type { RunOptions } from '#engine/container/run'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import { addContainerOptions, type ContainerFlags } from '../arguments/container-options.ts'
import { parsePositive } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { endWith } from '../detach.ts'
import { forEachName } from '../each.ts'
import { pullRenderer } from '../render/pull-status.ts'

interface Options extends ContainerFlags {
  readonly detach?: true
  readonly detachKeys?: string
  readonly sigProxy: boolean
  readonly wait?: 'ready' | 'healthy' | 'running'
  readonly waitTimeout?: number
}

export function define(context: Context): Command {
  return addContainerOptions(new Command('run'))
    .description('Run a command in a new container')
    .option('-d, --detach', 'print the container ID and leave the container running')
    .option('--detach-keys <keys>', 'keys that leave the container running; default: ctrl-p,ctrl-q')
    .option('--sig-proxy', 'pass signals on to the container; default: true', { default: true })
    .option('--wait [condition]', 'run in the background, and wait until it is healthy or runs', {
      ...{ choices: ['ready', 'healthy', 'running'], alone: 'ready' },
    })
    .option('--wait-timeout <seconds>', 'fail when --wait takes longer', parsePositive)
    .examples('strake run --rm -it debian bash', 'strake run -d --name web -p 8080:80 site')
    .action(async (image: string, command: readonly string[], options: Options) => {
      const { attach, wait, sigProxy } = options
      const detach = options.detach === true || wait !== undefined
      refuseTogether({ attach, detach })
      const { attachedStreams, launch } = await import('#engine/container/launch')
      const stdin = attach === undefined || attach.includes('stdin')
      const streams = attach === undefined ? undefined : attachedStreams(attach)
      const settings = {
        tty: options.tty === true,
        interactive: options.interactive === true && stdin,
        // Without forwarded signals this process can end before the container.
        detached: detach || !sigProxy,
        here: options.rm === true,
      }
      const launched = launch(settings, streams)
      const request = await readRequest(image, command, options).catch(async (error) => {
        await launched.monitor.abandon()
        throw error
      })
      const renderer = pullRenderer(context, options.quiet === true)
      const engine = await context.engine()
      const { run, runDetached } = await import('#engine/container/run')
      if (detach) {
        const { emit } = renderer
        const { signal } = context
        const { id } = await runDetached(engine, {
          ...request,
          attached: [],
          launched,
          emit,
          signal,
        })
        renderer.finish()
        context.out.write(`${id}\n`)
        if (wait !== undefined) await awaitCondition(context, id, { ...options, wait })
        return
      }
      const status = await run(engine, {
        ...request,
        launched,
        streams,
        stdin,
        // An input that no command is attached to stays open.
        stdinOnce: stdin ? undefined : false,
        emit: renderer.emit,
        detachKeys: options.detachKeys,
        onSignals: sigProxy ? context.leaveSignals : undefined,
        onCreated: ({ id }) => {
          const isSilent = attach?.every((name) => name === 'stdin') ?? false
          if (isSilent) context.out.write(`${id}\n`)
        },
        signal: context.signal,
      })
      renderer.finish()
      endWith(context, status)
    })
}

/** Exits with 1, because 125 would say that the container was not started. */
async function awaitCondition(
  context: Context,
  id: string,
  { wait: condition, waitTimeout: timeout }: Pick<Options, 'wait' | 'waitTimeout'>,
): Promise<void> {
  const { signal } = context
  const engine = await context.engine()
  const { waitContainer } = await import('#engine/container/container')
  await forEachName(context, [id], async () => {
    await waitContainer(engine, id, { condition, timeout, signal })
    return undefined
  })
}

/** Refuses options that exclude each other. */
function refuseTogether({
  attach,
  detach,
}: {
  readonly attach: Options['attach'] | undefined
  readonly detach: boolean
}): void {
  if (!detach || attach === undefined) return
  throw new StrakeError('INVALID', 'Cannot use --attach with --detach: they exclude each other', {
    remedy: 'read the output with strake logs',
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
