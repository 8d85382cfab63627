/** Text of a page in which everything from outside is escaped. Only `html` makes it. */
export class Html {
  readonly #text: string

  /** `text` is part of the program, or escaped. */
  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** What a template may hold. A list is joined, and `undefined` is left out. */
export type Part = Html | string | number | undefined | readonly Part[]

/** Makes a piece of a page. Every value is escaped, except one that this function made. */
export function html(texts: TemplateStringsArray, ...values: readonly Part[]): Html {
  return new Html(texts.map((text, index) => text + render(values[index])).join(''))
}

function render(part: Part): string {
  if (part === undefined) return ''
  if (part instanceof Html) return part.toString()
  if (typeof part === 'object') return part.map(render).join('')
  return escaped(String(part))
}

const named: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/**
 * Control characters except tab and line feed, and those that change the direction of text: with
 * them, a name can look like another one.
 */
const invisible =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

function escaped(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (character) => named[character] ?? '')
    .replaceAll(invisible, (character) => {
      return `\\u{${character.charCodeAt(0).toString(16)}}`
    })
}
