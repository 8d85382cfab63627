/** Parses YAML, and so JSON too. Throws `SyntaxError`. */
export function parseYaml(text: string): unknown {
  return Bun.YAML.parse(text)
}
