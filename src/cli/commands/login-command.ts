import { login } from '#engine/registry/login'
import { StrakeError } from '#oci'
import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'
import { readAll, readLine } from '../prompt.ts'

interface Options {
  readonly username?: string
  readonly password?: string
  readonly passwordStdin?: true
}

export function define(context: Context): Command {
  return new Command('login')
    .description('Check credentials with a registry and store them')
    .argument('[registry]', 'host[:port]; default: Docker Hub')
    .option('-u, --username <name>')
    .option('-p, --password <secret>', 'visible to other users; prefer --password-stdin')
    .option('--password-stdin', 'read the password from standard input')
    .examples('echo "$TOKEN" | strake login -u me --password-stdin registry.example.com')
    .action(async (host: string | undefined, options: Options) => {
      if (options.password !== undefined) {
        context.err.write('WARN: --password is visible to other users; prefer --password-stdin\n')
      }
      const username = options.username ?? (await ask(context, 'Username: ', false))
      const secret = await readSecret(context, options)
      const kept = await login(host, { username, secret, signal: context.signal })
      if (!kept.encrypted) {
        context.err.write(`WARN: the password is stored unencrypted in ${kept.storedIn}\n`)
      }
      context.out.write('Login Succeeded\n')
    })
}

async function readSecret(context: Context, options: Options): Promise<string> {
  if (options.password !== undefined) return options.password
  if (options.passwordStdin) return (await readAll(context.signal)).replace(/\r?\n$/, '')
  return ask(context, 'Password: ', true)
}

async function ask({ signal }: Context, question: string, hidden: boolean): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new StrakeError(
      'INVALID',
      'Cannot ask for credentials: standard input is not a terminal',
      {
        remedy: 'give -u NAME and --password-stdin',
      },
    )
  }
  return readLine(question, { hidden, signal })
}
