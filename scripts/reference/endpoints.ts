import { routes } from '#api'

/** Replaces the table of endpoints in docs/api.md by one of the routes. */
export function withEndpoints(text: string): string {
  const lines = text.split('\n')
  const isRow = (line: string): boolean => /^\| `([A-Z]+|any)` \| `\//.test(line)
  const first = lines.findIndex(isRow)
  const rows = lines.slice(first).findIndex((line) => !isRow(line))
  return [
    ...lines.slice(0, first),
    ...routes.map(({ method, path, about }) => `| \`${method}\` | \`${path}\` | ${about} |`),
    ...lines.slice(first + rows),
  ].join('\n')
}
