import { BytesMessage, type Message } from '#grpc'

/** An entry of a tree. Its `mode` has the bits of Go's `os.FileMode`. */
export const Stat = {
  path: ['string', 1],
  mode: ['uint32', 2],
  uid: ['uint32', 3],
  gid: ['uint32', 4],
  size: ['int64', 5],
  /** Nanoseconds since 1970. */
  modTime: ['bigint', 6],
  /** The target of a symbolic link, or the first path of a file with several. */
  linkname: ['string', 7],
  devmajor: ['int64', 8],
  devminor: ['int64', 9],
  xattrs: ['bytes', 10, 'map'],
} as const
export type Stat = Message<typeof Stat>

/** The types of a packet. */
export const packetType = { stat: 0, request: 1, data: 2, end: 3, error: 4 } as const

/** A message of the exchange of files, in either direction. */
export const Packet = {
  type: ['int32', 1],
  stat: [Stat as typeof Stat, 2],
  /** The number of the entry, in the order in which the sender names them. */
  id: ['uint32', 3],
  data: ['bytes', 4],
} as const
export type Packet = Message<typeof Packet>

/** The client sends files. */
export const SyncFiles = {
  path: '/moby.filesync.v1.FileSync/DiffCopy',
  request: Packet as typeof Packet,
  response: Packet as typeof Packet,
} as const

/** The client receives files. */
export const SendFiles = {
  path: '/moby.filesync.v1.FileSend/DiffCopy',
  request: Packet as typeof Packet,
  response: Packet as typeof Packet,
} as const

/** The same method, when the client expects one file. */
export const SendFile = {
  path: '/moby.filesync.v1.FileSend/DiffCopy',
  request: BytesMessage as typeof BytesMessage,
  response: BytesMessage as typeof BytesMessage,
} as const
