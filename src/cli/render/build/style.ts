/** How a terminal shows steps. A colour is the parameter of an SGR sequence; empty for none. */
export interface StepStyle {
  readonly run: string
  readonly cancel: string
  readonly error: string
  readonly warning: string
  /** Lines of the output of a running step. */
  readonly logLines: number
}

const usual: StepStyle = { run: '34', cancel: '33', error: '31', warning: '33', logLines: 6 }

/** More lines than a screen has are never drawn. */
const mostLogLines = 1000

/**
 * Reads `BUILDKIT_COLORS` (`run=blue:error=255,0,0`) and `BUILDKIT_TTY_LOG_LINES`. Ignores values
 * that it does not know, because a colour must not fail a build.
 */
export function readStepStyle(env: Readonly<Record<string, string | undefined>>): StepStyle {
  const colors: Record<string, string> = {}
  for (const field of (env['BUILDKIT_COLORS'] ?? '').split(':')) {
    const [key = '', value = '', ...rest] = field.toLowerCase().split('=')
    const color = rest.length === 0 ? colorOf(value) : undefined
    if (color !== undefined && /^(?:run|cancel|error|warning)$/.test(key)) colors[key] = color
  }
  const lines = env['BUILDKIT_TTY_LOG_LINES'] ?? ''
  const logLines = /^\d+$/.test(lines) ? Math.min(Number(lines), mostLogLines) : 0
  return { ...usual, ...colors, ...(logLines > 0 && { logLines }) }
}

const names = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white']

/** Reads a name, or red, green and blue as numbers up to 255. */
function colorOf(text: string): string | undefined {
  if (text === 'default') return '39'
  const [, light, name = ''] = /^(light-)?([a-z]+)$/.exec(text) ?? []
  const index = names.indexOf(name)
  if (index !== -1) return String((light === undefined ? 30 : 90) + index)
  const parts = text.split(',')
  if (parts.length !== 3 || !parts.every((part) => /^\d{1,3}$/.test(part))) return undefined
  if (parts.some((part) => Number(part) > 255)) return undefined
  // The colour cube of 256 colours has six values for each part.
  const [red = 0, green = 0, blue = 0] = parts.map((part) => Math.floor(Number(part) / 43))
  return `38;5;${16 + 36 * red + 6 * green + blue}`
}
