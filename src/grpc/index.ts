export { type CallOptions, type ClientStream, GrpcClient } from './client.ts'
export { decode } from './decode.ts'
export { encode } from './encode.ts'
export type { Draft, Message, MessageTable } from './message-table.ts'
export type { Metadata, ReceivedMetadata } from './metadata.ts'
export {
  bidi,
  clientStream,
  type GrpcStream,
  type Method,
  type Rpc,
  type ServerCall,
  serverStream,
  unary,
} from './rpc.ts'
export { type GrpcConnection, type ServeGrpcOptions, serveGrpc } from './server.ts'
export { type GrpcCode, GrpcError, isGrpcError, type StatusDetail, toGrpcError } from './status.ts'
export { BytesMessage, tunnel } from './tunnel.ts'
