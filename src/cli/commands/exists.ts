import type { Engine } from '#engine/engine'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'

interface ExistsOptions {
  /** The name of the argument. */
  readonly kind: 'container' | 'image' | 'network' | 'volume'
  readonly example: string
  readonly exists: (engine: Engine, name: string) => boolean | Promise<boolean>
}

/**
 * Defines the verb `exists` of a group, as in Podman. It prints nothing: its exit code is 0 or 1, and
 * 125 when the store cannot answer.
 */
export function defineExists(context: Context, { kind, example, exists }: ExistsOptions): Command {
  return new Command('exists')
    .description(`Exit with 0 if there is such a name or ID, else with 1; print nothing`)
    .argument(`<${kind}>`)
    .examples(example)
    .action(async (name: string) => {
      if (!(await exists(await context.engine(), name))) context.exitCode = 1
    })
}
