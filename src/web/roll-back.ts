import type { Exchange } from '#http'
import { isDigest } from '#oci'
import type { FetchHandler } from '#registry'
import { pushScope } from '#registry/auth/scope'
import { formatEndpoint } from '#registry/endpoints'
import type { Forms } from './form.ts'
import type { Place } from './place.ts'

/** What became of a form: nothing to say when it worked. */
export interface Outcome {
  readonly status: number
  readonly message?: string | undefined
}

/** A form that a browser has sent. */
export interface RollBackForm {
  readonly request: Request
  readonly exchange: Exchange
  readonly forms: Forms
  /** Returns the `Authorization` header of the sender for the API. */
  readonly authorize: (scope: string) => Promise<string | undefined>
}

/**
 * Points a tag to an earlier manifest, through the API, so that its rights, rules and logs apply.
 */
export async function rollBack(
  api: FetchHandler,
  { name, tag }: Extract<Place, { kind: 'history' }>,
  sent: RollBackForm,
): Promise<Outcome> {
  const { request, exchange, forms } = sent
  const digest = (await forms.read(request))?.get('digest') ?? ''
  if (!isDigest(digest)) {
    const message =
      'Cannot roll back: the form did not come from a page of this server; open the history again'
    return { status: 403, message }
  }
  const endpoint = formatEndpoint({ kind: 'tag-history', repository: name, tag, digest, page: {} })
  const authorization = await sent.authorize(pushScope(name))
  const response = await api(
    new Request(`${new URL(request.url).origin}${endpoint}`, {
      method: 'POST',
      headers: authorization === undefined ? {} : { Authorization: authorization },
    }),
    exchange,
  )
  if (response.ok) return { status: response.status }
  return { status: response.status, message: messageOf(await response.json()) }
}

/** Returns the sentence of an answer of the API. */
function messageOf(answer: unknown): string {
  const { errors: [first] = [] } = answer as { errors?: readonly { readonly message?: string }[] }
  return first?.message ?? 'Cannot roll back: the registry refuses it'
}
