import { Argument, Command } from 'commander'
import type { Context } from '../context.ts'

const scripts = {
  bash: `_strake() {
  local IFS=$'\\n'
  COMPREPLY=($(strake __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _strake strake
`,
  zsh: `#compdef strake
_strake() {
  local -a found
  found=("\${(@f)$(strake __complete "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)}")
  compadd -a found
  _files
}
compdef _strake strake
`,
  fish: `complete -c strake -a '(strake __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
} as const

export function define(context: Context): Command {
  return new Command('completion')
    .description('Print a completion script')
    .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
    .addHelpText('after', '\nExample:\n  source <(strake completion bash)')
    .action((shell: keyof typeof scripts) => {
      context.out.write(scripts[shell])
    })
}
