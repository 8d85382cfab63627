import type { Ingest } from '#content'
import type { Repository } from '../../registry.ts'
import type { Upload } from '../../store/uploads.ts'

/** Opens a repository for a sender. */
export type OpenRepository = (name: string, sender: string | undefined) => Repository

/** A session that one request uses. */
export interface UploadSession {
  readonly id: string
  readonly repository: string
  /** Bytes received so far. */
  readonly size: number
  /** Returns the ingest that receives the bytes, and opens it at the first call. About `expectedSize` bytes will come. */
  ingest(expectedSize?: number): Promise<Ingest>
  /** Ends the session and drops received bytes that are not committed. */
  end(): Promise<void>
}

/** Milliseconds by which the stored time of use may be too early. */
const usedResolution = 60_000

interface SessionActions {
  readonly forget: () => Promise<void>
  readonly put: (upload: Upload) => Promise<void>
}

export class Session implements UploadSession {
  upload: Upload
  isBusy = false
  /** Resolves when the request that uses it knows its size. */
  reopened: Promise<void> | undefined
  readonly #open: OpenRepository
  readonly #actions: SessionActions
  #notedAt: number
  #ingest: Ingest | undefined
  #closing: Promise<void> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(upload: Upload, open: OpenRepository, actions: SessionActions) {
    this.upload = upload
    this.#notedAt = upload.usedAt
    this.#open = open
    this.#actions = actions
  }

  get id(): string {
    return this.upload.id
  }

  get repository(): string {
    return this.upload.repository
  }

  get size(): number {
    return this.#ingest?.size ?? 0
  }

  get isOpen(): boolean {
    return this.#ingest !== undefined
  }

  async ingest(expectedSize?: number): Promise<Ingest> {
    await this.#closing
    if (this.#ingest !== undefined) return this.#ingest
    const { repository, sender, algorithm, ingest: id = `upload-${this.upload.id}` } = this.upload
    const options = { id, algorithm, expectedSize }
    this.#ingest = await this.#open(repository, sender).ingest(options)
    await this.#noteIngest(this.#ingest)
    return this.#ingest
  }

  /** Opens the ingest if it has bytes. Throws `CONFLICT` while another server has it open. */
  async reopen(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.upload.ingest === undefined) return
    const ingest = await this.ingest()
    await ingest.refresh?.()
  }

  async end(): Promise<void> {
    clearTimeout(this.#timer)
    const ingest = this.upload.ingest === undefined ? undefined : await this.ingest()
    this.#ingest = undefined
    try {
      await this.#actions.forget()
    } finally {
      await ingest?.abort()
    }
  }

  /** Closes the ingest and keeps its bytes for a later request. */
  async close(): Promise<void> {
    clearTimeout(this.#timer)
    const ingest = this.#ingest
    this.#ingest = undefined
    if (ingest !== undefined) {
      // PostgreSQL cannot store some characters. The client learns that the ID is not the latest one.
      const noted = this.#noteIngest(ingest).catch(() => {})
      this.#closing = noted.finally(() => ingest[Symbol.asyncDispose]())
    }
    await this.#closing
  }

  closeLater(milliseconds: number): void {
    clearTimeout(this.#timer)
    if (this.#ingest === undefined) return
    this.#timer = setTimeout(() => {
      if (!this.isBusy) this.close().catch(() => {})
    }, milliseconds)
    this.#timer.unref()
  }

  /** Stores the time of use. On a full disk the session only seems older. */
  async noteUse(usedAt: number): Promise<void> {
    this.upload = { ...this.upload, usedAt }
    if (usedAt - this.#notedAt < usedResolution) return
    this.#notedAt = usedAt
    await this.#actions.put(this.upload).catch(() => {})
  }

  /** Stores the ingest's ID, which changes with each chunk when the registry is a remote one. */
  async #noteIngest({ id }: Ingest): Promise<void> {
    if (id === this.upload.ingest) return
    const upload = { ...this.upload, ingest: id }
    await this.#actions.put(upload)
    this.upload = upload
  }
}
