import { rowTypes } from '#docker/columns/row-types'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'
import { printListing } from '../format.ts'
import { readAll, readLine } from '../prompt.ts'
import { addPlaceOptions, type PlaceFlags, placeOf } from './registry-place.ts'

interface PasswordFlags extends PlaceFlags {
  readonly passwordStdin?: true
}

/** Adds `user` to `registry`: who may log in with a password. */
export function addRegistryUsers(registry: Command, context: Context): void {
  const command = registry
    .command('user')
    .description('Users of a registry of this machine')
    .examples('strake registry user ls')
  command.addCommand(defineAdd(context))
  command.addCommand(defineList(context))
  command.addCommand(definePassword(context))
  command.addCommand(defineRemove(context))
}

function defineAdd(context: Context): Command {
  const command = new Command('add')
    .description('Add a user, whose password is asked for')
    .argument('<name>')
    .option('--password-stdin', 'read the password from standard input')
    .examples('echo "$PASSWORD" | strake registry user add --password-stdin alice')
    .action(async (name: string, flags: PasswordFlags) => {
      const password = await readPassword(context, flags)
      const { addRegistryUser } = await import('#engine/registry/users')
      await addRegistryUser(placeOf(context, flags), name, password)
      context.out.write(`Added: ${name}\n`)
    })
  return addPlaceOptions(command)
}

function definePassword(context: Context): Command {
  const command = new Command('passwd')
    .description('Change the password of a user, who has to log in again everywhere')
    .argument('<name>')
    .option('--password-stdin', 'read the password from standard input')
    .examples('echo "$PASSWORD" | strake registry user passwd --password-stdin alice')
    .action(async (name: string, flags: PasswordFlags) => {
      const password = await readPassword(context, flags)
      const { setRegistryPassword } = await import('#engine/registry/users')
      await setRegistryPassword(placeOf(context, flags), name, password)
      context.out.write(`Changed: ${name}\n`)
    })
  return addPlaceOptions(command)
}

function defineList(context: Context): Command {
  const command = new Command('ls')
    .description('List users')
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .examples('strake registry user ls')
    .action(async (flags: PlaceFlags & { readonly format?: string }) => {
      const { registryUsers } = await import('#engine/registry/users')
      const users = await registryUsers(placeOf(context, flags))
      const rows = users.map((name) => ({ Name: name }))
      const columns = [{ title: 'NAME', key: 'Name' }] as const
      await printListing(context.out, { type: rowTypes.registryUser, columns, rows }, flags.format)
    })
  return addPlaceOptions(command)
}

function defineRemove(context: Context): Command {
  const command = new Command('rm')
    .description('Remove users and their tokens')
    .argument('<name...>')
    .examples('strake registry user rm alice')
    .action(async (names: readonly string[], flags: PlaceFlags) => {
      const { removeRegistryUser } = await import('#engine/registry/users')
      await forEachName(context, names, async (name) => {
        await removeRegistryUser(placeOf(context, flags), name)
        return `Removed: ${name}`
      })
    })
  return addPlaceOptions(command)
}

async function readPassword(context: Context, { passwordStdin }: PasswordFlags): Promise<string> {
  const { signal } = context
  if (passwordStdin) return (await readAll(signal)).replace(/\r?\n$/, '')
  if (!process.stdin.isTTY) {
    throw new StrakeError('INVALID', 'Cannot ask for a password: standard input is no terminal', {
      remedy: 'give --password-stdin',
    })
  }
  const password = await readLine('Password: ', { hidden: true, signal })
  if (password === (await readLine('The same again: ', { hidden: true, signal }))) return password
  throw new StrakeError('INVALID', 'Cannot use the password: the two lines differ')
}
