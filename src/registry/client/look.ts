import { discard } from '../http/transport.ts'
import type { ApiRequest, Connection } from './connection.ts'

/** Statuses that may refuse HEAD alone, as a proxy or the storage behind a redirect does. */
export const headRefusals: readonly number[] = [400, 403, 405, 406, 501]

/** The result of `look`. */
export interface Look {
  readonly isThere: boolean
  /** Bytes; `undefined` when the registry does not report them. */
  readonly size: number | undefined
}

/**
 * Asks for something without its bytes: by HEAD, and where HEAD is refused by GET, whose
 * answer also has the reason of a refusal. Throws for a status besides 200 and `others`.
 */
export async function look(
  connection: Connection,
  request: Omit<ApiRequest, 'method'>,
  others: readonly number[],
): Promise<Look> {
  const wanted = [200, ...others]
  const head = await connection.request({ ...request, method: 'HEAD' }, [
    ...wanted,
    ...headRefusals,
  ])
  await discard(head)
  if (!headRefusals.includes(head.status)) {
    return { isThere: head.status === 200, size: wholeNumber(head.headers.get('Content-Length')) }
  }
  const headers = { ...request.headers, Range: 'bytes=0-0' }
  // 416: there is something, and it has no first byte.
  const found = [...wanted, 206, 416]
  const answer = await connection.request({ ...request, method: 'GET', headers }, found)
  await discard(answer)
  const [, size] = /\/(\d+)$/.exec(answer.headers.get('Content-Range') ?? '') ?? []
  const length = answer.status === 200 ? answer.headers.get('Content-Length') : undefined
  return { isThere: answer.status !== 404, size: wholeNumber(size ?? length) }
}

function wholeNumber(text: string | null | undefined): number | undefined {
  const number = /^\d+$/.test(text ?? '') ? Number(text) : Number.NaN
  return Number.isSafeInteger(number) ? number : undefined
}
