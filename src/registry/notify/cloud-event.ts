import { randomUUID } from 'node:crypto'
import type { RegistryEvent } from '../server/event.ts'

/** The kinds of events that a webhook may ask for. */
export const noticeKinds = ['push', 'tag', 'delete', 'pull'] as const

export type NoticeKind = (typeof noticeKinds)[number]

/**
 * An event in the form of CloudEvents 1.0.
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
 */
export interface CloudEvent {
  readonly specversion: '1.0'
  readonly id: string
  /** The address of the registry. */
  readonly source: string
  readonly type: `dev.strake.registry.${NoticeKind}`
  /** `team/app:1` or `team/app@sha256:…`. */
  readonly subject: string
  readonly time: string
  readonly datacontenttype: 'application/json'
  readonly data: NoticeData
  /** The request that caused it, if requests are traced. */
  readonly traceparent?: string | undefined
}

export interface NoticeData {
  readonly repository: string
  readonly digest?: string | undefined
  readonly mediaType?: string | undefined
  readonly tag?: string | undefined
  /** What the tag meant before. */
  readonly previous?: string | undefined
  /** Absent for an anonymous sender. */
  readonly principal?: string | undefined
}

/** An event and what webhooks choose by. */
export interface Notice {
  readonly kind: NoticeKind
  readonly repository: string
  readonly event: CloudEvent
}

/**
 * Returns what webhooks tell about an event: manifests only, because a receiver cannot use a blob
 * without its manifest. A push that moves tags is told as a push, and as a move of each tag.
 */
export function noticesOf(event: RegistryEvent, source: string): readonly Notice[] {
  const { action, kind, repository, digest, mediaType, principal, moves = [] } = event
  if (kind !== 'manifest' || repository === undefined || !isTold(action)) return []
  const about = { repository, digest, principal }
  const isTag = event.reference !== undefined && !event.reference.includes(':')
  const tag = isTag ? event.reference : undefined
  const make = (told: NoticeKind, data: NoticeData): Notice => ({
    kind: told,
    repository,
    event: {
      specversion: '1.0',
      id: randomUUID(),
      source,
      type: `dev.strake.registry.${told}`,
      subject: data.tag === undefined ? `${repository}@${digest}` : `${repository}:${data.tag}`,
      time: new Date(event.time).toISOString(),
      datacontenttype: 'application/json',
      traceparent: event.traceparent,
      data,
    },
  })
  const moved = moves.map((move) => make('tag', { ...about, ...move }))
  return action === 'tag' ? moved : [make(action, { ...about, mediaType, tag }), ...moved]
}

function isTold(action: RegistryEvent['action']): action is NoticeKind {
  return noticeKinds.some((kind) => kind === action)
}
