/**
 * Completion scripts. Each script passes the words of the line to `strake __complete`, without the
 * quotes of the shell, and offers files when the program offers nothing. A script also completes
 * `docker` if that is an alias of strake when the shell reads the script.
 */
export const scripts = {
  // Bash breaks words at colons and equals signs, which occur in names, so the script splits the line itself.
  bash: `_strake_words() {
  local text="$1" quote='' word='' char i
  words=()
  for ((i = 0; i < \${#text}; i++)); do
    char="\${text:i:1}"
    case "$quote$char" in
      \\'\\' | \\"\\") quote='' ;;
      \\'* | \\"*) if [[ $quote ]]; then word+="$char"; else quote="$char"; fi ;;
      \\\\) word+="\${text:++i:1}" ;;
      ' ' | $'\\t') if [[ $word ]]; then words+=("$word"); word=''; fi ;;
      *) word+="$char" ;;
    esac
  done
  words+=("$word")
}
_strake() {
  local words last break IFS=$'\\n'
  _strake_words "\${COMP_LINE:0:COMP_POINT}"
  last="\${words[\${#words[@]}-1]}"
  COMPREPLY=($(strake __complete "\${words[@]:1}" 2>/dev/null))
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
  // Zsh reads this file as the body of \`_strake\` when a user completes for the first time.
  zsh: `#compdef strake
_strake() {
  local -a found
  found=("\${(@f)$(strake __complete "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then
    compadd -S '' -- "\${(@M)found:#*[=:]}"
    compadd -- "\${(@)found:#*[=:]}"
  else
    compset -P '--*='
    _files
  fi
}
if [[ \${funcstack[1]} == _strake ]]; then
  _strake "$@"
else
  compdef _strake strake
  [[ \${aliases[docker]} == *strake* ]] && compdef _strake docker
fi
`,
  fish: `function __strake_complete
  set -l typed (commandline -ct)
  set -l found (strake __complete (commandline -opc)[2..] $typed 2>/dev/null)
  if set -q found[1]
    printf '%s\\n' $found
    return
  end
  set -l option (string match -r '^--[^=]*=' -- $typed)
  __fish_complete_path (string replace -- "$option" '' $typed) | string replace -r '^' -- "$option"
end
complete -c strake -f -a '(__strake_complete)'
functions -q docker; and string match -q '*strake*' -- (functions docker); and complete -c docker -w strake
`,
} as const
