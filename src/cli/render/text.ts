/** Makes text from outside safe to print: shows control characters as escapes, because a terminal would obey them. */
export function printable(text: string): string {
  return text.replaceAll(unsafe, (char) => {
    if (char === '\n') return '\\n'
    if (char === '\t') return '\\t'
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

/** Like `printable`, for text of several lines: keeps line breaks and tabs. */
export function printableText(text: string): string {
  return text.replaceAll(/[^\n\t]+/g, printable)
}

const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Colours, cursor moves and titles, as programs write them for a terminal. */
const sequence =
  /\u001b(?:\[[0-9;:?<=>]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\^_=>78])/g

/**
 * Makes one line of a program's output safe to print: removes escape sequences,
 * replaces tabs by spaces, and keeps only the last state of an overwritten line.
 */
export function printableLine(line: string): string {
  const shown = line.replace(/\r$/, '').replace(/^.*\r/s, '')
  return printable(shown.replaceAll(sequence, '').replaceAll('\t', '    '))
}

const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const invisible = /\u200b|\u200c|\u200d|\p{Mark}/u

function cellsOf(character: string): number {
  if (character < '\u0300') return 1
  if (invisible.test(character)) return 0
  return wide.test(character) ? 2 : 1
}

/** Cells that a text without escape sequences takes on a terminal. */
export function displayWidth(text: string): number {
  let cells = 0
  for (const character of text) cells += cellsOf(character)
  return cells
}

/** Cuts a text to `width` cells; a cut text ends with `mark`. */
export function fit(text: string, width: number, mark = '...'): string {
  if (displayWidth(text) <= width) return text
  let cells = mark.length
  let kept = ''
  for (const character of text) {
    cells += cellsOf(character)
    if (cells > width) break
    kept += character
  }
  return `${kept}${mark}`.slice(0, Math.max(0, width))
}
