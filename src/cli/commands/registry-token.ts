import { rowTypes } from '#docker/columns/row-types'
import { parseDuration } from '#registry/config/units'
import { Command, InvalidValue } from '../arguments/command.ts'
import { collect } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'
import { printListing } from '../format.ts'
import { addPlaceOptions, type PlaceFlags, placeOf } from './registry-place.ts'

/** Adds `token` to `registry`: secrets that stand for a user or a robot. */
export function addRegistryTokens(registry: Command, context: Context): void {
  const command = registry
    .command('token')
    .description('Personal tokens, and tokens of robots, of a registry of this machine')
    .examples('strake registry token ls')
  command.addCommand(defineCreate(context))
  command.addCommand(defineList(context))
  command.addCommand(defineRevoke(context))
}

interface CreateFlags extends PlaceFlags {
  readonly user?: string
  readonly robot?: string
  readonly label?: string
  readonly scope?: readonly string[]
  readonly expires?: number
}

function defineCreate(context: Context): Command {
  const command = new Command('create')
    .description('Make a token and print it; it cannot be shown again')
    .option('--user <name>', 'a personal token of this user')
    .option('--robot <name>', 'a token of a program, which logs in as robot+NAME')
    .option('--label <text>', 'what the token is for')
    .option('--scope <scope>', 'a limit such as team/**:pull,push (can be repeated)', collect)
    .option(
      '--expires <duration>',
      'when it ends, such as 12h or 90d; default: never',
      readDuration,
    )
    .examples(
      'strake registry token create --robot ci --scope "team/**:pull,push" --expires 90d',
      'strake registry token create --user alice --label laptop',
    )
    .action(async (flags: CreateFlags) => {
      const { user, robot, label, scope, expires } = flags
      const { createRegistryToken } = await import('#engine/registry/tokens')
      const made = await createRegistryToken(placeOf(context, flags), {
        user,
        robot,
        label,
        scopes: scope,
        lifetime: expires,
      })
      context.err.write(`Token ${made.id}: log in as ${made.login} with this password\n`)
      context.out.write(`${made.text}\n`)
    })
  return addPlaceOptions(command)
}

function readDuration(text: string): number {
  const milliseconds = parseDuration(text)
  if (milliseconds === undefined || milliseconds === 0) {
    throw new InvalidValue('expected a duration such as 12h or 90d')
  }
  return milliseconds
}

function defineList(context: Context): Command {
  const command = new Command('ls')
    .description('List tokens, without their secrets')
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .examples('strake registry token ls')
    .action(async (flags: PlaceFlags & { readonly format?: string }) => {
      const { registryTokens } = await import('#engine/registry/tokens')
      const tokens = await registryTokens(placeOf(context, flags))
      const rows = tokens.map(({ id, kind, owner, label, scopes, ...times }) => ({
        ID: id,
        Kind: kind,
        Owner: owner,
        Label: label,
        Scopes: scopes === undefined ? 'all' : scopes.join(' '),
        Created: formatTime(times.createdAt),
        Used: formatTime(times.usedAt),
        Expires: formatTime(times.expiresAt),
      }))
      const columns = [
        { title: 'ID', key: 'ID' },
        { title: 'KIND', key: 'Kind' },
        { title: 'OWNER', key: 'Owner' },
        { title: 'LABEL', key: 'Label' },
        { title: 'SCOPES', key: 'Scopes' },
        { title: 'USED', key: 'Used' },
        { title: 'EXPIRES', key: 'Expires' },
      ] as const
      const listing = { type: rowTypes.registryToken, columns, rows }
      await printListing(context.out, listing, flags.format)
    })
  return addPlaceOptions(command)
}

function formatTime(milliseconds: number | undefined): string {
  return milliseconds === undefined ? 'never' : new Date(milliseconds).toISOString()
}

function defineRevoke(context: Context): Command {
  const command = new Command('revoke')
    .description('End tokens at once')
    .argument('<id...>', 'IDs as `registry token ls` shows them')
    .examples('strake registry token revoke 0123456789abcdef')
    .action(async (ids: readonly string[], flags: PlaceFlags) => {
      const { revokeRegistryToken } = await import('#engine/registry/tokens')
      await forEachName(context, ids, async (id) => {
        await revokeRegistryToken(placeOf(context, flags), id)
        return `Revoked: ${id}`
      })
    })
  return addPlaceOptions(command)
}
