import type { Rig } from './rig.ts'

/** A measured value. */
export interface Figure {
  /** What the value counts, with its unit: `per second`, `times distribution`. */
  readonly unit: string
  readonly value: number
  /** The value must not be below. */
  readonly least?: number | undefined
  /** The value must not be above. */
  readonly most?: number | undefined
}

/** Something that is measured. */
export interface Row {
  /** Selects it on the command line. */
  readonly name: string
  /** What it measures, for readers. */
  readonly about: string
  run(rig: Rig): Promise<readonly Figure[]>
}

/** Returns a line such as `head-8: HEAD of a blob: 41000 per second (at least 40000: held)`. */
export function formatRow({ name, about }: Row, figures: readonly Figure[]): string {
  return `${name}: ${about}: ${figures.map(formatFigure).join('; ')}\n`
}

function formatFigure({ unit, value, least, most }: Figure): string {
  const text = `${formatNumber(value)} ${unit}`
  if (least === undefined && most === undefined) return text
  const held = value >= (least ?? value) && value <= (most ?? value) ? 'held' : 'MISSED'
  const bound = least === undefined ? `at most ${most}` : `at least ${least}`
  return `${text} (${bound}: ${held})`
}

function formatNumber(value: number): string {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)))
}
