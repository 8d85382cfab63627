import type { ClientStream, Draft, Metadata } from '#grpc'
import { isStrakeError, StrakeError } from '#oci'
import { treeCalls, writeAllNow } from '#platform'
import { giveWay } from '#stream'
import type { ClientSession } from '../client-session.ts'
import { type Packet, packetType, SyncFiles } from '../messages/files.ts'
import { type Entry, EntryChecker } from './entry.ts'
import { listMetadata } from './metadata-values.ts'
import { ReceivedTree } from './received-tree.ts'

/** What a client is asked to send. */
export interface FilesRequest {
  /** The name of the directory, which the client has given it. */
  readonly name: string
  /** Where the files are put. What is there from an earlier call and did not change stays. */
  readonly directory: string
  /** Only these paths, with wildcards, and what their links lead to. Default: all. */
  readonly paths?: readonly string[] | undefined
  /** Only what these patterns select. */
  readonly include?: readonly string[] | undefined
  /** Patterns of an ignore file. */
  readonly exclude?: readonly string[] | undefined
  /** Called with the number of bytes that were received until now. */
  readonly onProgress?: ((bytes: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** The files that are there after a transfer. */
export interface ReceivedFiles {
  /** Bytes of all files, also of those that were there already. */
  readonly size: number
}

/** Bytes of all files together. */
const mostBytes = 2 ** 40

/** Packets after which other work of the process has its turn. */
const packetsPerTurn = 256

/** Packets between two reports of progress. */
const packetsPerReport = 64

/** Files that a client may send at the same time. Clients in Go send four. */
const mostOpen = 64

/**
 * Receives files of a directory of the client. The client names every entry, and sends the contents
 * of those that are asked for. Throws `INVALID` for entries that a tree cannot have, `GrpcError` for
 * what the client refuses.
 */
export async function receiveFiles(
  session: ClientSession,
  request: FilesRequest,
): Promise<ReceivedFiles> {
  const { name, directory, signal } = request
  session.require(SyncFiles.path, 'files')
  const metadata: Metadata = {
    ...listMetadata('dir-name', [name]),
    ...listMetadata('followpaths', request.paths ?? []),
    ...listMetadata('include-patterns', request.include ?? []),
    ...listMetadata('exclude-patterns', request.exclude ?? []),
  }
  using tree = new ReceivedTree(directory)
  const stream = session.client.open(SyncFiles, { metadata, signal })
  using transfer = new Transfer(tree, stream, request)
  const packets = stream[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await packets.next()
      if (done === true) break
      transfer.take(value)
      // Reading a packet that has arrived already gives no other work its turn.
      if (transfer.packets % packetsPerTurn === 0) await giveWay(signal)
    }
  } catch (error) {
    // After the last packet the client may end the call in any way.
    if (transfer.isOver) return transfer.files
    if (isStrakeError(error)) await refuse(stream, packets, error)
    stream.cancel()
    throw error
  }
  if (!transfer.isOver) throw broken('the client has ended the transfer before its end')
  return transfer.files
}

/** Milliseconds that a client has to end a transfer that was refused. */
const patience = 1_000

/** Tells the client why its files are not taken, and reads on until it knows that. */
async function refuse(
  stream: ClientStream<Packet, Draft<typeof Packet>>,
  packets: AsyncIterator<Packet>,
  { message }: Error,
): Promise<void> {
  const timer = setTimeout(stream.cancel, patience)
  try {
    await stream.send({ type: packetType.error, data: new TextEncoder().encode(message) })
    stream.end()
    while ((await packets.next()).done !== true);
  } catch {
    // The caller throws its own error, so a failure of this end changes nothing.
  } finally {
    clearTimeout(timer)
  }
}

/** A file whose contents are on their way. */
interface OpenFile {
  readonly fd: number
  readonly entry: Entry
}

/** One transfer, packet by packet. */
class Transfer implements Disposable {
  readonly #tree: ReceivedTree
  readonly #stream: ClientStream<Packet, Draft<typeof Packet>>
  readonly #request: FilesRequest
  readonly #checker = new EntryChecker()
  /** Files that were asked for and whose contents have not begun, by their number. */
  readonly #wanted = new Map<number, Entry>()
  readonly #open = new Map<number, OpenFile>()
  readonly #links: Entry[] = []
  readonly #questions: number[] = []
  #isAsking = false
  #count = 0
  #bytes = 0
  #size = 0
  #isListed = false
  /** Everything is there. The last packets of both sides may still be on their way. */
  isOver = false
  /** How many were taken. */
  packets = 0

  constructor(
    tree: ReceivedTree,
    stream: ClientStream<Packet, Draft<typeof Packet>>,
    request: FilesRequest,
  ) {
    this.#tree = tree
    this.#stream = stream
    this.#request = request
  }

  get files(): ReceivedFiles {
    return { size: this.#size }
  }

  take({ type, stat, id, data }: Packet): void {
    this.#bytes += data.length + (stat?.path.length ?? 0)
    if (this.#bytes > mostBytes) throw broken('its files are too large')
    if (++this.packets % packetsPerReport === 0) this.#request.onProgress?.(this.#bytes)
    if (type === packetType.data) this.#takeData(id, data)
    else if (type === packetType.stat) {
      if (stat !== undefined) this.#takeEntry(this.#checker.check(stat))
      else this.#isListed = true
    } else if (type === packetType.error) {
      throw broken(`the client cannot send them: ${new TextDecoder().decode(data).slice(0, 1000)}`)
    } else if (type === packetType.end && this.isOver) this.#stream.end()
    const isComplete = this.#isListed && this.#wanted.size === 0 && this.#open.size === 0
    if (isComplete && !this.isOver) this.#complete()
  }

  [Symbol.dispose](): void {
    for (const { fd } of this.#open.values()) treeCalls.closeDescriptor(fd)
    this.#open.clear()
    this.#questions.length = 0
  }

  #takeEntry(entry: Entry): void {
    if (this.#isListed) throw broken('the client named a file after the end of its list')
    const id = this.#count
    this.#count++
    if (entry.type === 'file') this.#size += entry.size
    if (entry.type !== 'file') this.#tree.make(entry)
    else if (entry.link !== '') this.#links.push(entry)
    else if (!this.#tree.keeps(entry)) {
      this.#wanted.set(id, entry)
      this.#questions.push(id)
      void this.#ask()
    }
  }

  /** Asks for files while packets are read: waiting here would block both sides. */
  async #ask(): Promise<void> {
    if (this.#isAsking) return
    this.#isAsking = true
    for (let at = 0; at < this.#questions.length; at++) {
      try {
        await this.#stream.send({ type: packetType.request, id: this.#questions[at] })
      } catch {
        // The reader of packets sees the end of the call too.
        return
      }
    }
    this.#questions.length = 0
    this.#isAsking = false
  }

  #takeData(id: number, data: Uint8Array): void {
    const file = this.#open.get(id) ?? this.#begin(id)
    if (data.length > 0) {
      writeAllNow(file.fd, data)
      return
    }
    this.#open.delete(id)
    this.#tree.finishFile(file.fd, file.entry)
  }

  #begin(id: number): OpenFile {
    const entry = this.#wanted.get(id)
    if (entry === undefined) throw broken('the client sent a file that it was not asked for')
    if (this.#open.size === mostOpen) throw broken('the client sends too many files at once')
    this.#wanted.delete(id)
    const file = { fd: this.#tree.createFile(entry), entry }
    this.#open.set(id, file)
    return file
  }

  #complete(): void {
    for (const entry of this.#links) this.#tree.link(entry)
    this.#links.length = 0
    this.#tree.finish()
    this.isOver = true
    this.#request.onProgress?.(this.#bytes)
    void this.#stream.send({ type: packetType.end }).catch(() => {})
  }
}

function broken(reason: string): StrakeError {
  return new StrakeError('INVALID', `Cannot receive files of the client: ${reason}`)
}
