/** A template that cannot be parsed or executed. The message has Go's words. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  /** What the template had written before it failed. */
  readonly written: string

  /** The template would have taken too much: it fails with any data. */
  readonly isLimit: boolean

  constructor(message: string, { written = '', isLimit = false }: TemplateErrorOptions = {}) {
    super(message)
    this.written = written
    this.isLimit = isLimit
  }
}

interface TemplateErrorOptions {
  readonly written?: string | undefined
  readonly isLimit?: boolean | undefined
}
