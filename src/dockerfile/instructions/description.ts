/** Returns the rest of the comment line directly above that starts with `name`. */
export function describe(comments: readonly string[], name: string): string | undefined {
  for (const comment of comments) {
    if (comment.startsWith(`${name} `)) {
      return comment.slice(name.length + 1).trim()
    }
  }
  return undefined
}
