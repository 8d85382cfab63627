import { create } from '#engine/container/run'
import { Command } from '../arguments/command.ts'
import { readContainerFlags } from '../arguments/container-flags.ts'
import { addContainerOptions, type ContainerFlags } from '../arguments/container-options.ts'
import type { Context } from '../context.ts'
import { pullRenderer } from '../render/pull-status.ts'

export function define(context: Context): Command {
  return addContainerOptions(new Command('create'))
    .description('Make a container without starting it')
    .examples('strake create --name job busybox echo hello')
    .action(async (image: string, command: readonly string[], options: ContainerFlags) => {
      const request = await readContainerFlags(image, command, options)
      const renderer = pullRenderer(context, options.quiet === true)
      const { id } = await create(await context.engine(), { ...request, emit: renderer.emit })
      renderer.finish()
      context.out.write(`${id}\n`)
    })
}
