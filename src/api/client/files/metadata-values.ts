import type { Metadata } from '#grpc'

/**
 * Returns a list of values as metadata. Values that a header cannot have are escaped, all of them,
 * and a second key says so.
 */
export function listMetadata(key: string, values: readonly string[]): Metadata {
  if (values.length === 0) return {}
  if (values.every((value) => /^(?:[!-~](?:[ -~]*[!-~])?)?$/.test(value))) return { [key]: values }
  return { [key]: values.map(encodeURIComponent), [`${key}-encoded`]: '1' }
}
