import type { Command, Heredoc } from './ast.ts'
import { findHeredocs } from './heredoc.ts'

/** A script that must be written to a file before the command runs. */
export interface InlineScript {
  /** Absolute path of a file in `/dev/pipes`. */
  readonly path: string
  readonly content: string
  readonly mode: 0o755
}

/**
 * Returns the script of `RUN <<EOF` if its body starts with `#!`. Then it is a file
 * to execute instead of text for the shell.
 */
export function inlineScript(command: Command): InlineScript | undefined {
  const only = onlyHeredoc(command)
  if (only === undefined || !only.content.startsWith('#!')) {
    return undefined
  }
  const name = only.name.replaceAll(/[/\0]/g, '_').replace(/^\.{1,2}$/, '_')
  return { path: `/dev/pipes/${name}`, content: only.content, mode: 0o755 }
}

/**
 * Returns the argv of a command. The exec form is not changed. The shell form becomes
 * the last argument of `shell`: the body of a single heredoc, or the text followed by
 * the bodies of its heredocs. With an `inlineScript` it is the path of that file,
 * which the shell runs as BuildKit's does.
 */
export function commandArgv(command: Command, shell: readonly string[]): readonly string[] {
  if (command.form === 'exec') {
    return command.argv
  }
  const script = inlineScript(command)
  if (script !== undefined) {
    return [...shell, script.path]
  }
  const only = onlyHeredoc(command)
  if (only !== undefined) {
    return [...shell, only.content]
  }
  const bodies = command.heredocs.map(({ content, name }) => `\n${content}${name}`)
  return [...shell, command.text + bodies.join('')]
}

/** Returns the heredoc of a command without other text. */
function onlyHeredoc(command: Command): Heredoc | undefined {
  if (command.form === 'exec' || command.heredocs.length !== 1) {
    return undefined
  }
  const [marker] = findHeredocs(command.text)
  const isAll = marker?.start === 0 && marker.end === command.text.length
  return isAll ? command.heredocs[0] : undefined
}
