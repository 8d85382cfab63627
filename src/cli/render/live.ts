import type { Output } from './output.ts'
import { displayWidth } from './text.ts'

/** The last lines of a terminal, which are redrawn in place. */
export interface LiveArea {
  /** Replaces the drawn lines. Lines that do not fit on the screen are dropped at the top. */
  draw(lines: readonly string[]): void
  /** Replaces the drawn lines by permanent lines, of any number. */
  settle(lines: readonly string[]): void
}

const color = /\u001b\[[0-9;]*m/g

/**
 * Draws at most one screen, because a terminal cannot redraw scrolled lines. Counts
 * the rows of each line by the current width, because a narrower window wraps lines.
 */
export function liveArea(output: Output): LiveArea {
  let drawn: readonly number[] = []
  const write = (lines: readonly string[]): void => {
    const columns = Math.max(1, output.columns())
    const up = drawn.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0)
    const reachable = Math.min(up, Math.max(1, output.rows() - 1))
    const back = reachable === 0 || drawn.length === 0 ? '' : `\u001b[${reachable}F`
    output.write(`${back}${lines.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[J`)
  }
  return {
    draw(lines) {
      const shown = lines.slice(-Math.max(1, output.rows() - 1))
      write(shown)
      drawn = shown.map((line) => displayWidth(line.replaceAll(color, '')))
    },
    settle(lines) {
      write(lines)
      drawn = []
    },
  }
}
