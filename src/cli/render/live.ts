import type { Output } from './output.ts'
import { displayWidth } from './text.ts'

/** The last lines of a terminal, drawn again and again in place. */
export interface LiveArea {
  /** Replaces what was drawn. Lines that would not fit on the screen are cut off above. */
  draw(lines: readonly string[]): void
  /** Replaces what was drawn by lines that stay, however many. */
  settle(lines: readonly string[]): void
}

const color = /\u001b\[[0-9;]*m/g

/**
 * A terminal cannot draw what has left its screen, so never more than a screen
 * is drawn; a window made narrower in between has broken the lines that are there.
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
