/** What the comments directly above say of `name`: the rest of the line that starts with it. */
export function describe(comments: readonly string[], name: string): string | undefined {
  for (const comment of comments) {
    if (comment.startsWith(`${name} `)) {
      return comment.slice(name.length + 1).trim()
    }
  }
  return undefined
}
