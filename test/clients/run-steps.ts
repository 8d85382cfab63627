import { askRaw, type RawAnswer } from './raw.ts'
import type { Step } from './requests/step.ts'
import { distinct, type Shape, shapeOf } from './shape.ts'

/** What is compared of an answer. */
export interface Answer {
  readonly status: number
  /** The headers that clients read. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Shape
}

/** The version of a path that names none. Other steps name theirs. */
const usualVersion = '/v1.51'

/** Sends the steps one after the other. The keys are `METHOD PATH`, with a number from the second on. */
export async function runSteps(
  socket: string,
  steps: readonly Step[],
): Promise<Readonly<Record<string, Answer>>> {
  const kept = new Map<string, string>()
  const answers: Record<string, Answer> = {}
  for (const step of steps) {
    const { method, headers = {}, read } = step
    const path = fill(step.path, kept)
    const body = bodyOf(step.body, kept)
    const isJson = body !== undefined && typeof step.body !== 'string' && !isBytes(step.body)
    const answer = await askRaw(socket, {
      method,
      path: /^\/(v\d|_)|^[^/]/.test(path) ? path.replace(/^_/, '') : `${usualVersion}${path}`,
      headers: { ...(isJson ? { 'Content-Type': 'application/json' } : {}), ...headers },
      ...(body === undefined ? {} : { body }),
      ...(read === undefined ? {} : { read }),
    })
    for (const [name, member] of Object.entries(step.keep ?? {})) {
      kept.set(name, keptValue(answer, member))
    }
    if (step.isSilent) {
      if (answer.status >= 400) throw new Error(`${method} ${path}: ${textOf(answer)}`)
      continue
    }
    answers[freeKey(answers, `${method} ${step.path}${bodyNote(step.body)}`)] = describe(answer)
  }
  return answers
}

function bodyNote(body: unknown): string {
  if (body === undefined) return ''
  if (isBytes(body)) return ' (bytes)'
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return ` ${text.length > 200 ? `${text.slice(0, 200)}…` : text}`
}

const fill = (text: string, kept: ReadonlyMap<string, string>): string =>
  text.replaceAll(/\{(\w+)\}/g, (whole, name: string) => kept.get(name) ?? whole)

const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array

function bodyOf(body: unknown, kept: ReadonlyMap<string, string>): string | Uint8Array | undefined {
  if (body === undefined || isBytes(body)) return body
  return fill(typeof body === 'string' ? body : JSON.stringify(body), kept)
}

function keptValue(answer: RawAnswer, member: string): string {
  const value = (JSON.parse(textOf(answer)) as Record<string, unknown>)[member]
  // The steps that use the value get an error, which is compared too.
  return typeof value === 'string' ? value : 'nosuch'
}

function freeKey(taken: Readonly<Record<string, unknown>>, key: string): string {
  if (!(key in taken)) return key
  for (let number = 2; ; number++) if (!(`${key} #${number}` in taken)) return `${key} #${number}`
}

const textOf = ({ body }: RawAnswer): string => new TextDecoder().decode(body)

const shownHeaders = [
  'allow',
  'builder-version',
  'cache-control',
  'connection',
  'content-type',
  'docker-experimental',
  'location',
  'ostype',
  'pragma',
  'swarm',
  'upgrade',
]

/** Headers of which only the presence is compared, because they hold a version or a time. */
const presentHeaders = ['api-version', 'server', 'x-docker-container-path-stat']

function describe(answer: RawAnswer): Answer {
  const { headers } = answer
  const shown = shownHeaders.flatMap((name) => {
    const value = headers.get(name)
    // The client asks for the end of the connection after most answers.
    return value === undefined || (name === 'connection' && value === 'close')
      ? []
      : [[name, value] as const]
  })
  const present = presentHeaders.filter((name) => headers.has(name)).map((name) => [name, 'there'])
  return {
    status: answer.status,
    headers: Object.fromEntries([...shown, ...present]),
    body: bodyShape(answer),
  }
}

function bodyShape(answer: RawAnswer): Shape {
  const { headers, body } = answer
  const type = headers.get('content-type') ?? ''
  if (body.length === 0) return 'nothing'
  if (body.length >= 1024 && body.includes(0)) return 'an archive'
  if (type.includes('stream')) return `text: ${readable(body)}`
  if (!type.includes('json')) return `text: ${plain(textOf(answer))}`
  const lines = textOf(answer).trim().split('\n')
  const documents = lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as unknown]
    } catch {
      return []
    }
  })
  if (documents.length !== lines.length) return `no JSON: ${plain(textOf(answer))}`
  const [only] = documents
  if (documents.length > 1) return { lines: distinct(documents.map(shapeOf)) }
  return isMessage(only) ? { message: plain(only.message) } : shapeOf(only)
}

const isMessage = (document: unknown): document is { readonly message: string } =>
  typeof document === 'object' &&
  document !== null &&
  Object.keys(document).length === 1 &&
  'message' in document &&
  typeof document.message === 'string'

/** Output by stream, in order: how a server cuts it into frames does not matter. */
function readable(body: Uint8Array): string {
  const view = Buffer.from(body)
  const parts: { readonly stream: number | undefined; text: string }[] = []
  for (let at = 0; at < view.length; ) {
    const size = view.readUInt32BE(Math.min(at + 4, view.length - 4))
    if ((view[at] ?? 9) > 2 || view[at + 1] !== 0) return plain(view.toString('utf8'))
    const text = view.subarray(at + 8, at + 8 + size).toString('utf8')
    const last = parts.at(-1)
    if (last !== undefined && last.stream === view[at]) last.text += text
    else parts.push({ stream: view[at], text })
    at += 8 + size
  }
  return plain(parts.map(({ stream, text }) => `${stream}:${text}`).join('|'))
}

/** Takes IDs, times and addresses out of a text. */
function plain(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'ID')
    .replaceAll(/\b[0-9a-f]{12}\b/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .trimEnd()
}
