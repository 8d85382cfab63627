import type { Annotations } from '#oci'
import { type Html, html } from '../html.ts'

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']

export function size(bytes: number | undefined): string {
  if (bytes === undefined) return '–'
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit += 1
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1
  return `${value.toFixed(digits)} ${units[unit]}`
}

/** Shows a time to the minute. What is no time, such as a text from an image, is shown as it is. */
export function time(value: number | string | undefined): Html | string {
  if (value === undefined) return '–'
  const date = new Date(value)
  if (Number.isNaN(date.getTime())) return String(value)
  const iso = date.toISOString()
  return html`<time datetime="${iso}">${iso.slice(0, 16).replace('T', ' ')} UTC</time>`
}

/** `1 tag`, `2 tags` */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Shows the beginning of a digest. */
export function shortDigest(digest: string): Html {
  const [algorithm = '', hex = ''] = digest.split(':')
  const prefix = algorithm === 'sha256' ? '' : `${algorithm}:`
  return html`<code title="${digest}">${prefix}${hex.slice(0, 12)}</code>`
}

/** Shows a table of names and values, or nothing. */
export function pairs(title: string, values: Annotations | undefined): Html | undefined {
  const entries = Object.entries(values ?? {})
  if (entries.length === 0) return undefined
  return html`<section><h2>${title}</h2><dl>${entries.map(
    ([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`,
  )}</dl></section>`
}

/** A table that scrolls by itself when it is too wide, also by the keyboard. */
export function table(label: string, columns: readonly string[], rows: readonly Html[]): Html {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table>
<thead><tr>${columns.map(heading)}</tr></thead>
<tbody>${rows}</tbody></table></div>`
}

const numbers = ['Size', '#', 'Used', 'Limit']

function heading(column: string): Html {
  if (!numbers.includes(column)) return html`<th scope="col">${column}</th>`
  return html`<th scope="col" class="number">${column}</th>`
}
