import { randomBytes } from 'node:crypto'
import type { Ingest } from '#content'
import { StrakeError } from '#oci'

export interface UploadLimits {
  /** Upload sessions at a time; 1,000 unless told otherwise. */
  readonly maxUploads?: number
  /** Milliseconds without activity after which an upload session is forgotten; a day. */
  readonly uploadLifetime?: number
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** An upload in progress. */
export interface UploadSession {
  readonly id: string
  readonly repository: string
  readonly ingest: Ingest
}

interface Entry extends UploadSession {
  busy: boolean
  lastUsed: number
}

/**
 * The uploads of one handler. An id is 128 random bits and valid only for the
 * repository it was made for, so it can neither be guessed nor carried over.
 * Sessions that fall silent are dropped when a new one is opened.
 */
export class UploadSessions {
  readonly #entries = new Map<string, Entry>()
  readonly #max: number
  readonly #lifetime: number
  readonly #now: () => number

  constructor(options: UploadLimits) {
    this.#max = options.maxUploads ?? 1000
    this.#lifetime = options.uploadLifetime ?? 24 * 60 * 60 * 1000
    this.#now = options.now ?? Date.now
  }

  async open(repository: string, ingest: () => Promise<Ingest>): Promise<UploadSession> {
    await this.#sweep()
    if (this.#entries.size >= this.#max) {
      throw new StrakeError('TOOMANYREQUESTS', 'Cannot start an upload: too many are in progress')
    }
    const id = randomBytes(16).toString('hex')
    const entry = { id, repository, ingest: await ingest(), busy: false, lastUsed: this.#now() }
    this.#entries.set(id, entry)
    return entry
  }

  get(repository: string, id: string): UploadSession {
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.repository !== repository) throw unknownSession()
    return entry
  }

  /** Runs `work` as the session's only writer. Throws `CONFLICT` when it has one already. */
  async use<T>(
    repository: string,
    id: string,
    work: (session: UploadSession) => Promise<T>,
  ): Promise<T> {
    this.get(repository, id)
    const entry = this.#entries.get(id)
    if (entry === undefined) throw unknownSession()
    if (entry.busy) {
      throw new StrakeError('CONFLICT', 'Cannot continue the upload: another request is writing it')
    }
    entry.busy = true
    try {
      return await work(entry)
    } finally {
      entry.busy = false
      entry.lastUsed = this.#now()
    }
  }

  /** Forgets the session; its ingest is the caller's to end. */
  close(session: UploadSession): void {
    this.#entries.delete(session.id)
  }

  async #sweep(): Promise<void> {
    const oldest = this.#now() - this.#lifetime
    for (const entry of [...this.#entries.values()]) {
      if (entry.busy || entry.lastUsed > oldest) continue
      this.#entries.delete(entry.id)
      await entry.ingest.abort()
    }
  }
}

function unknownSession(): StrakeError {
  return new StrakeError(
    'BLOB_UPLOAD_UNKNOWN',
    'Cannot continue the upload: no such upload session',
  )
}
