import { routes } from '#api'

/** Replaces the table of endpoints in docs/api.md by one of the routes. */
export function withEndpoints(text: string): string {
  const lines = text.split('\n')
  const isRow = (line: string): boolean => line.startsWith('| `')
  const first = lines.findIndex(isRow)
  const last = lines.findLastIndex(isRow)
  return [
    ...lines.slice(0, first),
    ...routes.map(({ method, path, about }) => `| \`${method}\` | \`${path}\` | ${about} |`),
    ...lines.slice(last + 1),
  ].join('\n')
}
