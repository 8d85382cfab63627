/** A template that cannot be parsed or executed. The message has Go's words. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError'
  /** What the template had written before it failed. */
  readonly written: string

  constructor(message: string, written = '') {
    super(message)
    this.written = written
  }
}
