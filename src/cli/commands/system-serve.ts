import { readFileSync } from 'node:fs'
import { StrakeError } from '#oci'
import { isSystemError } from '#platform'
import { Command } from '../arguments/command.ts'
import { collect, parseTime } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { describeRequest, surviveFailures } from './system-failures.ts'

interface Options {
  readonly host?: readonly string[]
  readonly group?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsClientCa?: string
  readonly insecure?: true
  readonly allowHost?: readonly string[]
  readonly idleTimeout?: number
}

/** `system serve`: Docker's API, for programs that speak to a socket. */
export function defineServe(context: Context): Command {
  return new Command('serve')
    .description("Serve Docker's Engine API until interrupted")
    .option(
      '-H, --host <address>',
      'unix:///PATH, tcp://ADDRESS:PORT or fd:// for sockets of systemd (can be repeated); default: docker.sock in $STRAKE_RUN',
      collect,
    )
    .option('--group <name>', 'the group that may use Unix sockets; default: docker, if it exists')
    .option('--tls-cert <file>', 'certificate of the server, in PEM', { empty: 'refused' })
    .option('--tls-key <file>', 'its key', { empty: 'refused' })
    .option('--tls-client-ca <file>', 'serve only clients whose certificate this one has signed', {
      empty: 'refused',
    })
    .option('--insecure', 'serve a loopback address without TLS: every local user is root then')
    .option(
      '--allow-host <name>',
      'accept this host name on the network (can be repeated)',
      collect,
    )
    .option('--idle-timeout <duration>', 'end after this time without work, such as 5m', parseTime)
    .notes(
      'Everyone who can write to the socket can become root on this machine.',
      'The unit strake.socket starts the server when a client connects:',
      'systemctl enable --now strake.socket',
    )
    .examples('strake system serve &', 'DOCKER_HOST=unix:///run/strake/docker.sock docker ps')
    .action(async (options: Options) => {
      const { parseApiAddress, serveEngine } = await import('#api/serve')
      const { signal } = context
      const tls = readKeys(options)
      surviveFailures(context.err)
      await using server = await serveEngine(await context.engine(), {
        addresses: options.host?.map(parseApiAddress),
        group: options.group,
        tls,
        insecure: options.insecure,
        allowedHosts: options.allowHost,
        signal,
        onFailure: (error, request) => context.err.write(describeRequest(error, request)),
      })
      context.out.write(`Serving Docker's API on ${server.addresses.join(', ')}\n`)
      await server.idle(options.idleTimeout ?? Number.POSITIVE_INFINITY, signal)
      if (signal.aborted) return
      // A client that connected at the last moment is served.
      server.stop()
      await server.idle(lastMoment, signal)
    })
}

/** In milliseconds. */
const lastMoment = 200

function readKeys({ tlsCert, tlsKey, tlsClientCa }: Options) {
  if (tlsCert === undefined && tlsKey === undefined && tlsClientCa === undefined) return undefined
  if (tlsCert === undefined || tlsKey === undefined || tlsClientCa === undefined) {
    throw new StrakeError('INVALID', 'Cannot serve with TLS: a file is missing', {
      remedy: 'give --tls-cert, --tls-key and --tls-client-ca',
    })
  }
  return {
    certificate: readPem(tlsCert),
    key: readPem(tlsKey),
    clientAuthority: readPem(tlsClientCa),
  }
}

function readPem(path: string): string {
  try {
    const text = readFileSync(path, 'latin1')
    if (text.includes('-----BEGIN ')) return text
  } catch (error) {
    if (!isSystemError(error)) throw error
    throw new StrakeError('NOT_FOUND', `Cannot read ${path}: ${error.code}`, { cause: error })
  }
  throw new StrakeError('INVALID', `Cannot use ${path}: it is no PEM file`)
}
