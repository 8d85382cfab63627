/**
 * Writes fields as `KEY=VALUE,KEY=VALUE`, the form of Docker's flags, so that fields of a message
 * are read by the code that reads flags.
 */
export function fieldsText(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([key, value]) => quoted(`${key}=${value}`))
    .join(',')
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}
