import { compareNaturally } from '#docker/columns/natural-order'
import { networkRow } from '#docker/columns/network-row'
import { rowTypes } from '#docker/columns/row-types'
import { networkInspectDocument } from '#docker/documents/network'
import { parseNetworkFilters } from '#docker/filters/network-filters'
import { parsePruneFilters } from '#docker/filters/prune-filters'
import { parseLabels } from '#docker/flags/label-flags'
import { parseConnection } from '#docker/flags/network-flags'
import { parseNetworkFlags } from '#docker/flags/network-options'
import { findBuiltIn } from '#engine/network/network-details'
import {
  createNetwork,
  inspectNetwork,
  listNetworks,
  removeNetwork,
} from '#engine/network/networks'
import { Command } from '../arguments/command.ts'
import { collect, parseWhole } from '../arguments/values.ts'
import type { Context } from '../context.ts'
import { forEachName } from '../each.ts'
import { formatKind, printListing } from '../format.ts'
import { printInspected } from '../inspected.ts'
import { confirmed } from '../prune.ts'
import { formatInstant } from '../render/units.ts'
import { defineExists } from './exists.ts'

export function define(context: Context): Command {
  return new Command('network')
    .description('Networks that containers join')
    .addCommand(defineConnect(context))
    .addCommand(defineCreate(context))
    .addCommand(defineDisconnect(context))
    .addCommand(
      defineExists(context, {
        kind: 'network',
        example: 'strake network exists back || strake network create back',
        exists: ({ records }, name) =>
          (records.networks.find(name) ?? findBuiltIn(name)) !== undefined,
      }),
    )
    .addCommand(defineInspect(context))
    .addCommand(defineList(context))
    .addCommand(definePrune(context))
    .addCommand(defineRemove(context))
}

interface ConnectOptions {
  readonly alias?: readonly string[]
  readonly gwPriority?: number
  readonly ip?: string
  readonly ip6?: string
  readonly driverOpt?: readonly string[]
  readonly link?: readonly string[]
  readonly linkLocalIp?: readonly string[]
}

function defineConnect(context: Context): Command {
  return new Command('connect')
    .description('Connect a container to a network, running or not')
    .argument('<network>')
    .argument('<container>')
    .option('--alias <name>', 'a further name of the container on the network', collect)
    .option('--driver-opt <key=value>', 'com.docker.network.endpoint.ifname or .sysctls', collect)
    .option('--gw-priority <number>', 'the highest one has the default route', parseWhole)
    .option('--ip <address>', 'the IPv4 address on the network')
    .option('--ip6 <address>', 'the IPv6 address on the network')
    .option('--link <container[:alias]>', 'a name that this container alone knows', collect)
    .option(
      '--link-local-ip <address>',
      'a further address, of 169.254.0.0/16 or fe80::/10',
      collect,
    )
    .examples('strake network connect --alias db back postgres')
    .action(async (network: string, container: string, options: ConnectOptions) => {
      const { alias: aliases, gwPriority: gatewayPriority, ip, ip6 } = options
      const { link: links, linkLocalIp: linkLocalIps, driverOpt: driverOptions } = options
      const addresses = { ip, ip6, linkLocalIps }
      const names = { network, aliases, links }
      const choice = parseConnection({ ...names, ...addresses, gatewayPriority, driverOptions })
      const { connectNetwork } = await import('#engine/network/connections')
      await connectNetwork(await context.engine(), container, choice)
    })
}

function defineDisconnect(context: Context): Command {
  return new Command('disconnect')
    .description('Disconnect a container from a network, running or not')
    .argument('<network>')
    .argument('<container>')
    .option('-f, --force', 'no error for a container that is not on the network')
    .examples('strake network disconnect back postgres')
    .action(async (network: string, container: string, { force }: { readonly force?: true }) => {
      const { disconnectNetwork } = await import('#engine/network/connections')
      await disconnectNetwork(await context.engine(), container, { network, force })
    })
}

interface CreateOptions {
  readonly attachable?: true
  readonly auxAddress?: readonly string[]
  readonly configFrom?: string
  readonly configOnly?: true
  readonly driver?: string
  readonly gateway?: readonly string[]
  readonly internal?: true
  readonly ipamDriver?: string
  readonly ipamOpt?: readonly string[]
  readonly ipRange?: readonly string[]
  readonly ipv4: boolean
  readonly ipv6?: boolean
  readonly label?: readonly string[]
  readonly opt?: readonly string[]
  readonly scope?: string
  readonly subnet?: readonly string[]
}

function defineCreate(context: Context): Command {
  return new Command('create')
    .description('Create a network and print its ID')
    .argument('<network>')
    .option('--attachable', 'accepted: containers can join every network')
    .option('--aux-address <name=address>', 'an address that another machine has', collect)
    .option('--config-from <network>', 'take addresses and options from a configuration network')
    .option('--config-only', 'make a configuration network, which containers cannot join')
    .option('-d, --driver <name>', 'bridge, macvlan or ipvlan; default: bridge')
    .option('--gateway <address>', 'the address of this machine', collect)
    .option('--internal', 'no route outside the network')
    .option('--ip-range <range>', 'the part of the subnet for containers', collect)
    .option('--ipam-driver <name>', 'default, the only one')
    .option(
      '--ipam-opt <key=value>',
      'an option of the address driver, which inspect shows',
      collect,
    )
    .option('--ipv4', 'IPv4 addresses; default: true', { default: true })
    .option('--ipv6', 'IPv6 addresses')
    .option('--label <key[=value]>', 'set a label', collect)
    .option(
      '-o, --opt <key=value>',
      'an option of the driver, such as com.docker.network.driver.mtu or parent',
      collect,
    )
    .option('--scope <scope>', 'local, the only one')
    .option(
      '--subnet <subnet>',
      'the addresses, such as 10.5.0.0/16 or fd00::/64; default: free ones',
      collect,
    )
    .examples(
      'strake network create back',
      'strake network create --ipv6 --subnet 10.5.0.0/16 --subnet fd00:5::/64 back',
      'strake network create -d macvlan -o parent=eth0 --subnet 192.168.1.0/24 lan',
    )
    .action(async (name: string, options: CreateOptions) => {
      const { label = [], internal: isInternal } = options
      const parsed = parseNetworkFlags({
        driver: options.driver,
        scope: options.scope,
        ipamDriver: options.ipamDriver,
        ipamOptions: options.ipamOpt,
        ipv4: options.ipv4,
        ipv6: options.ipv6,
        isAttachable: options.attachable,
        isConfigOnly: options.configOnly,
        configFrom: options.configFrom,
        subnets: options.subnet,
        gateways: options.gateway,
        ipRanges: options.ipRange,
        auxiliary: options.auxAddress,
        options: options.opt,
      })
      const request = { ...parsed, name, isInternal, labels: parseLabels(label) }
      context.out.write(`${await createNetwork(await context.engine(), request)}\n`)
    })
}

function defineInspect(context: Context): Command {
  return new Command('inspect')
    .description('Show everything known about networks, as JSON')
    .argument('<network...>')
    .option('-f, --format <format>', 'json for one line, or a Go template')
    .option('-v, --verbose', 'accepted: there is no more to show')
    .examples('strake network inspect back')
    .action(async (names: readonly string[], { format }: { readonly format?: string }) => {
      const engine = await context.engine()
      await printInspected(context, names, {
        format,
        find: async (name) => ({
          kind: 'network',
          document: networkInspectDocument(await inspectNetwork(engine, name)),
        }),
      })
    })
}

interface ListOptions {
  readonly filter?: readonly string[]
  readonly format?: string
  readonly trunc: boolean
  readonly quiet?: true
}

function defineList(context: Context): Command {
  return new Command('ls')
    .description('List networks')
    .option(
      '-f, --filter <condition>',
      'dangling=true, driver=, id=, label=KEY[=VALUE], name=PART, scope=, type=custom',
      collect,
    )
    .option('--format <format>', 'table, table TEMPLATE, json, or a Go template')
    .option('--no-trunc', 'whole IDs')
    .option('-q, --quiet', 'only IDs')
    .examples('strake network ls --filter type=custom')
    .action(async ({ filter = [], format, quiet, trunc }: ListOptions) => {
      const listed = await listNetworks(await context.engine(), parseNetworkFilters(filter))
      const networks = listed.toSorted((a, b) => compareNaturally(a.name, b.name))
      const rows = networks.map((network) => {
        const createdAt = (): string => formatInstant(new Date(network.createdAt))
        return networkRow(network, { trunc, createdAt })
      })
      if (quiet && formatKind(format) === 'usual') {
        context.out.write(rows.map(({ ID }) => `${ID}\n`).join(''))
        return
      }
      const columns = [
        { title: 'NETWORK ID', key: 'ID' },
        { title: 'NAME', key: 'Name' },
        { title: 'DRIVER', key: 'Driver' },
        { title: 'SCOPE', key: 'Scope' },
      ] as const
      const labels = networks.map((network) => network.labels)
      await printListing(context.out, { type: rowTypes.network, columns, rows, labels }, format)
    })
}

interface PruneOptions {
  readonly filter?: readonly string[]
  readonly force?: true
}

function definePrune(context: Context): Command {
  return new Command('prune')
    .description('Remove networks that no container uses')
    .option('--filter <condition>', 'until=TIME, label=KEY[=VALUE], label!=KEY[=VALUE]', collect)
    .option('-f, --force', 'do not ask')
    .examples('strake network prune')
    .action(async ({ filter = [], force }: PruneOptions) => {
      const question = 'This removes all networks that no container uses. Continue?'
      if (!(await confirmed(context, question, force === true))) return
      const options = { filter: parsePruneFilters(filter) }
      const { pruneNetworks } = await import('#engine/store/prune')
      const { networks } = await pruneNetworks(await context.engine(), options)
      if (networks.length > 0) {
        context.out.write(`${['Deleted Networks:', ...networks].join('\n')}\n\n`)
      }
    })
}

function defineRemove(context: Context): Command {
  return new Command('rm')
    .description('Remove networks on which no container runs')
    .argument('<network...>')
    .option('-f, --force', 'no error for an absent network')
    .examples('strake network rm back')
    .action(async (names: readonly string[], { force }: { readonly force?: true }) => {
      const engine = await context.engine()
      await forEachName(context, names, async (name) => {
        return (await removeNetwork(engine, name, { force })) ? name : undefined
      })
    })
}
