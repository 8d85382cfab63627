import { expect } from 'bun:test'
import { isStrakeError } from '#oci'

/** Expects a `StrakeError` with one of `codes`. */
export async function expectCode(
  work: Promise<unknown>,
  codes: readonly string[],
): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!isStrakeError(error)) throw error ?? new Error(`expected ${codes.join(' or ')}`)
  expect(codes).toContain(error.code)
  return error.message
}
