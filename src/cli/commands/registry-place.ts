import type { PlaceOptions } from '#engine/registry/place'
import type { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'

/** The options that name a registry of this machine. */
export interface PlaceFlags {
  readonly config?: string
  readonly storage?: string
}

export function addPlaceOptions(command: Command): Command {
  return command
    .option('--config <file>', 'the configuration of the registry', { empty: 'refused' })
    .option('--storage <directory>', 'where its repositories are stored; default: in the store', {
      empty: 'refused',
    })
}

export function placeOf(context: Context, { config, storage }: PlaceFlags): PlaceOptions {
  return { config, storage, root: async () => (await context.engine()).root }
}
