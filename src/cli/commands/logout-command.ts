import { logout } from '#engine/registry/login'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'

export function define(context: Context): Command {
  return new Command('logout')
    .description('Remove the stored credentials for a registry')
    .argument('[registry]', 'host[:port]; default: Docker Hub')
    .examples('strake logout registry.example.com')
    .action(async (host: string | undefined) => {
      const removed = await logout(host)
      context.out.write(
        removed ? `Removed the credentials for ${removed}\n` : 'Not logged in: nothing to remove\n',
      )
    })
}
