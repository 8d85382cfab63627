/**
 * Completion scripts. Each script passes the whole line to `strake __complete` and
 * offers files when the program offers nothing. A script also completes `docker` if
 * that is an alias of strake when the shell reads the script.
 */
export const scripts = {
  // Bash breaks words at colons and equals signs, which occur in names, so the script splits the line at blanks.
  bash: `_strake() {
  local typed="\${COMP_LINE:0:COMP_POINT}" words last IFS=$' \\t'
  read -ra words <<<"$typed"
  [[ $typed == *' ' ]] && words+=('')
  last="\${words[\${#words[@]}-1]}"
  IFS=$'\\n'
  COMPREPLY=($(strake __complete "\${words[@]:1}" 2>/dev/null))
  local break
  for break in = :; do
    [[ $last == *$break* && $COMP_WORDBREAKS == *$break* ]] || continue
    COMPREPLY=("\${COMPREPLY[@]#"\${last%"$break"*}$break"}")
    last="\${last##*"$break"}"
  done
  [[ \${#COMPREPLY[@]} == 1 && \${COMPREPLY[0]} == *[=:] ]] && compopt -o nospace
}
complete -o default -F _strake strake
[[ $(alias docker 2>/dev/null) == *strake* ]] && complete -o default -F _strake docker
`,
  zsh: `#compdef strake
_strake() {
  local -a found
  found=("\${(@f)$(strake __complete "\${words[@]:1:$((CURRENT - 1))}" 2>/dev/null)}")
  [[ -n $found ]] && compadd -a found || _files
}
compdef _strake strake
[[ \${aliases[docker]} == *strake* ]] && compdef _strake docker
`,
  fish: `complete -c strake -a '(strake __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
functions -q docker; and string match -q '*strake*' -- (functions docker); and complete -c docker -w strake
`,
} as const
