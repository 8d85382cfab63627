import { Command } from '../arguments/command.ts'
import { scripts } from '../completion/scripts.ts'
import type { Context } from '../context.ts'

export function define(context: Context): Command {
  return new Command('completion')
    .description('Print a completion script')
    .argument('<shell>', '', ['bash', 'zsh', 'fish'])
    .notes(
      'The script also completes docker, if your start-up file sets docker=strake as an alias first.',
    )
    .examples('source <(strake completion bash)')
    .action((shell: keyof typeof scripts) => {
      context.out.write(scripts[shell])
    })
}
