import { Command } from '../arguments/command.ts'
import type { Context } from '../context.ts'

const scripts = {
  // Bash breaks words at colons, which names are full of: the line is split at blanks instead.
  bash: `_strake() {
  local typed="\${COMP_LINE:0:COMP_POINT}" words last IFS=$' \\t'
  read -ra words <<<"$typed"
  [[ $typed == *' ' ]] && words+=('')
  last="\${words[\${#words[@]}-1]}"
  IFS=$'\\n'
  COMPREPLY=($(strake __complete "\${words[@]:1}" 2>/dev/null))
  [[ $last == *:* && $COMP_WORDBREAKS == *:* ]] && COMPREPLY=("\${COMPREPLY[@]#"\${last%:*}:"}")
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
    .argument('<shell>', '', ['bash', 'zsh', 'fish'])
    .examples('source <(strake completion bash)')
    .action((shell: keyof typeof scripts) => {
      context.out.write(scripts[shell])
    })
}
