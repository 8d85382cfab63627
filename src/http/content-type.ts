/** Returns the media type of a body, in small letters and without parameters. */
export function contentType({ headers }: Request): string | undefined {
  const type = headers.get('Content-Type')?.split(';')[0]?.trim().toLowerCase()
  return type === undefined || type === '' ? undefined : type
}
